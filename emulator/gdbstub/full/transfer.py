"""qXfer: documents about the target, in pieces.

::

    qXfer:object:read:annex:offset,length     reply: m piece, or l last piece
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.gdbstub.full import documents
from emulator.gdbstub.full.session import PACKET_SIZE, Family, FullSession
from emulator.gdbstub.full.threads import all_threads
from emulator.gdbstub.hexadecimal import Reader, malformed
from emulator.gdbstub.packet import escape
from emulator.gdbstub.replies import ENOENT, Data, Error, Reply, Unsupported
from emulator.gdbstub.target import StubTarget

_TARGET_XML = b"target.xml"
#: The letter, then at worst an escape before every byte.
_LONGEST_PIECE = (PACKET_SIZE - 1) // 2


@dataclass(frozen=True, slots=True)
class _Document:
    """One object of qXfer."""

    text: Callable[[StubTarget], str | None]
    """None when the target has none."""
    annex: bytes | None = b""
    """The only one there is; None for any."""


def _features(target: StubTarget) -> str | None:
    registers = target.registers
    return documents.target_description(registers.names) if registers else None


def _threads(target: StubTarget) -> str | None:
    return documents.threads(all_threads(target.threads))


def _memory_map(target: StubTarget) -> str | None:
    regions = target.surroundings.memory_map() if target.surroundings else None
    return None if regions is None else documents.memory_map(regions)


def _exec_file(target: StubTarget) -> str | None:
    return target.surroundings.exec_file() if target.surroundings else None


_DOCUMENTS: Mapping[bytes, _Document] = {
    b"features": _Document(_features, _TARGET_XML),
    b"threads": _Document(_threads),
    b"memory-map": _Document(_memory_map),
    # The annex is a process, and there is one.
    b"exec-file": _Document(_exec_file, annex=None),
}


def _read(session: FullSession, text: bytes) -> Reply:
    _, *fields = text.split(b":", 4)
    if len(fields) != 4:
        raise malformed("object:read:annex:offset,length expected")
    name, operation, annex, place = fields
    document = _DOCUMENTS.get(name)
    content = document.text(session.target) if document else None
    if document is None or content is None or operation != b"read":
        return Unsupported()
    if document.annex not in (None, annex):
        return Error(ENOENT, "no such annex")
    return _piece(content.encode(errors="replace"), place)


def _piece(content: bytes, place: bytes) -> Reply:
    reader = Reader(place)
    offset = reader.number()
    reader.expect(b",")
    length = min(reader.number(), _LONGEST_PIECE)
    reader.end()
    if offset > len(content):
        raise malformed("offset behind the end")
    last = offset + length >= len(content)
    return Data((b"l" if last else b"m") + escape(content[offset : offset + length]))


def _announced(target: StubTarget) -> list[str]:
    return [
        f"qXfer:{name.decode()}:read+"
        for name, document in _DOCUMENTS.items()
        if document.text(target) is not None
    ]


TRANSFER = Family({b"qXfer": _read}, _announced)
