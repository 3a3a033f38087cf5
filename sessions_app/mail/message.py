"""One message: who, when, in answer to what, and its text (RFC 5322, 2045, 3676)."""

from __future__ import annotations

import email
import email.message
import email.utils
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header
from email.policy import compat32

from sessions_app.mail.mbox import MAX_MESSAGE

#: Characters of a header that are kept, parts that are looked at, references.
MAX_HEADER = 1000
MAX_PARTS = 200
MAX_REFERENCES = 100
_DEEPEST = 20
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"\s+")
#: Text that is shown although it came as an attachment.
_PATCH_TYPES = ("text/x-patch", "text/x-diff", "text/plain", "application/x-patch")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a header."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is shown. body has ``\\n`` at the ends of lines."""

    message_id: str
    """Without brackets; made up of the content where the header is missing."""
    subject: str
    author: Person
    date: datetime | None
    in_reply_to: str
    references: tuple[str, ...]
    """Oldest first."""
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    body: str
    raw: bytes
    change_id: str = ""
    problems: list[str] = field(default_factory=list)
    """What could not be understood, in words."""


def parse_message(raw: bytes) -> Message:
    """Never fails: what is wrong stands in problems."""
    problems: list[str] = []
    head = raw
    if len(raw) > MAX_MESSAGE:
        problems.append(
            f"{len(raw)} bytes; text beyond {MAX_MESSAGE} is not shown, see the raw text"
        )
        head = raw[:MAX_MESSAGE]
    try:
        parsed = email.message_from_bytes(head, policy=compat32)
        body = _body(parsed, problems)
    except (
        RecursionError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        problems.append(f"the structure is broken ({type(error).__name__})")
        parsed, body = email.message.Message(), _decoded(head, "utf-8", problems)
    return Message(
        message_id=_message_id(parsed, raw, problems),
        subject=header(parsed, "Subject"),
        author=_author(parsed, problems),
        date=_date(parsed, problems),
        in_reply_to=next(iter(_ids(parsed, "In-Reply-To")), ""),
        references=tuple(_ids(parsed, "References"))[-MAX_REFERENCES:],
        to=_people(parsed, "To"),
        cc=_people(parsed, "Cc"),
        body=body,
        raw=raw,
        change_id=header(parsed, "Change-Id"),
        problems=problems,
    )


def header(parsed: email.message.Message, name: str) -> str:
    """A header as one line of text: encoded words and 8-bit bytes decoded."""
    found = _raw_headers(parsed, name)
    text = "".join(_words(found[0])) if found else ""
    return _CONTROL.sub("", _SPACES.sub(" ", text)).strip()[:MAX_HEADER]


def _raw_headers(parsed: email.message.Message, name: str) -> list[str]:
    """As they came. Message.get would replace 8-bit bytes; they mean UTF-8, or failing
    that latin-1."""
    return [
        _eight_bit(str(value))
        for key, value in parsed.raw_items()
        if key.lower() == name.lower()
    ]


def _eight_bit(value: str) -> str:
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _words(value: str) -> Iterator[str]:
    try:
        pieces = decode_header(value)
    except (ValueError, email.errors.MessageError):
        yield value
        return
    for piece, charset in pieces:
        if isinstance(piece, str):
            yield piece
            continue
        try:
            yield piece.decode(charset or "ascii", "replace")
        except LookupError:
            yield piece.decode("latin-1")


def _message_id(parsed: email.message.Message, raw: bytes, problems: list[str]) -> str:
    found = _MESSAGE_ID.search("".join(_raw_headers(parsed, "Message-ID")[:1]))
    if found is not None:
        return _CONTROL.sub("", found[1])
    problems.append("no Message-ID; one was made of the content")
    return f"{hashlib.sha256(raw).hexdigest()[:32]}@no.message.id"


def _ids(parsed: email.message.Message, name: str) -> list[str]:
    return _MESSAGE_ID.findall("".join(_raw_headers(parsed, name)[:1])[: 64 << 10])


def _author(parsed: email.message.Message, problems: list[str]) -> Person:
    people = _people(parsed, "From")
    if people:
        return people[0]
    problems.append("no From header")
    return Person("", "unknown")


def _people(parsed: email.message.Message, name: str) -> tuple[Person, ...]:
    values = [_CONTROL.sub("", " ".join(v.split())) for v in _raw_headers(parsed, name)]
    found = email.utils.getaddresses([value[: 16 << 10] for value in values])
    return tuple(
        Person(_SPACES.sub(" ", "".join(_words(shown))).strip()[:200], address[:250])
        for shown, address in found[:200]
        if address
    )


def _date(parsed: email.message.Message, problems: list[str]) -> datetime | None:
    text = "".join(_raw_headers(parsed, "Date")[:1])
    try:
        found = email.utils.parsedate_to_datetime(text[:200])
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        problems.append("no date that makes sense")
        return None


# The text.


def _body(parsed: email.message.Message, problems: list[str]) -> str:
    shown: list[str] = []
    left_out = 0
    for number, part in enumerate(_leaves(parsed, 0)):
        if number == MAX_PARTS:
            problems.append(f"more than {MAX_PARTS} parts; the others are not shown")
            break
        if part.get_content_type() not in _PATCH_TYPES:
            left_out += 1
            continue
        text = _text(part, problems)
        shown.append(text if text.endswith("\n") or not text else f"{text}\n")
    if left_out:
        problems.append(f"{left_out} parts that are no plain text are not shown")
    return "".join(shown)


def _leaves(part: email.message.Message, depth: int) -> Iterator[email.message.Message]:
    payload = part.get_payload()
    if not isinstance(payload, list):
        yield part
        return
    if depth == _DEEPEST:
        return
    for child in payload:
        if isinstance(child, email.message.Message):
            yield from _leaves(child, depth + 1)


def _text(part: email.message.Message, problems: list[str]) -> str:
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    text = _decoded(raw, part.get_content_charset() or "utf-8", problems)
    if str(part.get_param("format", "")).lower() == "flowed":
        return _unflowed(text, str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _decoded(raw: bytes, charset: str, problems: list[str]) -> str:
    try:
        text = raw.decode(charset)
    except (LookupError, ValueError):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            problems.append(f"text is not {charset:.40}; read as latin-1")
            text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


def _unflowed(text: str, delsp: bool) -> str:
    """Soft line breaks joined within one depth of quoting (RFC 3676, 4.2)."""
    out: list[tuple[str, str]] = []
    soft = False
    for line in text.split("\n"):
        quotes = line[: len(line) - len(line.lstrip(">"))]
        rest = line[len(quotes) :].removeprefix(" ")
        if soft and out and out[-1][0] == quotes:
            before = out[-1][1]
            out[-1] = (quotes, (before[:-1] if delsp else before) + rest)
        else:
            out.append((quotes, rest))
        soft = rest.endswith(" ") and rest != "-- "
    return "\n".join(f"{q} {t}" if q else t for q, t in out)
