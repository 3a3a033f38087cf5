"""Program images: static ELF64, flat bytes, and assembly text turned into ELF64."""

from emulator.programs.elf import load_elf
from emulator.programs.flat import load_flat
from emulator.programs.image import Program, Segment, Symbol, SymbolKind

__all__ = ["Program", "Segment", "Symbol", "SymbolKind", "load_elf", "load_flat"]
