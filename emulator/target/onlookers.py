"""What a CPU tells without raising anything: probes, and the ghosts of watches.

A probe is an address at which somebody wants to act before it executes. A ghost is a
watch that the kernel believes to be armed while the hardware has it off
(DebugUnit.ghosts): an access to it is told, so that silence can be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.target.comparators import (
    GHOST_SHIFT,
    MAX_GHOSTS,
    OUTSIDE_SHIFT,
    Comparators,
)
from emulator.target.debugreg import DR6_TRAP_BITS
from emulator.target.raw import RIP
from emulator.target.traps import Listener

if TYPE_CHECKING:
    from emulator.target.cpu import Cpu

_NOWHERE = (0, -1)


class Onlookers:
    """One CPU's."""

    def __init__(self, cpu: Cpu, listener: Listener, comparators: Comparators) -> None:
        self._cpu = cpu
        self._listener = listener
        self._comparators = comparators
        self._probed = self._haunted = _NOWHERE
        self.probes: frozenset[int] = frozenset()
        self._probes_of: dict[str, frozenset[int]] = {}

    def add_probes(self, owner: str, addresses: frozenset[int]) -> None:
        """Replace the probes of one who asked for some."""
        self._probes_of[owner] = addresses
        self.probes = frozenset().union(*self._probes_of.values())

    def probes_here(self, address: int, now: int) -> bool:
        """The instruction about to run has a probe that was not told yet."""
        return address in self.probes and self._probed != (address, now)

    def tell_probe(self, cpu: Cpu) -> None:
        """Outside the engine, registers loaded."""
        address = cpu.regs.values[RIP]
        self._probed = (address, cpu.now)
        self._listener.probed(cpu, address)

    def tell_ghosts(self, bits: int) -> int:
        """Of what was collected (Comparators.touched): what remains to be raised."""
        ghosts = bits >> GHOST_SHIFT & ((1 << MAX_GHOSTS) - 1)
        if ghosts:
            self._listener.not_fired(self._cpu, ghosts)
        outside = bits >> OUTSIDE_SHIFT
        if outside:
            self._listener.watched(self._cpu, outside)
        real = bits & DR6_TRAP_BITS
        return real if self._comparators.enabled(real) else 0

    def tell_ghosts_at(self, address: int, now: int) -> bool:
        """Before an instruction runs. True: the listener was told."""
        bits = self._comparators.ghost_bits(address)
        if not bits or self._haunted == (address, now):
            return False
        self._haunted = (address, now)
        self._cpu.regs.load()
        self.tell_ghosts(bits)
        return True
