"""The symbol table of an ELF64 image: names of functions, objects and labels."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from emulator.errors import ImageError
from emulator.programs.image import Symbol, SymbolKind

MAX_SYMBOLS = 500_000
MAX_SECTIONS = 10_000
MAX_NAME = 4096
"""Bytes of a name; a longer one cannot be typed either. Names may share their bytes."""

_SHDR = struct.Struct("<IIQQQQIIQQ")
_SYM = struct.Struct("<IBBHQQ")
_SHT_SYMTAB, _SHT_STRTAB = 2, 3
_SHN_UNDEF, _SHN_ABS, _SHN_COMMON = 0, 0xFFF1, 0xFFF2
_LOCAL = 0
_KINDS = {0: SymbolKind.notype, 1: SymbolKind.object, 2: SymbolKind.func}


def read_symbols(
    data: bytes, offset: int, count: int, entry_size: int
) -> dict[str, Symbol]:
    """Symbols by name from the section headers at offset; empty for a stripped image.

    Where one name stands several times, a global symbol wins over a local one, then
    the first over later ones.
    """
    if not offset or not count:
        return {}
    if entry_size != _SHDR.size:
        raise ImageError(f"{entry_size}; allowed: {_SHDR.size}", field="e_shentsize")
    if count > MAX_SECTIONS or offset + count * _SHDR.size > len(data):
        raise ImageError(
            f"the {count} section headers at {offset:#x} end beyond the file",
            field="e_shoff",
        )
    headers = [_SHDR.unpack_from(data, offset + i * _SHDR.size) for i in range(count)]
    symbols: dict[str, Symbol] = {}
    for number, header in enumerate(headers):
        if header[1] == _SHT_SYMTAB:
            _add_table(symbols, data, headers, number)
    return symbols


def _add_table(
    symbols: dict[str, Symbol],
    data: bytes,
    headers: list[tuple[int, ...]],
    number: int,
) -> None:
    table = _section(data, headers, number)
    link = headers[number][6]
    if not 0 < link < len(headers) or headers[link][1] != _SHT_STRTAB:
        raise ImageError(f"section {link} is no string table", field=f"shdr[{number}]")
    if headers[number][9] != _SYM.size or len(table) // _SYM.size > MAX_SYMBOLS:
        raise ImageError("not a symbol table that can be read", field=f"shdr[{number}]")
    names = _section(data, headers, link)
    local: dict[str, Symbol] = {}
    for binding, name, symbol in _entries(table, names):
        (local if binding == _LOCAL else symbols).setdefault(name, symbol)
    for name, symbol in local.items():
        symbols.setdefault(name, symbol)


def _section(data: bytes, headers: list[tuple[int, ...]], number: int) -> memoryview:
    offset, size = headers[number][4], headers[number][5]
    if offset + size > len(data):
        raise ImageError(
            f"cut off: section {number} ends at {offset + size:#x}, the file at "
            f"{len(data):#x}",
            field=f"shdr[{number}].sh_offset",
        )
    return memoryview(data)[offset : offset + size]


def _entries(table: memoryview, names: memoryview) -> Iterator[tuple[int, str, Symbol]]:
    text = bytes(names)
    whole = len(table) // _SYM.size * _SYM.size
    for name_at, info, _, section, value, size in _SYM.iter_unpack(table[:whole]):
        kind = _KINDS.get(info & 0xF)
        if kind is None or section in (_SHN_UNDEF, _SHN_ABS, _SHN_COMMON):
            continue
        end = text.find(b"\0", name_at, name_at + MAX_NAME + 1)
        if end < 0 and len(text) - name_at > MAX_NAME:
            continue
        name = text[name_at : end if end >= 0 else len(text)]
        if name and name_at < len(text):
            # An odd name must not stop the load: it only cannot be typed.
            yield info >> 4, name.decode("utf-8", "replace"), Symbol(value, size, kind)
