"""Flat images: bytes that stand at one address as they are."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.errors import ImageError
from emulator.programs.elf import MAX_IMAGE
from emulator.programs.image import (
    KERNEL_START,
    LOWEST,
    PAGE,
    USER_END,
    Program,
    Segment,
    Symbol,
)


def load_flat(data: bytes, load: int, symbols: Mapping[str, int]) -> Program:
    """A program of one segment that may be read, written and executed.

    Starts at its first byte. Raises ImageError when the bytes leave their half.
    """
    if not 1 <= len(data) <= MAX_IMAGE:
        raise ImageError(f"{len(data)} bytes; allowed: 1..{MAX_IMAGE}", field="size")
    end = load + len(data)
    in_user = load >= LOWEST and end <= USER_END
    if load % PAGE or not (in_user or (load >= KERNEL_START and end <= 1 << 64)):
        raise ImageError(
            f"{load:#x}..{end:#x} does not fit in one half of the address space, or "
            f"does not begin a page",
            field="load",
        )
    segment = Segment(load, len(data), bytes(data), True, True, True)
    return Program(
        segments=(segment,),
        entry=load,
        symbols={name: Symbol(address, 0) for name, address in symbols.items()},
    )
