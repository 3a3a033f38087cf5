"""Which task has a CPU, and the switch between two (kernel/sched/core.c, narrowly).

Tasks of one CPU take turns at slice ends. Their breakpoints come and go with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.arch.x86.process import Threads
from emulator.events import EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.machine import Machine
from emulator.tasks import Task, TaskState

#: The interrupt that makes a CPU look for signals of its task.
RESCHEDULE_VECTOR = 0xFD


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
        self._preferred: dict[int, Task] = {}
        self.current: dict[int, Task] = {}
        self.away: set[int] = set()
        """Pids of current tasks that wait for their tracer."""
        self.threads: Threads | None = None
        """Set once by boot: the two need each other."""

    def running(self, cpu: int) -> int:
        """Pid of the task on the CPU, 0 when idle."""
        task = self.current.get(cpu)
        return 0 if task is None or task.pid in self.away else task.pid

    def prefer(self, task: Task) -> None:
        """The task gets its CPU next, and what runs there stops."""
        self._preferred[task.cpu] = task
        self._machine.cpus[task.cpu].request_stop()

    def wants_to_switch(self, cpu: Cpu) -> bool:
        """The task of the CPU cannot go on, or another one is to come."""
        task = self.current.get(cpu.index)
        stays = task is not None and task.state is TaskState.RUNNABLE
        return not stays or cpu.index in self._preferred

    def pick(self, cpu: Cpu) -> Task | None:
        """Give the CPU to the next runnable task; None when there is none."""
        queue = self._queues[cpu.index]
        runnable = [task for task in queue if task.state is TaskState.RUNNABLE]
        if not runnable:
            return None
        previous = self.current.get(cpu.index)
        chosen = runnable[0]
        preferred = self._preferred.pop(cpu.index, None)
        if preferred in runnable:
            chosen = preferred
            if chosen is previous:
                return previous
        elif previous in runnable and len(runnable) > 1:
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
            if task.state not in (TaskState.EXITED, TaskState.UNBORN)
        ]

    def _switch(self, cpu: Cpu, previous: Task | None, chosen: Task) -> None:
        recorder = self._recorder
        recorder.cpu, recorder.task = cpu.index, chosen.pid
        recorder.retired, recorder.cause = cpu.retired, 0
        recorder.rip = 0
        assert self.threads is not None
        if previous is not None and previous.state is not TaskState.EXITED:
            self._leave(cpu, previous)
        seq = recorder.open(
            EventKind.CONTEXT_SWITCH,
            value=0 if previous is None else previous.pid,
        )
        self._enter(cpu, chosen)
        self.current[cpu.index] = chosen
        self.threads.switched_in(chosen.thread, cpu.index)
        recorder.close(seq, 0)
        if chosen.process is not None and chosen.process.signals.waiting:
            cpu.interrupts_pending.append(RESCHEDULE_VECTOR)

    def _leave(self, cpu: Cpu, previous: Task) -> None:
        assert self.threads is not None
        if previous.context is None:
            previous.context = raw.Context(cpu.engine.handle)
        previous.context.save()
        cpu.forget_collected()
        self.threads.switched_out(previous.thread, cpu.index)

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
