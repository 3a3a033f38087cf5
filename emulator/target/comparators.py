"""What the four slots of a debug unit match right now, ready for the hot path."""

from __future__ import annotations

from emulator.target.debug_unit import DebugUnit, Watch
from emulator.target.debugreg import ReadWrite
from emulator.target.paging import AddressSpace
from emulator.target.watchhooks import Piece, pieces

_MEMORY = (ReadWrite.WRITE, ReadWrite.ACCESS)


class Comparators:
    """Rebuilt only when a debug register or the address space has changed."""

    def __init__(self, unit: DebugUnit) -> None:
        self._unit = unit
        self._key: object = None
        self._execute: dict[int, tuple[int, bool]] = {}
        self._data: list[tuple[int, int, int, bool, bool]] = []
        self._ports: list[tuple[int, int, int, bool]] = []
        self.pieces: set[Piece] = set()
        """Physical ranges that must be hooked for the armed data slots."""

    def refresh(self, space: AddressSpace) -> bool:
        """Take over the registers and translations of this moment; true on a change."""
        unit = self._unit
        key = (*unit.address, unit.dr7, space.root, space.generation)
        if key == self._key:
            return False
        self._key = key
        self._execute, self._data, self.pieces = {}, [], set()
        self._ports = []
        watches = unit.watches()
        armed = any(w.enabled and w.kind in _MEMORY for w in watches)
        for watch in watches:
            self._take(watch, space, armed)
        return True

    def _take(self, watch: Watch, space: AddressSpace, armed: bool) -> None:
        bit = 1 << watch.slot
        if watch.kind is ReadWrite.EXECUTE:
            bits, enabled = self._execute.get(watch.start, (0, False))
            self._execute[watch.start] = (bits | bit, enabled or watch.enabled)
        elif watch.kind is ReadWrite.IO:
            self._ports.append((bit, watch.start, watch.end, watch.enabled))
        elif armed:
            # Disabled slots too: their B bits show when an enabled one hits.
            writes_only = watch.kind is ReadWrite.WRITE
            self._data.append((bit, watch.start, watch.end, writes_only, watch.enabled))
            self.pieces.update(pieces(watch, space))

    @property
    def execute_addresses(self) -> set[int]:
        """Where an enabled execute breakpoint stands."""
        return {a for a, (_, enabled) in self._execute.items() if enabled}

    def execute_bits(self, address: int) -> int:
        """B bits of an execute breakpoint at the address; 0 when none is enabled."""
        bits, enabled = self._execute.get(address, (0, False))
        return bits if enabled else 0

    def touched(self, is_write: bool, address: int, size: int) -> tuple[int, bool]:
        """B bits that a data access sets, and whether an enabled slot is among them."""
        end = address + size
        bits, hit = 0, False
        for bit, start, stop, writes_only, enabled in self._data:
            if address < stop and end > start and (is_write or not writes_only):
                bits |= bit
                hit = hit or enabled
        return bits, hit

    def touched_port(self, port: int, size: int) -> tuple[int, bool]:
        """The same for IN and OUT. R/W = 10 means ports only while CR4.DE is set, which
        the caller has to know; without it the field is undefined."""
        bits, hit = 0, False
        for bit, start, stop, enabled in self._ports:
            if port < stop and port + size > start:
                bits |= bit
                hit = hit or enabled
        return bits, hit
