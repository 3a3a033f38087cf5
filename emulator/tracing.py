"""The tracer of a traced task: what happens between a stop and PTRACE_CONT.

A stopped task is off its CPU, as in Linux: its breakpoints leave the registers, the tracer
pokes, and they come back when it goes on. All of it takes no guest time (decisions D2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.arch.x86.process import Threads
from emulator.arch.x86.step import user_disable_single_step, user_enable_single_step
from emulator.events import EventKind
from emulator.linux.signal_state import SIGTRAP, SignalInfo
from emulator.processors import Processors, PtRegs
from emulator.recorder import Recorder
from emulator.scheduler import Scheduler
from emulator.target.cpu import Cpu
from emulator.target.instructions import LONGEST, decode
from emulator.tasks import Task


@dataclass(frozen=True, slots=True)
class Resume:
    """How the task goes on."""

    signal: int = 0
    """Given to the task, 0 for none."""
    step: bool = False
    """PTRACE_SINGLESTEP instead of PTRACE_CONT."""


#: (task, signal, its registers): what a tracer does at a stop.
AtStop = Callable[[Task, SignalInfo, PtRegs], Resume]


def drop_traps(_task: Task, info: SignalInfo, _regs: PtRegs) -> Resume:
    """The tracer of a recipe: SIGTRAP is for itself, all others are for the task."""
    return Resume(0 if info.number == SIGTRAP else info.number)


class Tracer:
    """One for all traced tasks of a machine."""

    def __init__(
        self,
        threads: Threads,
        scheduler: Scheduler,
        processors: Processors,
        recorder: Recorder,
    ) -> None:
        self._threads = threads
        self._scheduler = scheduler
        self._processors = processors
        self._recorder = recorder
        self.at_stop: AtStop = drop_traps

    def stopped(self, task: Task, info: SignalInfo) -> int:
        """ptrace_stop() for a signal; returns the one that the task goes on with."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.PTRACE_STOP, value=info.number, aux=info.code & 0xFFFF
        )
        on_cpu = self._scheduler.current.get(task.cpu) is task
        if on_cpu:
            self._threads.switched_out(task.thread, task.cpu)
            self._scheduler.away.add(task.pid)
        regs = PtRegs(self._cpu(task))
        resume = self.at_stop(task, info, regs)
        if on_cpu:
            before = regs.flags
            flags = self.resumed_flags(task, before, regs.ip, resume)
            if flags != before:
                regs.flags = flags
            self._scheduler.away.discard(task.pid)
            self._threads.switched_in(task.thread, task.cpu)
        recorder.close(seq, cause)
        return resume.signal

    def resumed_flags(self, task: Task, flags: int, ip: int, resume: Resume) -> int:
        """RFLAGS that PTRACE_CONT or PTRACE_SINGLESTEP lets the task go on with."""
        if not resume.step:
            return user_disable_single_step(task.thread, flags)
        found = decode(self._cpu(task).space.mapped_bytes(ip, LONGEST))
        sets_tf = found is not None and found.pops_flags
        return user_enable_single_step(task.thread, flags, sets_tf=sets_tf)

    def _cpu(self, task: Task) -> Cpu:
        return self._processors.machine.cpus[task.cpu]
