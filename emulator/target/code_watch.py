"""Code that one CPU changes, seen by the others.

Each engine notices its own stores into code it has translated, but the memory is shared
and the other engines do not. Pages that may be both written and executed are hooked, and
a store makes the other CPUs drop what they have translated before their next slice.
"""

from __future__ import annotations

from collections.abc import Callable

from unicorn import UC_HOOK_MEM_WRITE

from emulator.target.paging import EXECUTE, KERNEL_START, WRITE, AddressSpace
from emulator.target.ram import PAGE
from emulator.target.raw import MEMORY_CALLBACK, RawEngine

_BOTH = WRITE | EXECUTE


def writable_code(space: AddressSpace) -> set[tuple[int, int]]:
    """Physical ranges (first, last byte) of the pages that may be written and executed."""
    spaces = [space] if space.kernel is None else [space, space.kernel]
    frames = sorted(
        page.frame
        for each in spaces
        for number, page in each.pages.items()
        if page.protection & _BOTH == _BOTH
        and (each is space or number * PAGE >= KERNEL_START)
    )
    ranges: list[tuple[int, int]] = []
    for frame in frames:
        if ranges and ranges[-1][1] + 1 == frame:
            ranges[-1] = (ranges[-1][0], frame + PAGE - 1)
        else:
            ranges.append((frame, frame + PAGE - 1))
    return set(ranges)


class CodeWatch:
    """The hooks of one engine; on_write is called inside the engine."""

    def __init__(self, engine: RawEngine, on_write: Callable[[], None]) -> None:
        self._engine = engine
        self._hooks: dict[tuple[int, int], int] = {}

        def callback(
            _handle: int, _kind: int, _at: int, _size: int, _value: int, _data: int
        ) -> None:
            on_write()

        self._callback = MEMORY_CALLBACK(callback)

    def sync(self, space: AddressSpace) -> bool:
        """Hook what the space has; true when translated code must be flushed."""
        wanted = writable_code(space)
        stale = self._hooks.keys() - wanted
        for piece in stale:
            self._engine.unhook(self._hooks.pop(piece))
        new = wanted - self._hooks.keys()
        for piece in new:
            self._hooks[piece] = self._engine.hook(
                UC_HOOK_MEM_WRITE, self._callback, *piece
            )
        return bool(stale or new)
