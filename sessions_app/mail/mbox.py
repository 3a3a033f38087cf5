"""A file of messages, one by one: mbox (any dialect), a single message, gzip of either."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator

from sessions_app.errors import InvalidMail

#: Bytes of a file after unpacking, of one message, and messages of a file.
MAX_FILE = 64 << 20
MAX_MESSAGE = 8 << 20
MAX_MESSAGES = 5000

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
#: ``From sender date``, or the line of git format-patch.
_ENVELOPE = re.compile(
    rb"^From (?:[0-9a-f]{40}|\S+@?\S*) .{0,60}\d{4}\s*$|^From mboxrd@z .*$",
    re.MULTILINE,
)
#: mboxrd quotes an envelope line inside a body once more.
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def split_mbox(data: bytes) -> list[bytes]:
    """The messages in a file, without envelope lines, in its order. Raises InvalidMail:
    empty, too large, too many, or a damaged archive."""
    data = _unpacked(data)
    if not data.strip():
        raise InvalidMail("the file is empty", allowed="an mbox, a patch or a message")
    found: list[bytes] = []
    for message in _messages(data.replace(b"\r\n", b"\n")):
        if len(found) == MAX_MESSAGES:
            raise InvalidMail(
                f"more than {MAX_MESSAGES} messages", allowed=f"at most {MAX_MESSAGES}"
            )
        found.append(message)
    return found


def _messages(data: bytes) -> Iterator[bytes]:
    starts = [m.start() for m in _ENVELOPE.finditer(data) if _begins(data, m.start())]
    if not starts or data[: starts[0]].strip():
        starts = [0, *starts] if starts else [0]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        message = data[start:end]
        if message.startswith(b"From "):
            message = message.partition(b"\n")[2]
        yield _QUOTED.sub(rb"\1", message)


def _begins(data: bytes, at: int) -> bool:
    """An envelope line stands first or behind an empty line, and a header follows."""
    if at and not data[:at].endswith(b"\n\n") and data[at - 2 : at] != b"\n\n":
        return False
    line = data[at : at + 4096].partition(b"\n")[2].partition(b"\n")[0]
    return re.match(rb"[!-9;-~]+:", line) is not None


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        if len(data) > MAX_FILE:
            raise _too_large()
        return data
    out = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            while part := packed.read(_CHUNK):
                out += part
                if len(out) > MAX_FILE:
                    raise _too_large()
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidMail(
            f"the gzip file is damaged: {error}", allowed="a whole gzip file"
        ) from error
    return bytes(out)


def _too_large() -> InvalidMail:
    allowed = f"at most {MAX_FILE >> 20} MiB"
    return InvalidMail("the file is too large when unpacked", allowed=allowed)
