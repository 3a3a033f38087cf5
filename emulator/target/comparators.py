"""What the four slots of a debug unit match right now, ready for the hot path."""

from __future__ import annotations

from emulator.target.debug_unit import DebugUnit, Watch
from emulator.target.debugreg import ReadWrite
from emulator.target.paging import AddressSpace
from emulator.target.watchhooks import Piece, pieces

_MEMORY = (ReadWrite.WRITE, ReadWrite.ACCESS)
#: Bits from here on stand for ghosts, by their place in unit.ghosts (at most MAX_GHOSTS),
#: and from there on for watches from outside, by theirs in unit.outside.
GHOST_SHIFT = 20
MAX_GHOSTS = 8
OUTSIDE_SHIFT = GHOST_SHIFT + MAX_GHOSTS


class Comparators:
    """Rebuilt only when a debug register or the address space has changed."""

    def __init__(self, unit: DebugUnit) -> None:
        self._unit = unit
        self._key: object = None
        self.version = 0
        """Grows with each change of what is matched."""
        self._execute: dict[int, tuple[int, bool]] = {}
        self._data: list[tuple[int, int, int, bool, bool, bool]] = []
        """bit, start, end, on read, on write, told."""
        self._ports: list[tuple[int, int, int, bool]] = []
        self._ghost_execute: dict[int, int] = {}
        self.pieces: set[Piece] = set()
        """Physical ranges that must be hooked for the armed data slots."""

    def refresh(self, space: AddressSpace) -> bool:
        """Take over the registers and translations of this moment; true on a change."""
        unit = self._unit
        key = (
            *unit.address,
            unit.dr7,
            unit.ghosts,
            unit.outside,
            space.root,
            space.generation,
        )
        if key == self._key:
            return False
        self._key = key
        self.version += 1
        self._execute, self._data, self.pieces = {}, [], set()
        self._ports, self._ghost_execute = [], {}
        watches = unit.watches()
        armed = any(w.enabled and w.kind in _MEMORY for w in watches)
        for watch in watches:
            self._take(watch, space, armed)
        for number, ghost in enumerate(unit.ghosts):
            self._take_ghost(1 << (GHOST_SHIFT + number), ghost, space)
        for number, outer in enumerate(unit.outside):
            bit = 1 << (OUTSIDE_SHIFT + number)
            ends = (outer.start, outer.end)
            self._data.append((bit, *ends, outer.on_read, outer.on_write, True))
            self.pieces.update(pieces(outer, space))
        return True

    def _take_ghost(self, bit: int, ghost: Watch, space: AddressSpace) -> None:
        if ghost.kind is ReadWrite.EXECUTE:
            at = ghost.start
            self._ghost_execute[at] = self._ghost_execute.get(at, 0) | bit
        else:
            reads = ghost.kind is not ReadWrite.WRITE
            self._data.append((bit, ghost.start, ghost.end, reads, True, True))
            self.pieces.update(pieces(ghost, space))

    def _take(self, watch: Watch, space: AddressSpace, armed: bool) -> None:
        bit = 1 << watch.slot
        if watch.kind is ReadWrite.EXECUTE:
            bits, enabled = self._execute.get(watch.start, (0, False))
            self._execute[watch.start] = (bits | bit, enabled or watch.enabled)
        elif watch.kind is ReadWrite.IO:
            self._ports.append((bit, watch.start, watch.end, watch.enabled))
        elif armed:
            # Disabled slots too: their B bits show when an enabled one hits.
            reads = watch.kind is not ReadWrite.WRITE
            self._data.append((bit, watch.start, watch.end, reads, True, watch.enabled))
            self.pieces.update(pieces(watch, space))

    @property
    def execute_addresses(self) -> set[int]:
        """Where an enabled execute breakpoint stands, or the ghost of one."""
        armed = {a for a, (_, enabled) in self._execute.items() if enabled}
        return armed | self._ghost_execute.keys()

    def ghost_bits(self, address: int) -> int:
        """Which ghosts of execute breakpoints stand there, as :meth:`touched` tells."""
        return self._ghost_execute.get(address, 0)

    def enabled(self, bits: int) -> bool:
        """An enabled slot is among these B bits."""
        dr7 = self._unit.dr7
        return any(bits >> slot & 1 and dr7 >> 2 * slot & 3 for slot in range(4))

    def execute_bits(self, address: int) -> int:
        """B bits of an execute breakpoint at the address; 0 when none is enabled."""
        bits, enabled = self._execute.get(address, (0, False))
        return bits if enabled else 0

    def touched(self, is_write: bool, address: int, size: int) -> tuple[int, bool]:
        """B bits that a data access sets, and whether anything is to be told: an enabled
        slot is among them, or a ghost (bits from GHOST_SHIFT on)."""
        end = address + size
        bits, hit = 0, False
        for bit, start, stop, on_read, on_write, enabled in self._data:
            wanted = on_write if is_write else on_read
            if wanted and address < stop and end > start:
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
