"""Names of symbols are somebody's too: a file says no more than it is long."""

from __future__ import annotations

import struct

from emulator.programs.elf import load_elf
from emulator.programs.job import MAX_NAMES, handle
from emulator.programs.symtab import MAX_NAME
from emulator.tests.programs.elf_files import ElfFile

SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")


def with_symbols(names: bytes, places: list[int]) -> bytes:
    """A program whose symbols have their names at these places of the string table."""
    plain = ElfFile().pack()
    table = b"".join(SYM.pack(at, 1 << 4, 0, 1, 0x401000, 0) for at in places)
    names_at = len(plain)
    table_at = names_at + len(names)
    headers = SHDR.pack(0, 2, 0, 0, table_at, len(table), 1, 0, 8, SYM.size)
    headers += SHDR.pack(0, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    data = bytearray(plain + names + table + headers)
    struct.pack_into("<Q", data, 40, table_at + len(table))
    struct.pack_into("<HHH", data, 58, SHDR.size, 2, 0)
    return bytes(data)


def test_a_name_that_is_too_long_is_left_out() -> None:
    data = with_symbols(b"\0short\0" + b"x" * (MAX_NAME + 1) + b"\0", [1, 7])

    assert list(load_elf(data).symbols) == ["short"]


def test_many_names_that_share_their_bytes_do_not_swell_the_answer() -> None:
    data = with_symbols(b"x" * MAX_NAME + b"\0", list(range(1, MAX_NAME)))

    answer, _ = handle({"job": "elf"}, data)

    assert sum(len(s["name"]) for s in answer["symbols"]) <= MAX_NAMES
