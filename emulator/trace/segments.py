"""Where the bytes of a stored image lie in memory, for reading code beside a trace.

Only program headers are read, with every bound checked; loading for a run is the
loader's work and happens in the child.
"""

from __future__ import annotations

import struct

from emulator.trace.disasm import Segment

_ELF_MAGIC = b"\x7fELF\x02\x01"
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_PT_LOAD = 1
_MAX_HEADERS = 64


def elf_segments(data: bytes) -> list[Segment]:
    """The loadable segments of a static ELF64; empty for anything else."""
    if len(data) < 64 or not data.startswith(_ELF_MAGIC):
        return []
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size < _PROGRAM_HEADER.size:
        return []
    out = []
    for index in range(min(count, _MAX_HEADERS)):
        at = offset + index * size
        if at + _PROGRAM_HEADER.size > len(data):
            break
        kind, _, start, address, _, length, _, _ = _PROGRAM_HEADER.unpack_from(data, at)
        if kind == _PT_LOAD and length and start < len(data):
            out.append(Segment(address, data[start : start + length]))
    return out


def elf_entry(data: bytes) -> int | None:
    """The entry address in the ELF header, or None for anything else."""
    if len(data) < 64 or not data.startswith(_ELF_MAGIC):
        return None
    return int(struct.unpack_from("<Q", data, 24)[0])
