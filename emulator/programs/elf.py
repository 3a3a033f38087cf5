"""Static ELF64 images for x86-64 (System V gABI chapters 4 and 5).

Bounds are checked before anything is copied. Dynamic and position-independent programs
are refused: the emulator has no interpreter to load and runs at fixed addresses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emulator.errors import ImageError
from emulator.programs.image import (
    KERNEL_START,
    LOWEST,
    USER_END,
    Program,
    Segment,
    Symbol,
)
from emulator.programs.symtab import read_symbols

MAX_IMAGE = 64 << 20
MAX_MEMORY = 1 << 30
MAX_SEGMENTS = 64

_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")

_ET_EXEC, _ET_DYN = 2, 3
_EM_X86_64 = 62
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_PHDR = 1, 2, 3, 6
_TYPES = {0: "no type", 1: "a relocatable object", 4: "a core file"}


@dataclass(frozen=True, slots=True)
class _Header:
    type: int
    entry: int
    phoff: int
    shoff: int
    phnum: int
    shentsize: int
    shnum: int


@dataclass(frozen=True, slots=True)
class _ProgramHeader:
    index: int
    type: int
    flags: int
    offset: int
    vaddr: int
    filesz: int
    memsz: int


def load_elf(data: bytes) -> Program:
    """The program in these bytes. Raises ImageError naming the header field at fault."""
    header = _header(data)
    headers = _program_headers(data, header)
    _refuse_dynamic(header, headers)
    segments = _segments(data, headers)
    if not any(s.execute and s.address <= header.entry < s.end for s in segments):
        raise ImageError(
            f"the entry point {header.entry:#x} lies in no executable segment",
            field="e_entry",
        )
    symbols: dict[str, Symbol] = read_symbols(
        data, header.shoff, header.shnum, header.shentsize
    )
    return Program(
        segments=segments,
        entry=header.entry,
        symbols=symbols,
        phdr_address=_phdr_address(header, headers),
        phdr_size=_PHDR.size,
        phdr_count=header.phnum,
    )


def _header(data: bytes) -> _Header:
    if len(data) > MAX_IMAGE:
        raise ImageError(
            f"{len(data)} bytes; allowed: at most {MAX_IMAGE}", field="size"
        )
    if data[:4] != b"\x7fELF":
        raise ImageError(
            "no ELF file: it does not begin with 7f 45 4c 46", field="e_ident"
        )
    if len(data) < _EHDR.size:
        raise ImageError(
            f"cut off: {len(data)} bytes, an ELF64 header has {_EHDR.size}",
            field="e_ident",
        )
    fields = _EHDR.unpack_from(data)
    ident, kind, machine = fields[0], fields[1], fields[2]
    _check_ident(ident)
    if machine != _EM_X86_64:
        raise ImageError(
            f"machine {machine}; allowed: {_EM_X86_64} (x86-64)", field="e_machine"
        )
    if kind not in (_ET_EXEC, _ET_DYN):
        what = _TYPES.get(kind, f"type {kind}")
        raise ImageError(f"{what}; allowed: a linked program (ET_EXEC)", field="e_type")
    _, _, _, _, entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, _ = (
        fields
    )
    if phnum and phentsize != _PHDR.size:
        raise ImageError(f"{phentsize}; allowed: {_PHDR.size}", field="e_phentsize")
    return _Header(kind, entry, phoff, shoff, phnum, shentsize, shnum)


def _check_ident(ident: bytes) -> None:
    if ident[4] != 2:
        what = "32-bit" if ident[4] == 1 else f"class {ident[4]}"
        raise ImageError(f"{what}; allowed: 64-bit (ELFCLASS64)", field="EI_CLASS")
    if ident[5] != 1:
        raise ImageError("not little-endian (ELFDATA2LSB)", field="EI_DATA")
    if ident[6] != 1:
        raise ImageError(f"version {ident[6]}; allowed: 1", field="EI_VERSION")


def _program_headers(data: bytes, header: _Header) -> list[_ProgramHeader]:
    if not header.phnum:
        raise ImageError("no program headers: nothing to load", field="e_phnum")
    if header.phnum > MAX_SEGMENTS:
        raise ImageError(
            f"{header.phnum} program headers; allowed: 1..{MAX_SEGMENTS}",
            field="e_phnum",
        )
    if header.phoff + header.phnum * _PHDR.size > len(data):
        raise ImageError(
            f"the program headers at {header.phoff:#x} end beyond the file "
            f"({len(data)} bytes)",
            field="e_phoff",
        )
    found = []
    for index in range(header.phnum):
        kind, flags, offset, vaddr, _, filesz, memsz, _ = _PHDR.unpack_from(
            data, header.phoff + index * _PHDR.size
        )
        found.append(_ProgramHeader(index, kind, flags, offset, vaddr, filesz, memsz))
    return found


def _refuse_dynamic(header: _Header, headers: list[_ProgramHeader]) -> None:
    kinds = {h.type for h in headers}
    if _PT_INTERP in kinds:
        raise ImageError(
            "dynamically linked (PT_INTERP); link with -static", field="p_type"
        )
    if header.type == _ET_DYN:
        raise ImageError(
            "position-independent (ET_DYN); link with -static -no-pie", field="e_type"
        )
    if _PT_DYNAMIC in kinds:
        raise ImageError("has a dynamic section; link with -static", field="p_type")


def _segments(data: bytes, headers: list[_ProgramHeader]) -> tuple[Segment, ...]:
    loads = [h for h in headers if h.type == _PT_LOAD and h.memsz]
    if not loads:
        raise ImageError("no PT_LOAD segment: nothing to run", field="p_type")
    if sum(h.memsz for h in loads) > MAX_MEMORY:
        raise ImageError(
            f"the segments have more than {MAX_MEMORY} bytes", field="p_memsz"
        )
    for h in loads:
        _check_segment(data, h)
    loads.sort(key=lambda h: h.vaddr)
    for lower, upper in zip(loads, loads[1:], strict=False):
        if lower.vaddr + lower.memsz > upper.vaddr:
            raise ImageError(
                f"segments {lower.index} and {upper.index} overlap at {upper.vaddr:#x}",
                field=f"phdr[{upper.index}].p_vaddr",
            )
    if (loads[0].vaddr >= KERNEL_START) != (loads[-1].vaddr >= KERNEL_START):
        raise ImageError(
            "segments in both halves of the address space",
            field=f"phdr[{loads[-1].index}].p_vaddr",
        )
    return tuple(_segment(data, h) for h in loads)


def _check_segment(data: bytes, h: _ProgramHeader) -> None:
    path = f"phdr[{h.index}]"
    if h.filesz > h.memsz:
        raise ImageError(
            f"p_filesz {h.filesz:#x} is more than p_memsz {h.memsz:#x}",
            field=f"{path}.p_filesz",
        )
    if h.offset + h.filesz > len(data):
        raise ImageError(
            f"cut off: segment {h.index} ends at {h.offset + h.filesz:#x}, the file at "
            f"{len(data):#x}",
            field=f"{path}.p_offset",
        )
    end = h.vaddr + h.memsz
    in_user = h.vaddr >= LOWEST and end <= USER_END
    in_kernel = h.vaddr >= KERNEL_START and end <= 1 << 64
    if not in_user and not in_kernel:
        raise ImageError(
            f"{h.vaddr:#x}..{end:#x} is not allowed here; allowed: "
            f"{LOWEST:#x}..{USER_END:#x}, or from {KERNEL_START:#x} on",
            field=f"{path}.p_vaddr",
        )


def _segment(data: bytes, h: _ProgramHeader) -> Segment:
    return Segment(
        address=h.vaddr,
        size_in_memory=h.memsz,
        data=bytes(data[h.offset : h.offset + h.filesz]),
        read=bool(h.flags & 4),
        write=bool(h.flags & 2),
        execute=bool(h.flags & 1),
    )


def _phdr_address(header: _Header, headers: list[_ProgramHeader]) -> int:
    """Where the program headers lie in memory: glibc looks for PT_TLS in them."""
    for h in headers:
        if h.type == _PT_PHDR:
            return h.vaddr
    size = header.phnum * _PHDR.size
    for h in headers:
        covers = h.offset <= header.phoff and header.phoff + size <= h.offset + h.filesz
        if h.type == _PT_LOAD and covers:
            return h.vaddr + header.phoff - h.offset
    return 0
