"""Which line of which source file an instruction came from (DWARF 5, section 6.2).

Read with pyelftools, in a limited child: the tables of an uploaded file are hostile input.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

#: Rows that are kept, and characters of all file names.
MAX_ROWS = 50_000
MAX_NAMES = 64 << 10
#: Files of version 5 are numbered from 0, of earlier ones from 1.
_FIRST_FILE = {5: 0}
_DAMAGED = (
    ELFError,
    DWARFError,
    ConstructError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

Row = tuple[int, int, int]
"""Address, index of the file, line; line 0 ends a stretch."""


def line_rows(data: bytes) -> tuple[list[str], list[Row]]:
    """File names and rows by address; nothing for a file without tables, and as far as
    they make sense for one that is damaged."""
    names: dict[str, int] = {}
    rows: list[Row] = []
    try:
        for address, name, line in _lines(data):
            if name not in names and sum(map(len, names)) + len(name) > MAX_NAMES:
                break
            rows.append((address, names.setdefault(name, len(names)), line))
            if len(rows) == MAX_ROWS:
                break
    except _DAMAGED:
        pass  # what was read until here is still right
    return list(names), _in_order(rows)


def _in_order(rows: list[Row]) -> list[Row]:
    """By address. Of several rows at one the last counts, as it does for addr2line; where
    one stretch ends and another begins, the beginning."""
    found: dict[int, Row] = {}
    for row in sorted(rows, key=lambda row: row[0]):
        known = found.get(row[0])
        if known is None or row[2]:
            found[row[0]] = row
    return list(found.values())


def _lines(data: bytes) -> Iterator[tuple[int, str, int]]:
    elf = ELFFile(io.BytesIO(data))
    if not elf.has_dwarf_info():
        return
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        files = program["file_entry"]
        first = _FIRST_FILE.get(program["version"], 1)
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            ends = bool(state.end_sequence)
            name = "" if ends else _name(files[state.file - first])
            yield int(state.address), name, 0 if ends else int(state.line)


def _name(entry: Any) -> str:
    text = bytes(entry.name).decode("utf-8", "replace")
    return text.rpartition("/")[2]
