"""Which events may run where: perf's contexts, kernel/events/core.c narrowly.

A task's events come and go with it; a CPU's are always there. Pinned ones go first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.core.arch_ops import ArchBreakpointOps
from emulator.core.perf_event import PerfEvent, PerfEventState, start_period
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder


class PerfContexts:
    """The breakpoint events of all tasks and CPUs."""

    def __init__(
        self,
        recorder: Recorder,
        arch: ArchBreakpointOps,
        cpus: int,
        running: Callable[[int], int],
        *,
        period_set_on_add: bool,
    ) -> None:
        """running(cpu): pid of the task on that CPU, 0 when idle."""
        self._recorder = recorder
        self._arch = arch
        self._cpus = cpus
        self._running = running
        self._period_set_on_add = period_set_on_add
        self._events: list[PerfEvent] = []

    def of_task(self, task: int) -> list[PerfEvent]:
        """The task's list of events, oldest first."""
        return [event for event in self._events if event.task == task]

    def inherited_from(self, event: PerfEvent) -> list[PerfEvent]:
        """What tasks that were forked have got of it."""
        return [other for other in self._events if other.parent is event]

    def listed(self, task: int) -> int:
        """Length of that list."""
        return len(self.of_task(task))

    def install(self, event: PerfEvent) -> None:
        """perf_install_in_context: list it, and run it where it may run now."""
        self._events.append(event)
        self._run(event)

    def remove(self, event: PerfEvent) -> None:
        """perf_event_remove_from_context."""
        self._stop(event, PerfEventState.OFF)
        if event in self._events:
            self._events.remove(event)

    def detach(self, task: int) -> list[PerfEvent]:
        """A task is gone: its events run no more and nothing lists them."""
        gone = self.of_task(task)
        for event in gone:
            self._stop(event, PerfEventState.OFF)
        self._events = [event for event in self._events if event.task != task]
        return gone

    def enable(self, event: PerfEvent) -> None:
        """perf_event_enable: also out of the error state."""
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.perf_event_enable
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, addr=event.index
        )
        if event.state < PerfEventState.INACTIVE:
            event.state = PerfEventState.INACTIVE
            self._run(event)
        recorder.close(seq, cause, aux=callee)

    def disable(self, event: PerfEvent) -> None:
        """perf_event_disable."""
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.perf_event_disable
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, addr=event.index
        )
        if event.state > PerfEventState.OFF:
            self._stop(event, PerfEventState.OFF)
        recorder.close(seq, cause, aux=callee)

    def sched_in(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_in: arm the task's breakpoints on the CPU."""
        wanted = [
            event
            for event in self.of_task(task)
            if event.state == PerfEventState.INACTIVE and event.cpu in (-1, cpu)
        ]
        wanted.sort(key=lambda event: not event.attr.pinned)
        with_events = self._told(Callee.perf_event_task_sched_in, task, wanted)
        for event in with_events:
            self._add(event, cpu)

    def sched_out(self, task: int, cpu: int) -> None:
        """perf_event_task_sched_out."""
        active = [
            event
            for event in self.of_task(task)
            if event.state == PerfEventState.ACTIVE and event.oncpu == cpu
        ]
        for event in self._told(Callee.perf_event_task_sched_out, task, active):
            self._stop(event, PerfEventState.INACTIVE)

    def _told(
        self, callee: Callee, task: int, events: list[PerfEvent]
    ) -> Iterator[PerfEvent]:
        """The events inside a CALL; a task without any says nothing."""
        if not events:
            return
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, value=task
        )
        yield from events
        recorder.close(seq, cause, aux=callee)

    def _run(self, event: PerfEvent) -> None:
        """Put it on the CPU where it belongs at this moment, if there is one."""
        if not event.task:
            self._add(event, event.cpu)
            return
        for cpu in range(self._cpus):
            if self._running(cpu) == event.task and event.cpu in (-1, cpu):
                self._add(event, cpu)

    def _add(self, event: PerfEvent, cpu: int) -> None:
        """event_sched_in, pmu->add."""
        if event.state != PerfEventState.INACTIVE:
            return
        if self._period_set_on_add and event.attr.sample_period:
            start_period(event)
        try:
            self._arch.arch_install_hw_breakpoint(event, cpu)
        except KernelError:
            if event.attr.pinned:
                event.state = PerfEventState.ERROR
            return
        event.state = PerfEventState.ACTIVE
        event.oncpu = cpu

    def _stop(self, event: PerfEvent, state: PerfEventState) -> None:
        """event_sched_out, pmu->del; an event in error stays so unless it ends."""
        if event.state == PerfEventState.ACTIVE:
            self._arch.arch_uninstall_hw_breakpoint(event, event.oncpu)
        event.state = state
