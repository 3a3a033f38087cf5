"""A review as a plain-text reply: quoted, trimmed, 72 columns (RFC 5322, 3676).

What is written here is handed to a person; nothing is sent.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

from sessions_app.mail.message import Message, Person

WIDTH = 72
#: Lines of the parent that stand before the line a remark speaks of.
CONTEXT = 6
MAX_CC = 100
_ELIDED = "> [...]"
#: Text that is no paragraph and keeps its lines.
_KEPT = ("    ", "\t", ">", "- ", "* ", "|", "#", "```", "http://", "https://")


@dataclass(frozen=True, slots=True)
class Said:
    """A remark to be sent. at: line of the parent's body from 1, 0 for the whole."""

    text: str
    at: int = 0
    first: int = 0
    """First line of a range; 0: some lines of context are taken."""
    links: tuple[str, ...] = ()
    """Evidence: each stands on a line of its own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Who answers, when, under which id."""

    author: Person
    date: datetime
    message_id: str


def reply_to(
    parent: Message, reply: Reply, remarks: Sequence[Said], closing: str = ""
) -> bytes:
    """The message as a file for git send-email, lines ended by ``\\n``. closing: trailers,
    such as a Tested-by block."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = _address(reply.author)
    made["To"] = _address(parent.author)
    cc = _others(parent, reply.author)
    if cc:
        made["Cc"] = [_address(person) for person in cc]
    made["Subject"] = _subject(parent.subject)
    made["Date"] = reply.date
    made["Message-ID"] = f"<{reply.message_id}>"
    made["In-Reply-To"] = f"<{parent.message_id}>"
    made["References"] = " ".join(f"<{each}>" for each in _references(parent))
    made.set_content(reply_text(parent, remarks, closing), charset="utf-8", cte="8bit")
    return made.as_bytes()


_POLICY: EmailPolicy[EmailMessage] = SMTP.clone(
    linesep="\n", utf8=False, cte_type="8bit", max_line_length=900
)


def reply_text(parent: Message, remarks: Sequence[Said], closing: str = "") -> str:
    """The body: attribution, then stretches of the parent with remarks under them."""
    lines = parent.body.split("\n")
    above = [said for said in remarks if not _is_inside(said, lines)]
    inside = sorted(
        (said for said in remarks if _is_inside(said, lines)), key=lambda said: said.at
    )
    out: list[str] = []
    for said in above:
        out += [*_paragraphs(said), ""]
    out.append(_attribution(parent))
    told = 0
    for said in inside:
        start = max(_start(said, lines), told + 1)
        if start > told + 1:
            out.append(_ELIDED)
        out += [_quoted(line) for line in lines[start - 1 : said.at]]
        out += ["", *_paragraphs(said), ""]
        told = max(told, said.at)
    if closing:
        out += ["", closing.strip("\n")]
    return "\n".join(out).strip("\n") + "\n"


def _is_inside(said: Said, lines: Sequence[str]) -> bool:
    return 0 < said.at <= len(lines)


def _start(said: Said, lines: Sequence[str]) -> int:
    """The first quoted line: of the range, else some before, not beyond the hunk."""
    if 0 < said.first <= said.at:
        return said.first
    start = max(1, said.at - CONTEXT)
    for at in range(said.at, start - 1, -1):
        if lines[at - 1].startswith(("@@ ", "diff --git ")):
            return at
    return start


def _quoted(line: str) -> str:
    return f"> {line}".rstrip()


def _attribution(parent: Message) -> str:
    who = parent.author.name or parent.author.address
    if parent.date is None:
        return f"{who} wrote:"
    return f"On {parent.date:%a, %d %b %Y %H:%M:%S %z}, {who} wrote:"


def _paragraphs(said: Said) -> list[str]:
    """Wrapped at 72 columns; code, lists, quotes and links keep their lines."""
    out: list[str] = []
    code = False
    for block in said.text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        if code or any(line.startswith(_KEPT) for line in lines):
            out += [line.rstrip() for line in lines]
            code ^= sum(line.startswith("```") for line in lines) % 2 == 1
        else:
            out += textwrap.wrap(
                " ".join(lines),
                WIDTH,
                break_long_words=False,
                break_on_hyphens=False,
            )
        out.append("")
    if said.links:
        out += said.links
    elif out:
        out.pop()
    return out


def _subject(text: str) -> str:
    plain = " ".join(text.split())
    return plain if plain.lower().startswith("re:") else f"Re: {plain}"


def _references(parent: Message) -> list[str]:
    """RFC 5322, 3.6.4: the parent's, then the parent. The first stays whatever is cut."""
    before = list(parent.references)
    if not before and parent.in_reply_to:
        before = [parent.in_reply_to]
    before = [each for each in before if each != parent.message_id]
    return [*before[:1], *before[1:][-20:], parent.message_id]


def _others(parent: Message, author: Person) -> list[Person]:
    left_out = {author.address.lower(), parent.author.address.lower()}
    found: dict[str, Person] = {}
    for person in (*parent.to, *parent.cc):
        address = person.address.lower()
        if address not in left_out and _can_be_written(person):
            found.setdefault(address, person)
    return list(found.values())[:MAX_CC]


def _can_be_written(person: Person) -> bool:
    local, at, domain = person.address.rpartition("@")
    return bool(local and at and domain) and person.address.isascii()


def _address(person: Person) -> Address | str:
    try:
        return Address(person.name, addr_spec=person.address)
    except (ValueError, IndexError, MessageError):
        # An address that nobody could write to: its words stand in the name.
        return Address(f"{person.name} {person.address}".strip(), "unknown", "invalid")


def evidence_block(author: Person, lines: Sequence[tuple[str, str, str]]) -> str:
    """A block for the end of a mail: what ran on which kernel, its digest, its link.

    lines: (what, digest, link).
    """
    out = [f"Tested-by: {author}"]
    for what, digest, link in lines:
        out += [f"  {what}", f"    digest {digest}", f"    {link}"]
    return "\n".join(out)
