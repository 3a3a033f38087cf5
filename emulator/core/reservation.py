"""reserve_bp_slot and its kin: kernel/events/hw_breakpoint.c.

Each decision is an event, and the sum behind it is that event's child.
"""

from __future__ import annotations

from emulator.core.perf_event import BpType, PerfEvent
from emulator.core.slots import HBP_NUM, Arithmetic, CpuSlots, SlotAccounting
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder

_EINVAL, _ENOSPC = 22, 28
_LOCKED = -1
_U64 = (1 << 64) - 1


class Reservations:
    """Slots of one machine."""

    def __init__(
        self, slots: SlotAccounting, recorder: Recorder, *, exactly_full: bool
    ) -> None:
        """exactly_full: as to 2.6.34 (variants.Switches.slots_exactly_full)."""
        self._slots = slots
        self._recorder = recorder
        self._exactly_full = exactly_full
        self.lock_held = 0
        """Pid of the task that was stopped inside the accounting, 0 for none. Nothing of
        the model stays there: a script says so."""

    def reserve_bp_slot(self, event: PerfEvent) -> None:
        """Take a slot. KernelError: EINVAL for an empty type, ENOSPC when full."""
        self._reserve(event, Callee.reserve_bp_slot)

    def release_bp_slot(self, event: PerfEvent) -> None:
        """Give the slot back."""
        self._release(event, Callee.release_bp_slot)

    def dbg_reserve_bp_slot(self, event: PerfEvent) -> int:
        """For a debugger with all other CPUs stopped: no lock may be waited for.

        0, -1 when somebody is inside the accounting, or -errno as reserve_bp_slot.
        """
        callee = Callee.dbg_reserve_bp_slot
        seq, cause = self._open(callee, event)
        ret = _LOCKED
        if not self.lock_held:
            ret = 0
            try:
                self._reserve(event, callee)
            except KernelError as error:
                ret = -error.errno
        self._recorder.close(seq, cause, ret, aux=callee)
        return ret

    def dbg_release_bp_slot(self, event: PerfEvent) -> int:
        """0, or -1 when somebody is inside the accounting."""
        callee = Callee.dbg_release_bp_slot
        seq, cause = self._open(callee, event)
        ret = _LOCKED
        if not self.lock_held:
            ret = 0
            self._release(event, callee)
        self._recorder.close(seq, cause, ret, aux=callee)
        return ret

    def holds(self, event: PerfEvent) -> bool:
        """The event has a slot."""
        return self._slots.holds(event)

    def view(self) -> list[CpuSlots]:
        """Who holds what."""
        return self._slots.view()

    def _open(self, callee: Callee, event: PerfEvent) -> tuple[int, int]:
        cause = self._recorder.cause
        seq = self._recorder.open(EventKind.CALL, aux=callee, addr=event.index)
        return seq, cause

    def _reserve(self, event: PerfEvent, callee: Callee) -> None:
        found = self._slots.arithmetic(event)
        error = self._refusal(event, found)
        if error is None:
            self._slots.take(event)
        recorder = self._recorder
        cause = recorder.cause
        recorder.cause = recorder.emit(
            EventKind.SLOT_RESERVED,
            slot=event.slot_field,
            addr=event.cpu & _U64,
            value=found.pinned + (error is None) | event.task << 32,
            ret=-error.errno if error else 0,
            aux=callee,
        )
        recorder.emit(
            EventKind.SLOT_ARITHMETIC,
            slot=found.cpu,
            addr=found.task,
            value=found.own | found.tasks << 8 | found.flexible << 16 | 1 << 24,
        )
        recorder.cause = cause
        if error is not None:
            raise error

    def _refusal(self, event: PerfEvent, found: Arithmetic) -> KernelError | None:
        typeless = event.attr.bp_type in (BpType.EMPTY, BpType.INVALID)
        if typeless and not self._exactly_full:
            return KernelError(_EINVAL, "breakpoint without a type")
        taken = found.pinned + bool(found.flexible)
        full = taken == HBP_NUM if self._exactly_full else taken >= HBP_NUM
        return KernelError(_ENOSPC, "all four slots are taken") if full else None

    def _release(self, event: PerfEvent, callee: Callee) -> None:
        self._slots.give_back(event)
        self._recorder.emit(
            EventKind.SLOT_RELEASED,
            slot=event.slot_field,
            addr=event.cpu & _U64,
            value=self._slots.arithmetic(event).pinned | event.task << 32,
            aux=callee,
        )
