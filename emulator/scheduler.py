"""Which task has a CPU, and the switch between two (kernel/sched/core.c, narrowly).

Tasks of one CPU take turns at slice ends. Their breakpoints come and go with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.events import EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.machine import Machine
from emulator.tasks import Task, TaskState


class Scheduler:
    """The run queues of a machine."""

    def __init__(
        self, machine: Machine, tasks: Sequence[Task], recorder: Recorder
    ) -> None:
        self._machine = machine
        self._recorder = recorder
        self._queues: list[list[Task]] = [
            [task for task in tasks if task.cpu == cpu.index] for cpu in machine.cpus
        ]
        self.current: dict[int, Task] = {}
        self.breakpoints: HwBreakpoints | None = None
        """Set once by boot: the two need each other."""

    def running(self, cpu: int) -> int:
        """Pid of the task on the CPU, 0 when idle."""
        task = self.current.get(cpu)
        return 0 if task is None else task.pid

    def pick(self, cpu: Cpu) -> Task | None:
        """Give the CPU to the next runnable task; None when there is none."""
        queue = self._queues[cpu.index]
        runnable = [task for task in queue if task.state is TaskState.RUNNABLE]
        if not runnable:
            return None
        previous = self.current.get(cpu.index)
        chosen = runnable[0]
        if previous in runnable and len(runnable) > 1:
            chosen = runnable[(runnable.index(previous) + 1) % len(runnable)]
        elif previous in runnable:
            return previous
        self._switch(cpu, previous, chosen)
        return chosen

    @property
    def left(self) -> list[Task]:
        """Tasks that have not ended."""
        return [
            task
            for queue in self._queues
            for task in queue
            if task.state is not TaskState.EXITED
        ]

    def _switch(self, cpu: Cpu, previous: Task | None, chosen: Task) -> None:
        recorder = self._recorder
        recorder.cpu, recorder.task = cpu.index, chosen.pid
        recorder.retired, recorder.cause = cpu.retired, 0
        recorder.rip = 0
        assert self.breakpoints is not None
        if previous is not None and previous.state is not TaskState.EXITED:
            self._leave(cpu, previous)
        seq = recorder.open(
            EventKind.CONTEXT_SWITCH,
            value=0 if previous is None else previous.pid,
        )
        self._enter(cpu, chosen)
        self.current[cpu.index] = chosen
        self.breakpoints.sched_in(chosen.pid, cpu.index)
        recorder.close(seq, 0)

    def _leave(self, cpu: Cpu, previous: Task) -> None:
        assert self.breakpoints is not None
        if previous.context is None:
            previous.context = raw.Context(cpu.engine.handle)
        previous.context.save()
        cpu.forget_collected()
        self.breakpoints.sched_out(previous.pid, cpu.index)

    def _enter(self, cpu: Cpu, task: Task) -> None:
        if task.context is not None:
            task.context.restore()
            cpu.regs.write(raw.CR3, task.space.root)
            cpu.switch_space(task.space)
            return
        first = dict(task.first_registers)
        self._machine.enter(
            cpu,
            task.space,
            rip=first.pop("rip", task.entry),
            rsp=first.pop("rsp", 0),
            user=task.user,
            rflags=first.pop("rflags", 0x202),
            registers=first,
        )
        task.started = True
        self._recorder.emit(
            EventKind.TASK_START,
            flags=EventFlag.USER if task.user else 0,
            value=task.entry,
        )
