"""The debug registers of one CPU and their comparators. Hardware, not policy.

Intel SDM vol. 3, 18.2; model.md 1. Who arms a slot, and what happens after the #DB,
is the kernel's business (emulator.arch); how accesses are seen is the CPU's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.target import debugreg
from emulator.target.debugreg import ReadWrite


@dataclass(frozen=True, slots=True)
class Watch:
    """One slot as the comparators see it."""

    slot: int
    start: int
    length: int
    kind: ReadWrite
    enabled: bool

    @property
    def end(self) -> int:
        """First linear address after the watched range."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class OutsideWatch:
    """A range that somebody outside the machine watches: told, nothing raised."""

    start: int
    length: int
    on_read: bool
    on_write: bool
    enabled: bool = True

    @property
    def end(self) -> int:
        """First linear address after it."""
        return self.start + self.length

    @property
    def kind(self) -> ReadWrite:
        """For the hooks: reads only are hooked as accesses."""
        return ReadWrite.ACCESS if self.on_read else ReadWrite.WRITE


@dataclass(slots=True)
class DebugUnit:
    """DR0-DR3, DR6 and DR7. Addresses are linear, values unsigned 64 bit."""

    dr6_fixed_1: int = debugreg.DR6_FIXED_1
    address: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    dr6: int = debugreg.DR6_RESET
    dr7: int = debugreg.DR7_RESET
    branch_step: bool = False
    """DEBUGCTL.BTF; the processor clears it at each #DB."""
    ghosts: tuple[Watch, ...] = ()
    """What somebody believes to be armed and is not: accesses are told to the listener
    and raise nothing. Set it through :meth:`haunt`."""
    outside: tuple[OutsideWatch, ...] = ()
    """Watches of a debugger outside. Set them through :meth:`watch_outside`."""
    generation: int = 0
    """Grows with each change that may move a comparator."""

    def haunt(self, ghosts: tuple[Watch, ...]) -> None:
        """Replace the ghosts."""
        if ghosts != self.ghosts:
            self.ghosts = ghosts
            self.generation += 1

    def watch_outside(self, watches: tuple[OutsideWatch, ...]) -> None:
        """Replace the watches of the debugger outside."""
        if watches != self.outside:
            self.outside = watches
            self.generation += 1

    def read(self, number: int) -> int:
        """DRn, n = 0..3, 6, 7."""
        if number == 6:
            return self.dr6
        if number == 7:
            return self.dr7
        return self.address[number]

    def write(self, number: int, value: int) -> None:
        """MOV DRn: fixed and reserved bits are forced, nothing is refused here."""
        if number == 6:
            self.dr6 = debugreg.normalise_dr6(value, self.dr6_fixed_1)
            return
        if number == 7:
            value = debugreg.normalise_dr7(value)
            if value != self.dr7:
                self.dr7 = value
                self.generation += 1
            return
        if value != self.address[number]:
            self.address[number] = value
            self.generation += 1

    def watches(self) -> tuple[Watch, ...]:
        """All four slots, enabled or not: B bits show disabled matches as well."""
        return tuple(self.watch(slot) for slot in range(debugreg.SLOTS))

    def watch(self, slot: int) -> Watch:
        """One slot as DRn and DR7 state it."""
        kind = debugreg.read_write(self.dr7, slot)
        length = 1 if kind is ReadWrite.EXECUTE else debugreg.length(self.dr7, slot)
        # DRn's low bits are ignored for data: the comparator masks them by length.
        start = self.address[slot] & ~(length - 1)
        return Watch(slot, start, length, kind, debugreg.is_enabled(self.dr7, slot))

    def report(self, bits: int) -> None:
        """Record the cause of a #DB: B0-3 are rewritten, BS/BD/BT are sticky."""
        keep = self.dr6 & ~debugreg.DR6_TRAP_BITS
        self.dr6 = keep | (bits & debugreg.DR6_WRITABLE)
