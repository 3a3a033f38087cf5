"""Per-CPU variables of arch/x86/kernel/hw_breakpoint.c beside the real registers.

Each write of either is an event with its writer: the product is about the two parting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from emulator.events import Callee, EventFlag, EventKind, ShadowField
from emulator.recorder import Recorder

if TYPE_CHECKING:
    from emulator.core.perf_event import PerfEvent


class DebugRegisters(Protocol):
    """Fulfilled by target.debug_unit.DebugUnit."""

    def read(self, number: int) -> int:
        """DRn."""

    def write(self, number: int, value: int) -> None:
        """MOV DRn."""


class CpuState:
    """cpu_dr7, cpu_debugreg[], bp_per_reg[] of one CPU, and the way to its registers."""

    def __init__(self, index: int, unit: DebugRegisters, recorder: Recorder) -> None:
        self.index = index
        self._unit = unit
        self._recorder = recorder
        self.generation = 0
        """Grows with each write of the variables below."""
        self.cpu_dr7 = 0
        self.cpu_debugreg = [0, 0, 0, 0]
        self.bp_per_reg: list[PerfEvent | None] = [None, None, None, None]

    def get_debugreg(self, number: int) -> int:
        """Read the hardware."""
        return self._unit.read(number)

    def set_debugreg(self, number: int, value: int, writer: Callee) -> None:
        """Write the hardware."""
        old = self._unit.read(number)
        self._unit.write(number, value)
        new = self._unit.read(number)
        self._recorder.emit(
            EventKind.DR_WRITE,
            slot=number,
            flags=EventFlag.SAME_VALUE if old == new else 0,
            aux=writer,
            addr=old,
            value=new,
        )

    def set_cpu_dr7(self, value: int, writer: Callee) -> None:
        """this_cpu_write(cpu_dr7)."""
        self._shadow(ShadowField.cpu_dr7, self.cpu_dr7, value, writer)
        self.cpu_dr7 = value

    def set_cpu_debugreg(self, slot: int, value: int, writer: Callee) -> None:
        """this_cpu_write(cpu_debugreg[slot])."""
        field = ShadowField(ShadowField.cpu_debugreg0 + slot)
        self._shadow(field, self.cpu_debugreg[slot], value, writer)
        self.cpu_debugreg[slot] = value

    def set_bp_per_reg(
        self, slot: int, event: PerfEvent | None, writer: Callee
    ) -> None:
        """this_cpu_write(bp_per_reg[slot]); recorded as 1 + index, 0 = NULL."""
        field = ShadowField(ShadowField.bp_per_reg0 + slot)
        old = self.owner(slot)
        self.bp_per_reg[slot] = event
        self._shadow(field, old, self.owner(slot), writer)

    def owner(self, slot: int) -> int:
        """1 + recipe index of the slot's event, 0 for NULL."""
        event = self.bp_per_reg[slot]
        return 0 if event is None else event.index + 1

    def _shadow(self, field: ShadowField, old: int, new: int, writer: Callee) -> None:
        self.generation += 1
        self._recorder.emit(
            EventKind.SHADOW_WRITE,
            slot=field,
            flags=EventFlag.SAME_VALUE if old == new else 0,
            aux=writer,
            addr=old,
            value=new,
        )
