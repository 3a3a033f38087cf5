"""perf events of type breakpoint: include/linux/perf_event.h, kernel/events/core.c (6.x).

Only what a breakpoint's path through perf shows: attributes, state, count, overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder


class BpType(IntFlag):
    """HW_BREAKPOINT_*: include/uapi/linux/hw_breakpoint.h."""

    EMPTY = 0
    R = 1
    W = 2
    RW = 3
    X = 4
    INVALID = 7


class PerfEventState(IntEnum):
    """enum perf_event_state, as far as breakpoints meet it."""

    ERROR = -2
    OFF = -1
    INACTIVE = 0
    ACTIVE = 1


@dataclass(slots=True)
class PerfEventAttr:
    """struct perf_event_attr after hw_breakpoint_init()."""

    bp_addr: int
    bp_len: int
    bp_type: BpType
    disabled: bool = False
    pinned: bool = True
    sample_period: int = 1
    exclude_user: bool = False
    exclude_kernel: bool = False


@dataclass(slots=True)
class ArchHwBreakpoint:
    """struct arch_hw_breakpoint: len and type as encoded for DR7 (0x40…, 0x80…)."""

    address: int
    len: int
    type: int


#: perf_overflow_handler_t
OverflowHandler = Callable[["PerfEvent"], None]


@dataclass(slots=True, eq=False)
class PerfEvent:
    """struct perf_event. cpu -1: wherever its task runs; task 0: no task."""

    index: int
    """Place in the recipe's breakpoints."""
    attr: PerfEventAttr
    cpu: int
    task: int
    overflow_handler: OverflowHandler | None = None
    state: PerfEventState = PerfEventState.INACTIVE
    count: int = 0
    info: ArchHwBreakpoint = field(default_factory=lambda: ArchHwBreakpoint(0, 0, 0))
    slot: int = 0


class PerfCore:
    """perf_bp_event and what lies behind it."""

    def __init__(self, recorder: Recorder, *, overflow_needs_active: bool) -> None:
        self._recorder = recorder
        self._needs_active = overflow_needs_active

    def perf_bp_event(self, event: PerfEvent, slot: int, *, user_mode: bool) -> None:
        """kernel/events/core.c: count the hit and call the overflow handler.

        void: nothing travels back to the die chain from here.
        """
        recorder = self._recorder
        cause = recorder.cause
        event.count += not self._excluded(event, user_mode)
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.perf_bp_event,
            slot=slot,
            flags=EventFlag.VOID,
            addr=event.index,
            value=event.count,
        )
        if not self._excluded(event, user_mode):
            self._overflow(event, slot)
        recorder.close(seq, cause, aux=Callee.perf_bp_event)

    @staticmethod
    def _excluded(event: PerfEvent, user_mode: bool) -> bool:
        """perf_exclude_event()."""
        attr = event.attr
        return attr.exclude_user if user_mode else attr.exclude_kernel

    def _overflow(self, event: PerfEvent, slot: int) -> None:
        if not event.attr.sample_period:
            return
        if self._needs_active and event.state != PerfEventState.ACTIVE:
            return
        # Without a handler perf_event_output writes to a buffer that nobody mapped.
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.overflow_handler,
            slot=slot,
            flags=EventFlag.VOID,
            addr=event.index,
            value=event.count,
        )
        if event.overflow_handler is not None:
            event.overflow_handler(event)
        recorder.close(seq, cause, aux=Callee.overflow_handler)
