"""The outside debugger's breakpoints: any number, any length, also reads alone.

Addresses are linear and hold in every address space, as a hardware breakpoint's do.

gdb takes its breakpoints out at each stop and puts them in again, with their conditions.
What the debugger wants beside that (`monitor want`) is kept by address until it leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emulator.conditions import Tally
from emulator.errors import KernelError
from emulator.gdbstub.target import BreakpointKind
from emulator.target.debug_unit import OutsideWatch
from emulator.target.machine import Machine

_E2BIG, _ENOENT, _EINVAL = 7, 2, 22
#: Code hooks slow every instruction; watches cost where they are touched.
MAX_BREAKPOINTS = 64
MAX_LENGTH = 4096
_CODE = (BreakpointKind.SOFTWARE, BreakpointKind.HARDWARE)


@dataclass(slots=True)
class Break:
    """One of them."""

    kind: BreakpointKind
    address: int
    length: int
    conditions: Sequence[bytes] = ()
    """gdb's agent expressions: a hit counts when one of them holds."""

    @property
    def of_code(self) -> bool:
        """It waits for an instruction."""
        return self.kind in _CODE

    def watch(self) -> OutsideWatch:
        """As the comparators take it."""
        return OutsideWatch(
            self.address,
            self.length,
            on_read=self.kind in (BreakpointKind.READ, BreakpointKind.ACCESS),
            on_write=self.kind in (BreakpointKind.WRITE, BreakpointKind.ACCESS),
        )


class OutsideBreakpoints:
    """gdbstub.target.Breakpoints on the machine's hooks."""

    kinds: Collection[BreakpointKind] = tuple(BreakpointKind)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._set: list[Break] = []
        self.wishes: dict[int, Tally] = {}
        """Which hits are wanted, by address, where not all are."""

    def insert(self, kind: BreakpointKind, address: int, length: int) -> None:
        """The same one again is no error. KernelError: E2BIG, EINVAL for a length."""
        self.insert_conditional(kind, address, length, ())

    def insert_conditional(
        self,
        kind: BreakpointKind,
        address: int,
        length: int,
        conditions: Sequence[bytes],
    ) -> None:
        """gdbstub.target.Conditions. KernelError as insert."""
        found = self._find(kind, address, length)
        if found is not None:
            found.conditions = conditions
            return
        if len(self._set) >= MAX_BREAKPOINTS:
            raise KernelError(_E2BIG, f"more than {MAX_BREAKPOINTS} breakpoints")
        if kind not in _CODE and not 1 <= length <= MAX_LENGTH:
            raise KernelError(_EINVAL, f"length {length}; allowed: 1..{MAX_LENGTH}")
        self._set.append(Break(kind, address, length, conditions))
        self._apply()

    def remove(self, kind: BreakpointKind, address: int, length: int) -> None:
        """KernelError(ENOENT)."""
        found = self._find(kind, address, length)
        if found is None:
            raise KernelError(_ENOENT, f"there is none at {address:#x}")
        self._set.remove(found)
        self._apply()

    def remove_all(self) -> None:
        """The debugger leaves."""
        self._set.clear()
        self.wishes.clear()
        self._apply()

    def at(self, address: int) -> list[Break]:
        """Those that wait for the instruction there."""
        return [b for b in self._set if b.of_code and b.address == address]

    def touched(self, numbers: int) -> list[Break]:
        """By their places among the watches of a CPU, a bit each."""
        watches = [b for b in self._set if not b.of_code]
        return [b for number, b in enumerate(watches) if numbers >> number & 1]

    def _find(self, kind: BreakpointKind, address: int, length: int) -> Break | None:
        return next(
            (
                b
                for b in self._set
                if (b.kind, b.address) == (kind, address)
                and (b.of_code or b.length == length)
            ),
            None,
        )

    def _apply(self) -> None:
        addresses = frozenset(b.address for b in self._set if b.of_code)
        watches = tuple(b.watch() for b in self._set if not b.of_code)
        for cpu in self._machine.cpus:
            cpu.onlookers.add_probes("debugger", addresses)
            cpu.unit.watch_outside(watches)
