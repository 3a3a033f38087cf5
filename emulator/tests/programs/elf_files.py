"""A small hand-made ELF64 program whose every field a test can change."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1


@dataclass
class Load:
    """One program header."""

    vaddr: int = 0x401000
    flags: int = 5
    offset: int = 0x200
    filesz: int = 16
    memsz: int = 16
    type: int = PT_LOAD

    def pack(self) -> bytes:
        """The header as bytes."""
        return PHDR.pack(
            self.type,
            self.flags,
            self.offset,
            self.vaddr,
            0,
            self.filesz,
            self.memsz,
            1,
        )


@dataclass
class ElfFile:
    """An ELF64 header with program headers and 512 bytes of file."""

    loads: list[Load] = field(default_factory=lambda: [Load()])
    magic: bytes = b"\x7fELF"
    elf_class: int = 2
    encoding: int = 1
    version: int = 1
    type: int = 2
    machine: int = 62
    entry: int = 0x401000
    phoff: int = 64
    phentsize: int = 56
    size: int = 0x400

    def pack(self) -> bytes:
        """The file as bytes."""
        ident = self.magic + bytes([self.elf_class, self.encoding, self.version])
        head = EHDR.pack(
            *(ident.ljust(16, b"\0"), self.type, self.machine, 1, self.entry),
            *(self.phoff, 0, 0, 64, self.phentsize, len(self.loads), 0, 0, 0),
        )
        body = head + b"".join(load.pack() for load in self.loads)
        return body.ljust(0x200, b"\0").ljust(self.size, b"\x90")[: self.size]
