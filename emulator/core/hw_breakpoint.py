"""Registering, changing and releasing breakpoints: kernel/events/hw_breakpoint.c.

What differs between releases is asked of the switches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from emulator.core.arch_ops import ArchBreakpointOps
from emulator.core.perf_context import PerfContexts
from emulator.core.perf_event import (
    PERF_TYPE_BREAKPOINT,
    ArchHwBreakpoint,
    OverflowHandler,
    PerfEvent,
    PerfEventAttr,
    PerfEventState,
    slot_field,
)
from emulator.core.reservation import Reservations
from emulator.core.slots import ConstraintSlots, CpuSlots, EventListSlots
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import DebugState, Switches

EPERM, ENOENT, EINVAL = 1, 2, 22
_U8 = 0xFF
_U64 = (1 << 64) - 1


class HwBreakpoints:
    """The breakpoints of one machine, for tasks and for CPUs."""

    def __init__(
        self,
        recorder: Recorder,
        arch: ArchBreakpointOps,
        cpus: int,
        running: Callable[[int], int],
        switches: Switches,
    ) -> None:
        """running(cpu) is the pid of the task on that CPU, 0 when idle."""
        self._recorder = recorder
        self._arch = arch
        self._cpus = cpus
        self._switches = switches
        self.contexts = PerfContexts(
            recorder,
            arch,
            cpus,
            running,
            period_set_on_add=switches.period_set_on_add,
        )
        slots: ConstraintSlots | EventListSlots = ConstraintSlots(cpus)
        if switches.slots_by_event_list:
            slots = EventListSlots(cpus, self.contexts.listed)
        self.reservations = Reservations(
            slots, recorder, exactly_full=switches.slots_exactly_full
        )

    # Registration.

    def register_user_hw_breakpoint(
        self,
        index: int,
        attr: PerfEventAttr,
        task: int,
        triggered: OverflowHandler | None = None,
    ) -> PerfEvent:
        """A breakpoint that follows one task. Raises KernelError."""
        return self._registered(
            Callee.register_user_hw_breakpoint,
            index,
            attr,
            lambda: [self._create(index, attr, -1, task, triggered)],
        )[0]

    def register_wide_hw_breakpoint(
        self,
        index: int,
        attr: PerfEventAttr,
        triggered: OverflowHandler | None = None,
    ) -> list[PerfEvent]:
        """One event on each CPU; on the first error those already made are undone."""
        return self._registered(
            Callee.register_wide_hw_breakpoint,
            index,
            attr,
            lambda: self._create_on_all(index, attr, triggered),
        )

    def register_perf_cpu(
        self,
        index: int,
        attr: PerfEventAttr,
        cpu: int,
        triggered: OverflowHandler | None = None,
    ) -> PerfEvent:
        """A breakpoint of one CPU. Raises KernelError."""
        return self._registered(
            Callee.register_perf_cpu_breakpoint,
            index,
            attr,
            lambda: [self._create(index, attr, cpu, 0, triggered)],
        )[0]

    def perf_event_create_kernel_counter(
        self,
        index: int,
        attr: PerfEventAttr,
        cpu: int,
        task: int,
        triggered: OverflowHandler | None = None,
        *,
        capable: bool = True,
    ) -> PerfEvent:
        """Any pair of cpu (-1: all) and task (0: none), as perf_event_open has it.

        capable: the caller has CAP_SYS_ADMIN. Raises KernelError.
        """
        return self._registered(
            Callee.perf_event_create_kernel_counter,
            index,
            attr,
            lambda: [self._create(index, attr, cpu, task, triggered, capable)],
        )[0]

    def unregister_hw_breakpoint(self, event: PerfEvent | None) -> None:
        """perf_event_release_kernel: out of the hardware, slot free. NULL is allowed."""
        if event is None:
            return
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.unregister_hw_breakpoint
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, addr=event.index
        )
        self.contexts.remove(event)
        if event.destroy and self.reservations.holds(event):
            self.reservations.release_bp_slot(event)
        self._tell(EventKind.BREAKPOINT_UNREGISTERED, callee, event.index, event.attr)
        recorder.close(seq, cause)

    def unregister_wide_hw_breakpoint(self, events: Sequence[PerfEvent]) -> None:
        """All events of one wide breakpoint."""
        for event in events:
            self.unregister_hw_breakpoint(event)

    # Changes.

    def modify_user_hw_breakpoint(
        self, event: PerfEvent, attr: PerfEventAttr, *, check: bool = False
    ) -> None:
        """Take address, length, type and disabled from attr; the old ones on an error.

        check: PERF_EVENT_IOC_MODIFY_ATTRIBUTES, which lets nothing else differ (EINVAL).
        Raises KernelError.
        """
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.modify_user_hw_breakpoint
        seq = recorder.open(EventKind.CALL, aux=callee, addr=event.index)
        errno = 0
        try:
            self.contexts.disable(event)
            self._modify(event, attr, check)
        except KernelError as error:
            errno = error.errno
            raise
        finally:
            if not event.attr.disabled:
                self.contexts.enable(event)
            self._tell_changed(callee, event, attr, errno)
            recorder.close(seq, cause, -errno, aux=callee)

    def perf_event_enable(self, event: PerfEvent) -> None:
        """PERF_EVENT_IOC_ENABLE."""
        self.contexts.enable(event)
        self._tell_changed(Callee.perf_event_enable, event, event.attr, 0)

    def perf_event_disable(self, event: PerfEvent) -> None:
        """PERF_EVENT_IOC_DISABLE."""
        self.contexts.disable(event)
        self._tell_changed(Callee.perf_event_disable, event, event.attr, 0)

    def perf_event_refresh(self, event: PerfEvent, overflows: int) -> None:
        """PERF_EVENT_IOC_REFRESH: enabled for so many overflows more. EINVAL where an
        event that is inherited, or only counts, has none to be limited."""
        if event.attr.inherit or not event.attr.sample_period:
            raise KernelError(EINVAL, "no overflows that could be limited")
        event.event_limit += overflows
        self.perf_event_enable(event)

    def perf_pending(self, events: list[PerfEvent]) -> None:
        """perf_pending_event: end those whose event_limit is used up; empties the list."""
        while events:
            self.perf_event_disable(events.pop(0))

    # Tasks.

    def sched_in(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_in: arm the task's breakpoints on the CPU."""
        self.contexts.sched_in(task, cpu)

    def sched_out(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_out."""
        self.contexts.sched_out(task, cpu)

    def fork_task(self, parent: int, child: int) -> None:
        """perf_event_init_task: the child gets what its parent lets be inherited."""
        for event in self.contexts.of_task(parent):
            if event.attr.inherit:
                self._inherit(event, child)

    def exit_task(self, task: int) -> None:
        """perf_event_exit_task: the task's breakpoints are gone."""
        for event in self.contexts.detach(task):
            if event.parent is not None:
                event.parent.child_count += event.count
            self.unregister_hw_breakpoint(event)

    # Slots.

    def reserve_bp_slot(self, event: PerfEvent) -> None:
        """Take a slot. KernelError: EINVAL for an empty type, ENOSPC when full."""
        self.reservations.reserve_bp_slot(event)

    def release_bp_slot(self, event: PerfEvent) -> None:
        """Give the slot back."""
        self.reservations.release_bp_slot(event)

    def dbg_reserve_bp_slot(self, event: PerfEvent) -> int:
        """0, -1 when somebody is inside the accounting, or -errno."""
        return self.reservations.dbg_reserve_bp_slot(event)

    def dbg_release_bp_slot(self, event: PerfEvent) -> int:
        """0, or -1 when somebody is inside the accounting."""
        return self.reservations.dbg_release_bp_slot(event)

    @property
    def hw_breakpoint_is_used(self) -> bool:
        """Somebody holds a slot."""
        return any(cpu.own or cpu.tasks for cpu in self.slots_view())

    def slots_view(self) -> list[CpuSlots]:
        """Who holds what, per CPU."""
        return self.reservations.view()

    # Parts.

    def _registered(
        self,
        callee: Callee,
        index: int,
        attr: PerfEventAttr,
        create: Callable[[], list[PerfEvent]],
    ) -> list[PerfEvent]:
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=callee, addr=index)
        errno = 0
        try:
            return create()
        except KernelError as error:
            errno = error.errno
            raise
        finally:
            kind = EventKind.BREAKPOINT_REGISTERED
            self._tell(kind, callee, index, attr, errno=errno)
            recorder.close(seq, cause, -errno, aux=callee)

    def _create_on_all(
        self, index: int, attr: PerfEventAttr, triggered: OverflowHandler | None
    ) -> list[PerfEvent]:
        made: list[PerfEvent] = []
        try:
            for cpu in range(self._cpus):
                made.append(self._create(index, attr, cpu, 0, triggered))
        except KernelError:
            self.unregister_wide_hw_breakpoint(made)
            raise
        return made

    def _create(
        self,
        index: int,
        attr: PerfEventAttr,
        cpu: int,
        task: int,
        triggered: OverflowHandler | None,
        capable: bool = True,
    ) -> PerfEvent:
        """perf_event_alloc to perf_install_in_context."""
        if self._switches.debug_state is DebugState.thread:
            raise KernelError(EINVAL, "this kernel has no breakpoint events")
        if attr.type != PERF_TYPE_BREAKPOINT:
            raise KernelError(ENOENT, "no event of type breakpoint")
        event = PerfEvent(index, replace(attr), cpu, task, triggered)
        self._register_perf_hw_breakpoint(event, capable)
        if attr.disabled:
            event.state = PerfEventState.OFF
        self.contexts.install(event)
        return event

    def _register_perf_hw_breakpoint(self, event: PerfEvent, capable: bool) -> None:
        """Reserve first, validate second: -ENOSPC wins over -EINVAL."""
        self.reserve_bp_slot(event)
        unseen = event.attr.disabled and event.overflow_handler is not None
        if unseen and self._switches.register_skips_disabled:
            return
        try:
            event.info = self._parse(event.attr, event.task, capable)
        except KernelError:
            self.release_bp_slot(event)
            raise

    def _parse(
        self, attr: PerfEventAttr, task: int, capable: bool = True
    ) -> ArchHwBreakpoint:
        info = self._arch.hw_breakpoint_arch_parse(attr, task=task)
        if self._switches.parse_space_by_target:
            return info
        if self._arch.arch_check_bp_in_kernelspace(info):
            if attr.exclude_kernel:
                raise KernelError(EINVAL, "kernel address with exclude_kernel")
            if not capable:
                raise KernelError(EPERM, "kernel address without CAP_SYS_ADMIN")
        return info

    def _modify(self, event: PerfEvent, attr: PerfEventAttr, check: bool) -> None:
        old = event.attr
        wanted = replace(
            old,
            bp_addr=attr.bp_addr,
            bp_len=attr.bp_len,
            bp_type=attr.bp_type,
            disabled=attr.disabled,
        )
        if check and wanted != attr:
            raise KernelError(EINVAL, "only address, length and type may change")
        if not (attr.disabled and self._switches.modify_skips_disabled):
            event.info = self._parse(wanted, event.task)
        event.attr = wanted

    def _inherit(self, event: PerfEvent, child: int) -> None:
        """inherit_event."""
        attr = replace(event.attr)
        parent = event.parent or event
        made = PerfEvent(
            event.index, attr, event.cpu, child, event.overflow_handler, parent=parent
        )
        self._register_perf_hw_breakpoint(made, capable=True)
        if event.state < PerfEventState.INACTIVE:
            made.state = PerfEventState.OFF
        self.contexts.install(made)
        callee = Callee.perf_event_create_kernel_counter
        self._tell(EventKind.BREAKPOINT_REGISTERED, callee, made.index, attr)

    def _tell_changed(
        self, callee: Callee, event: PerfEvent, attr: PerfEventAttr, errno: int
    ) -> None:
        off = event.state < PerfEventState.INACTIVE
        kind = EventKind.BREAKPOINT_CHANGED
        self._tell(kind, callee, event.index, attr, errno=errno, more=off << 16)

    def _tell(
        self,
        kind: EventKind,
        callee: Callee,
        index: int,
        attr: PerfEventAttr,
        *,
        errno: int = 0,
        more: int = 0,
    ) -> None:
        self._recorder.emit(
            kind,
            slot=slot_field(index),
            addr=attr.bp_addr & _U64,
            value=attr.bp_len & _U8 | attr.bp_type << 8 | more,
            ret=-errno,
            aux=callee,
        )
