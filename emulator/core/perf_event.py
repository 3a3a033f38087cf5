"""perf events of type breakpoint: include/linux/perf_event.h, kernel/events/core.c.

Only what a breakpoint's path through perf shows: attributes, state, count, overflow.
Throttling never shows: the software path hands over one hit at a time, and the first
overflow of a hit is never throttled, in 2.6.33 as today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Protocol

from emulator.core.notifier import NOTIFY_DONE
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder

PERF_TYPE_BREAKPOINT = 5
#: PerfEvent.index of kgdb's and of tracers' breakpoints begins here.
KGDB_INDEX, PTRACE_INDEX = 0x100, 0x1000


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
    """Pinned, and there was no register for it."""
    OFF = -1
    INACTIVE = 0
    """Wanted, but its task is not running (or there is no register for it)."""
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
    """Hits per overflow; 0 counts only."""
    exclude_user: bool = False
    exclude_kernel: bool = False
    inherit: bool = False
    """The tasks that this one forks get the breakpoint too."""
    type: int = PERF_TYPE_BREAKPOINT


@dataclass(slots=True)
class ArchHwBreakpoint:
    """struct arch_hw_breakpoint: len and type as encoded for DR7 (0x40…, 0x80…)."""

    address: int
    len: int
    type: int


class HandlerFrame(Protocol):
    """What the perf path knows of the interrupted code; arch.x86.exception fulfils it."""

    @property
    def user_mode(self) -> bool:
        """user_mode(regs)."""


#: perf_overflow_handler_t. Returns NOTIFY_*; void ones return NOTIFY_DONE.
OverflowHandler = Callable[["PerfEvent", HandlerFrame], int]


@dataclass(slots=True, eq=False)
class PerfEvent:
    """struct perf_event. cpu -1: wherever its task runs; task 0: no task."""

    index: int
    """Place in the recipe's breakpoints (0..63); kgdb's own have 0x100 + slot, those of
    ptrace 0x1000 + 4 * pid + slot."""
    attr: PerfEventAttr
    cpu: int
    task: int
    overflow_handler: OverflowHandler | None = None
    state: PerfEventState = PerfEventState.INACTIVE
    count: int = 0
    info: ArchHwBreakpoint = field(default_factory=lambda: ArchHwBreakpoint(0, 0, 0))
    slot: int = 0
    """The debug register it was last put into."""
    oncpu: int = -1
    """The CPU it was last put on."""
    period_left: int = 0
    """Hits until the next overflow, counted up to 0."""
    event_limit: int = 0
    """Overflows until the event is disabled (PERF_EVENT_IOC_REFRESH); 0: no limit."""
    destroy: bool = True
    """Releasing the event gives its slot back; kgdb clears this."""
    parent: PerfEvent | None = None
    """The event that this one was inherited from."""
    child_count: int = 0
    """Counts of inherited events that are gone."""

    def __post_init__(self) -> None:
        """perf_event_alloc: a new event has a whole period ahead, on the wrong side."""
        self.period_left = self.attr.sample_period

    @property
    def slot_field(self) -> int:
        """The index as a record's 8-bit slot field shows it: 0..63 of the recipe, from
        128 on kgdb's, from 192 on a tracer's (docs/events.md)."""
        return slot_field(self.index)

    @property
    def counts_each_hit(self) -> bool:
        """perf itself keeps nothing from one hit to the next but the count."""
        return self.attr.sample_period in (0, 1) and not self.event_limit

    @property
    def every_hit_is_alike(self) -> bool:
        """A hit changes nothing but the count (emulator.remember may replay it)."""
        return self.overflow_handler is None and self.counts_each_hit


def slot_field(index: int) -> int:
    """PerfEvent.slot_field of an index."""
    if index >= PTRACE_INDEX:
        return 0xC0 + index % 4
    return 0x80 + (index - KGDB_INDEX) if index >= KGDB_INDEX else index


def start_period(event: PerfEvent) -> int:
    """perf_swevent_set_period: begin another period. Returns how many have ended."""
    period = event.attr.sample_period
    if event.period_left < 0:
        return 0
    ended = (period + event.period_left) // period
    event.period_left -= ended * period
    return ended


class PerfCore:
    """perf_bp_event and what lies behind it."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        overflow_needs_active: bool,
        returns_value: bool = False,
    ) -> None:
        """returns_value: the handler's value is the function's (else it is void)."""
        self._recorder = recorder
        self._needs_active = overflow_needs_active
        self._void = EventFlag(0) if returns_value else EventFlag.VOID
        self.pending_disable: list[PerfEvent] = []
        """Events whose event_limit is used up: HwBreakpoints.perf_pending ends them."""

    def perf_bp_event(self, event: PerfEvent, slot: int, frame: HandlerFrame) -> int:
        """Count the hit and call the overflow handler.

        Returns what the handler returned, NOTIFY_DONE when it was not called. To a
        kernel whose handlers are void the value means nothing.
        """
        recorder = self._recorder
        cause = recorder.cause
        excluded = self._excluded(event, frame)
        event.count += not excluded
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.perf_bp_event,
            slot=slot,
            flags=self._void,
            addr=event.index,
            value=event.count,
        )
        ret = NOTIFY_DONE if excluded else self._swevent(event, slot, frame)
        recorder.close(seq, cause, 0 if self._void else ret, aux=Callee.perf_bp_event)
        return ret

    @staticmethod
    def _excluded(event: PerfEvent, frame: HandlerFrame) -> bool:
        """perf_exclude_event()."""
        attr = event.attr
        return attr.exclude_user if frame.user_mode else attr.exclude_kernel

    def _swevent(self, event: PerfEvent, slot: int, frame: HandlerFrame) -> int:
        """perf_swevent_event, perf_swevent_overflow."""
        if not event.attr.sample_period:
            return NOTIFY_DONE
        overflows = 1
        if event.attr.sample_period > 1:
            event.period_left += 1
            overflows = start_period(event)
        ret = NOTIFY_DONE
        for _ in range(overflows):
            ret = self._overflow(event, slot, frame)
        return ret

    def _overflow(self, event: PerfEvent, slot: int, frame: HandlerFrame) -> int:
        """__perf_event_overflow."""
        if self._needs_active and event.state != PerfEventState.ACTIVE:
            return NOTIFY_DONE
        if event.event_limit:
            event.event_limit -= 1
            if not event.event_limit:
                self.pending_disable.append(event)
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.overflow_handler,
            slot=slot,
            flags=self._void,
            addr=event.index,
            value=event.count,
        )
        ret = NOTIFY_DONE
        # Without a handler perf_event_output writes to a buffer that nobody mapped.
        if event.overflow_handler is not None:
            ret = event.overflow_handler(event, frame)
        recorder.close(
            seq, cause, 0 if self._void else ret, aux=Callee.overflow_handler
        )
        return ret
