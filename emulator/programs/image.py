"""What a loader makes of an image: segments to map, symbols to name, where to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: User addresses end below (TASK_SIZE_MAX); the kernel's begin at KERNEL_START.
USER_END = 0x7FFF_FFFF_F000
KERNEL_START = 0xFFFF_8000_0000_0000
PAGE = 4096
#: mmap_min_addr of a usual Linux.
LOWEST = 0x1000


class SymbolKind(StrEnum):
    """Type of an ELF symbol, as far as it has an address."""

    notype = "notype"
    object = "object"
    func = "func"


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes to map at address; size_in_memory is zero-filled past data."""

    address: int
    size_in_memory: int
    data: bytes
    read: bool
    write: bool
    execute: bool

    @property
    def end(self) -> int:
        """First address after the segment."""
        return self.address + self.size_in_memory


@dataclass(frozen=True, slots=True)
class Symbol:
    """Where a named thing of the program lies; size 0 = the image does not say."""

    address: int
    size: int
    kind: SymbolKind = SymbolKind.notype


@dataclass(frozen=True, slots=True)
class Program:
    """A loadable program. phdr_* feed AT_PHDR, AT_PHENT and AT_PHNUM (0 = none)."""

    segments: tuple[Segment, ...]
    entry: int
    symbols: Mapping[str, Symbol]
    phdr_address: int = 0
    phdr_size: int = 0
    phdr_count: int = 0

    @property
    def addresses(self) -> dict[str, int]:
        """Symbol addresses by name, as :func:`emulator.recipe.resolve` wants them."""
        return {name: symbol.address for name, symbol in self.symbols.items()}

    @property
    def end(self) -> int:
        """First address after the highest segment: where brk starts."""
        return max(segment.end for segment in self.segments)

    @property
    def in_kernel_half(self) -> bool:
        """Whether the image is linked for the upper half."""
        return self.segments[0].address >= KERNEL_START
