"""Slot accounting and registration: kernel/events/hw_breakpoint.c (6.x).

A new breakpoint fits when on every CPU it may run on the CPU's own breakpoints plus the
tasks' leave one of HBP_NUM slots free. The kernel keeps histograms for that; here the
events themselves are counted, which gives the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.core.arch_ops import ArchBreakpointOps
from emulator.core.perf_event import (
    BpType,
    PerfEvent,
    PerfEventAttr,
    PerfEventState,
)
from emulator.errors import KernelError
from emulator.events import NO_SLOT, Callee, EventFlag, EventKind
from emulator.recorder import Recorder

HBP_NUM = 4
EINVAL, ENOSPC = 22, 28


class HwBreakpoints:
    """Registration for tasks and CPUs."""

    def __init__(
        self,
        recorder: Recorder,
        arch: ArchBreakpointOps,
        cpus: int,
        running: Callable[[int], int],
    ) -> None:
        """running(cpu) is the pid of the task on that CPU, 0 when idle."""
        self._recorder = recorder
        self._arch = arch
        self._cpus = cpus
        self._running = running
        self._reserved: list[PerfEvent] = []
        self._task_events: list[PerfEvent] = []

    def register_user_hw_breakpoint(
        self, index: int, attr: PerfEventAttr, task: int
    ) -> PerfEvent:
        """A breakpoint that follows one task. Raises KernelError."""
        return self._registered(
            Callee.register_user_hw_breakpoint,
            index,
            attr,
            lambda: [self._create(index, attr, -1, task)],
        )[0]

    def register_wide_hw_breakpoint(
        self, index: int, attr: PerfEventAttr
    ) -> list[PerfEvent]:
        """One event on each CPU; on the first error those already made are undone."""
        return self._registered(
            Callee.register_wide_hw_breakpoint,
            index,
            attr,
            lambda: self._create_on_all(index, attr),
        )

    def unregister_hw_breakpoint(self, event: PerfEvent) -> None:
        """perf_event_release_kernel: out of the hardware, slot free again."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.unregister_hw_breakpoint,
            flags=EventFlag.VOID,
            addr=event.index,
        )
        self._release(event)
        recorder.emit(
            EventKind.BREAKPOINT_UNREGISTERED,
            slot=event.index & 0xFF,
            addr=event.attr.bp_addr,
            value=event.attr.bp_len | event.attr.bp_type << 8,
            aux=Callee.unregister_hw_breakpoint,
        )
        recorder.close(seq, cause)

    def unregister_wide_hw_breakpoint(self, events: Sequence[PerfEvent]) -> None:
        """All events of one wide breakpoint."""
        for event in events:
            self.unregister_hw_breakpoint(event)

    def sched_in(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_in: arm the task's breakpoints on the CPU."""
        for event in self._task_events:
            if event.task == task and event.cpu in (-1, cpu):
                self._install(event, cpu)

    def sched_out(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_out."""
        for event in self._task_events:
            if event.task == task and event.state == PerfEventState.ACTIVE:
                self._arch.arch_uninstall_hw_breakpoint(event, cpu)
                event.state = PerfEventState.INACTIVE

    def exit_task(self, task: int, cpu: int) -> None:
        """perf_event_exit_task: the task's breakpoints are gone."""
        for event in [e for e in self._task_events if e.task == task]:
            if event.state == PerfEventState.ACTIVE:
                self._arch.arch_uninstall_hw_breakpoint(event, cpu)
                event.state = PerfEventState.OFF
            self.unregister_hw_breakpoint(event)

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
            recorder.emit(
                EventKind.BREAKPOINT_REGISTERED,
                slot=index & 0xFF,
                addr=attr.bp_addr,
                value=attr.bp_len | attr.bp_type << 8,
                ret=-errno,
                aux=callee,
            )
            recorder.close(seq, cause, -errno, aux=callee)

    def _create_on_all(self, index: int, attr: PerfEventAttr) -> list[PerfEvent]:
        made: list[PerfEvent] = []
        try:
            for cpu in range(self._cpus):
                made.append(self._create(index, attr, cpu, 0))
        except KernelError:
            self.unregister_wide_hw_breakpoint(made)
            raise
        return made

    def _create(
        self, index: int, attr: PerfEventAttr, cpu: int, task: int
    ) -> PerfEvent:
        """perf_event_create_kernel_counter, down to arch_install when it may run now."""
        event = PerfEvent(index, attr, cpu, task)
        self._register_perf_hw_breakpoint(event)
        if attr.disabled:
            event.state = PerfEventState.OFF
            return event
        if task:
            self._task_events.append(event)
            for on in range(self._cpus):
                if self._running(on) == task:
                    self._install(event, on)
        else:
            self._install(event, cpu)
        return event

    def _register_perf_hw_breakpoint(self, event: PerfEvent) -> None:
        """Reserve first, validate second: -ENOSPC wins over -EINVAL."""
        self.reserve_bp_slot(event)
        try:
            event.info = self._arch.hw_breakpoint_arch_parse(event.attr)
            self._check_space(event)
        except KernelError:
            self.release_bp_slot(event)
            raise

    def _check_space(self, event: PerfEvent) -> None:
        # The caller is kernel code, so CAP_SYS_ADMIN is given (EPERM cannot happen).
        in_kernel = self._arch.arch_check_bp_in_kernelspace(event.info)
        if in_kernel and event.attr.exclude_kernel:
            raise KernelError(EINVAL, "kernel address with exclude_kernel")

    def reserve_bp_slot(self, event: PerfEvent) -> None:
        """Take a slot. KernelError: EINVAL for an empty type, ENOSPC when full."""
        error: KernelError | None = None
        if event.attr.bp_type in (BpType.EMPTY, BpType.INVALID):
            error = KernelError(EINVAL, "breakpoint without a type")
        elif self._most_used(event) >= HBP_NUM:
            error = KernelError(ENOSPC, "all four slots are taken")
        else:
            self._reserved.append(event)
        self._slot_event(EventKind.SLOT_RESERVED, event, -error.errno if error else 0)
        if error:
            raise error

    def release_bp_slot(self, event: PerfEvent) -> None:
        """Give the slot back."""
        self._reserved.remove(event)
        self._slot_event(EventKind.SLOT_RELEASED, event, 0)

    def _slot_event(self, kind: EventKind, event: PerfEvent, ret: int) -> None:
        reserving = kind is EventKind.SLOT_RESERVED
        self._recorder.emit(
            kind,
            slot=NO_SLOT,
            addr=event.cpu & 0xFFFFFFFFFFFFFFFF,
            value=self._most_used(event),
            ret=ret,
            aux=Callee.reserve_bp_slot if reserving else Callee.release_bp_slot,
        )

    def _most_used(self, event: PerfEvent) -> int:
        """Slots in use where the event competes, on its worst CPU."""
        cpus = range(self._cpus) if event.cpu < 0 else [event.cpu]
        return max(self._used(cpu, event.task) for cpu in cpus)

    def _used(self, cpu: int, task: int) -> int:
        own = sum(1 for e in self._reserved if not e.task and e.cpu == cpu)
        per_task: dict[int, int] = {}
        for event in self._reserved:
            if event.task and event.cpu in (-1, cpu):
                per_task[event.task] = per_task.get(event.task, 0) + 1
        if task:
            return own + per_task.get(task, 0)
        return own + max(per_task.values(), default=0)

    def _install(self, event: PerfEvent, cpu: int) -> None:
        if event.state == PerfEventState.ACTIVE:
            return
        try:
            self._arch.arch_install_hw_breakpoint(event, cpu)
        except KernelError:
            event.state = (
                PerfEventState.ERROR
            )  # a pinned event that could not be put on
            return
        event.state = PerfEventState.ACTIVE

    def _release(self, event: PerfEvent) -> None:
        if event.state == PerfEventState.ACTIVE:
            for cpu in range(self._cpus):
                if event.cpu == cpu or (
                    event.task and self._running(cpu) == event.task
                ):
                    self._arch.arch_uninstall_hw_breakpoint(event, cpu)
        event.state = PerfEventState.OFF
        if event in self._task_events:
            self._task_events.remove(event)
        if event in self._reserved:
            self.release_bp_slot(event)
