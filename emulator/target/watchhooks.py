"""Which engine hooks a set of watches needs, and keeping the engine's set equal to it.

Memory hooks see physical addresses and test only the first byte of an access, so each
watch is hooked from a little before its start, page by page, and each piece knows how
far its physical addresses lie from the linear ones (conformance notes, docs/engine.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from unicorn import (
    UC_HOOK_CODE,
    UC_HOOK_MEM_READ,
    UC_HOOK_MEM_WRITE,
    UC_MEM_WRITE,
)

from emulator.target.debug_unit import OutsideWatch, Watch
from emulator.target.debugreg import ReadWrite
from emulator.target.paging import AddressSpace
from emulator.target.ram import PAGE
from emulator.target.raw import CODE_CALLBACK, MEMORY_CALLBACK, RawEngine

#: The engine tells an access in pieces of at most 8 bytes; 16 would be seen as well.
_REACH = 15
#: Each code hook slows every instruction; unused ones are kept only up to this many.
_KEPT_CODE_HOOKS = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A physical range to hook; linear = physical + delta."""

    begin: int
    end: int
    delta: int
    kinds: int


def pieces(watch: Watch | OutsideWatch, space: AddressSpace) -> Iterable[Piece]:
    """The physical ranges in which an access may begin that touches the watch."""
    kinds = UC_HOOK_MEM_WRITE
    if watch.kind is ReadWrite.ACCESS:
        kinds |= UC_HOOK_MEM_READ
    first = max(watch.start - _REACH, 0)
    while first < watch.end:
        last = min(first | (PAGE - 1), watch.end - 1)
        physical = space.translate(first)
        if physical is not None:
            yield Piece(physical, physical + last - first, first - physical, kinds)
        first = last + 1


class WatchHooks:
    """The hooks of one engine."""

    def __init__(
        self,
        engine: RawEngine,
        on_code: Callable[[int], None],
        on_access: Callable[[bool, int, int], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        """on_access(is write, linear address, size). Nothing may raise into C, so an
        exception of either goes to on_error."""
        self._engine = engine
        self._on_access = on_access
        self._on_error = on_error

        def callback(_handle: int, address: int, _size: int, _data: int) -> None:
            try:
                on_code(address)
            except BaseException as error:  # noqa: BLE001  # carried over the C frame
                on_error(error)

        self._code = CODE_CALLBACK(callback)
        self._memory: dict[Piece, int] = {}
        self._addresses: dict[int, int] = {}

    def covers(self, addresses: Iterable[int], wanted: Iterable[Piece]) -> bool:
        """Nothing would have to be added."""
        return all(piece in self._memory for piece in wanted) and all(
            address in self._addresses for address in addresses
        )

    def sync(self, addresses: set[int], wanted: set[Piece]) -> bool:
        """Make the engine's hooks these. True when something changed: flush the blocks."""
        stale = [piece for piece in self._memory if piece not in wanted]
        for piece in stale:
            self._engine.unhook(self._memory.pop(piece))
        new = wanted - self._memory.keys()
        for piece in new:
            self._memory[piece] = self._hook_memory(piece)
        added = addresses - self._addresses.keys()
        if len(self._addresses) + len(added) > _KEPT_CODE_HOOKS:
            self._drop_code(addresses)
        for address in added:
            self._addresses[address] = self._engine.hook(
                UC_HOOK_CODE, self._code, address, address
            )
        return bool(stale or new or added)

    def _drop_code(self, needed: set[int]) -> None:
        for address in [a for a in self._addresses if a not in needed]:
            self._engine.unhook(self._addresses.pop(address))

    def _hook_memory(self, piece: Piece) -> int:
        on_access, on_error = self._on_access, self._on_error
        delta = piece.delta

        def callback(
            _handle: int, kind: int, physical: int, size: int, _value: int, _data: int
        ) -> None:
            try:
                on_access(kind == UC_MEM_WRITE, physical + delta, size)
            except BaseException as error:  # noqa: BLE001  # carried over the C frame
                on_error(error)

        return self._engine.hook(
            piece.kinds, MEMORY_CALLBACK(callback), piece.begin, piece.end
        )
