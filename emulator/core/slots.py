"""Who holds the four registers, by count: the constraints of kernel/events/hw_breakpoint.c.

One interface, two ways to count. Slots are numbers here: which register an event gets is
decided when it is scheduled in (arch.x86.install).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from emulator.core.perf_event import PerfEvent

HBP_NUM = 4
_U32 = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What a decision about one CPU adds up."""

    cpu: int
    own: int
    """Breakpoints of the CPU itself."""
    tasks: int
    """Those of the task asked for, or of the task that has most."""
    task: int
    """Pid of that task, 0 for none."""
    flexible: int = 0
    """Unpinned ones. No kernel counts them apart: they are pinned like all."""

    @property
    def pinned(self) -> int:
        """Slots taken where the new event wants one."""
        return self.own + self.tasks


@dataclass(frozen=True, slots=True)
class CpuSlots:
    """Who holds what on one CPU: indexes of events, in the order of their coming."""

    cpu: int
    own: tuple[int, ...]
    tasks: Mapping[int, tuple[int, ...]]
    """By pid; events that follow a task everywhere stand under each CPU."""


class SlotAccounting(Protocol):
    """Decides whether one more event fits."""

    def arithmetic(self, event: PerfEvent) -> Arithmetic:
        """Of the CPU that decides: the fullest one that the event may run on."""

    def take(self, event: PerfEvent) -> None:
        """Count it. It is not asked again whether it fits."""

    def give_back(self, event: PerfEvent) -> None:
        """Count it no more."""

    def holds(self, event: PerfEvent) -> bool:
        """It has been counted."""

    def view(self) -> list[CpuSlots]:
        """Who holds what, per CPU."""


class _Held:
    """The events that were counted, in order; the part that both ways share."""

    def __init__(self, cpus: int) -> None:
        self._cpus = cpus
        self._events: list[PerfEvent] = []

    def holds(self, event: PerfEvent) -> bool:
        """It has been counted."""
        return event in self._events

    def cpus_of(self, event: PerfEvent) -> Iterable[int]:
        """Where it may run."""
        return range(self._cpus) if event.cpu < 0 else [event.cpu]

    def view(self) -> list[CpuSlots]:
        """Who holds what, per CPU."""
        return [self._view_of(cpu) for cpu in range(self._cpus)]

    def _view_of(self, cpu: int) -> CpuSlots:
        here = [e for e in self._events if e.cpu in (-1, cpu)]
        tasks: dict[int, tuple[int, ...]] = {}
        for event in here:
            if event.task:
                tasks[event.task] = (*tasks.get(event.task, ()), event.index)
        return CpuSlots(cpu, tuple(e.index for e in here if not e.task), tasks)


class ConstraintSlots(_Held):
    """Today's rule. A CPU's own breakpoints compete with the task that has most there,
    tasks with nobody but the CPU. The kernel keeps histograms for it; counting the
    events gives the same answers."""

    def arithmetic(self, event: PerfEvent) -> Arithmetic:
        """Of the fullest CPU."""
        each = [self._on(cpu, event.task) for cpu in self.cpus_of(event)]
        return max(each, key=lambda found: found.pinned)

    def _on(self, cpu: int, task: int) -> Arithmetic:
        view = self._view_of(cpu)
        counts = {pid: len(events) for pid, events in view.tasks.items()}
        if task:
            return Arithmetic(cpu, len(view.own), counts.get(task, 0), task)
        most = max(counts, key=lambda pid: counts[pid], default=0)
        return Arithmetic(cpu, len(view.own), counts.get(most, 0), most)

    def take(self, event: PerfEvent) -> None:
        """Count it."""
        self._events.append(event)

    def give_back(self, event: PerfEvent) -> None:
        """Count it no more."""
        self._events.remove(event)


class EventListSlots(_Held):
    """The counting of 2.6.33 to 2.6.35.

    Per CPU a number of its own events, and how many tasks have one, two … of them. How
    many a task has is looked up in its list of events, on whatever CPU those may run; an
    event is not in the list yet while it asks, and not any more while it gives back. A
    task that exits has lost its list before its events give back, so that its place in
    the histogram stays taken for ever.
    """

    def __init__(self, cpus: int, listed: Callable[[int], int]) -> None:
        """listed(pid): breakpoint events in that task's context."""
        super().__init__(cpus)
        self._listed = listed
        self._own = [0] * cpus
        self._tasks_with = [[0] * HBP_NUM for _ in range(cpus)]

    def arithmetic(self, event: PerfEvent) -> Arithmetic:
        """Of the fullest CPU."""
        each = [self._on(cpu, event.task) for cpu in self.cpus_of(event)]
        return max(each, key=lambda found: found.pinned)

    def _on(self, cpu: int, task: int) -> Arithmetic:
        if task:
            return Arithmetic(cpu, self._own[cpu], self._listed(task), task)
        most = self._max_task_bp_pinned(cpu)
        having = (p for p in self._view_of(cpu).tasks if self._listed(p) == most)
        return Arithmetic(cpu, self._own[cpu], most, next(having, 0))

    def _max_task_bp_pinned(self, cpu: int) -> int:
        taken = (n + 1 for n, tasks in enumerate(self._tasks_with[cpu]) if tasks)
        return max(taken, default=0)

    def take(self, event: PerfEvent) -> None:
        """Count it."""
        self._events.append(event)
        self._toggle(event, 1)

    def give_back(self, event: PerfEvent) -> None:
        """Count it no more."""
        self._events.remove(event)
        self._toggle(event, -1)

    def _toggle(self, event: PerfEvent, step: int) -> None:
        if not event.task:
            self._own[event.cpu] += step
            return
        others = self._listed(event.task)
        for cpu in self.cpus_of(event):
            self._change(cpu, others, step)
            if others:
                self._change(cpu, others - 1, -step)

    def _change(self, cpu: int, place: int, step: int) -> None:
        # The numbers are unsigned: one below nothing counts as a task. Past the end
        # the kernel writes into whatever lies there; here it is lost.
        if place < HBP_NUM:
            histogram = self._tasks_with[cpu]
            histogram[place] = (histogram[place] + step) & _U32
