"""The CPUs of a machine as the kernel model sees them: frames, and telling of another one.

Fulfils emulator.kgdb.ports.Machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import ExceptionFrame, SendSignal, Thread
from emulator.errors import KernelError
from emulator.events import EventFlag, EventKind
from emulator.kgdb.ports import TaskFacts
from emulator.photographer import Photographer
from emulator.recorder import Recorder
from emulator.snapshot import Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF
from emulator.target.machine import Machine
from emulator.tasks import Task, TaskState

_EINVAL = 22
#: gdb's names for emulator.target.raw.NAMES, as far as gdb has them.
_GDB_NAMES = [name.lower() for name in raw.NAMES]
_PLACES = {name: place for place, name in enumerate(_GDB_NAMES)}


class PtRegs:
    """arch.x86's view of the interrupted registers: cpu.regs with RF where it belongs."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu

    @property
    def flags(self) -> int:
        """RFLAGS of the image."""
        rf = FLAG_RF if self._cpu.image_rf else 0
        return self._cpu.regs.values[raw.EFLAGS] | rf

    @flags.setter
    def flags(self, value: int) -> None:
        self._cpu.image_rf = bool(value & FLAG_RF)
        plain = value & ~FLAG_RF
        if plain != self._cpu.regs.values[raw.EFLAGS]:
            self._cpu.regs.values[raw.EFLAGS] = plain
            self._cpu.touch()

    @property
    def ip(self) -> int:
        """RIP of the image."""
        return self._cpu.regs.values[raw.RIP]

    @ip.setter
    def ip(self, value: int) -> None:
        self._cpu.regs.values[raw.RIP] = value
        self._cpu.touch()


class Processors:
    """All CPUs with their shadow state and who runs on them."""

    def __init__(
        self,
        machine: Machine,
        states: list[CpuState],
        current: Mapping[int, Task],
        recorder: Recorder,
        photographer: Photographer,
    ) -> None:
        """current: the task on each CPU; none where it is idle."""
        self.machine = machine
        self.states = states
        self.current = current
        self.count = len(machine.cpus)
        self._recorder = recorder
        self._photographer = photographer
        self.all_tasks: Sequence[Task] = ()
        """Set by boot: the recipe's tasks."""
        self._idle = [Thread(0) for _ in machine.cpus]

    def thread(self, cpu: int) -> Thread:
        """current->thread; an idle thread where no task runs."""
        task = self.current.get(cpu)
        return self._idle[cpu] if task is None or task.ended else task.thread

    def frame(self, cpu: Cpu, send_signal: SendSignal | None = None) -> ExceptionFrame:
        """The exception that this CPU has just taken; cpu.regs are loaded."""
        return ExceptionFrame(
            self.states[cpu.index],
            self.thread(cpu.index),
            PtRegs(cpu),
            self._recorder,
            user_mode=bool(cpu.regs.values[raw.CS] & 3),
            send_signal=send_signal,
        )

    def tell(self, cpu: Cpu) -> None:
        """What is recorded from now on happens on this CPU, with no cause."""
        recorder = self._recorder
        recorder.cpu = cpu.index
        recorder.task = self.thread(cpu.index).pid
        recorder.retired = cpu.now
        recorder.rip = cpu.regs.values[raw.RIP]
        recorder.cause = 0

    # emulator.kgdb.ports.Machine

    @contextmanager
    def on(self, cpu: int) -> Iterator[ExceptionFrame]:
        """Tell the story of another CPU for a while."""
        recorder = self._recorder
        before = (
            recorder.cpu,
            recorder.task,
            recorder.retired,
            recorder.rip,
            recorder.cause,
        )
        other = self.machine.cpus[cpu]
        if recorder.cpu != cpu:
            other.regs.load()
            other.image_rf = False  # an NMI between two instructions: RF as it was, 0
            self.tell(other)
            recorder.retired = other.retired
        yield self.frame(other)
        (
            recorder.cpu,
            recorder.task,
            recorder.retired,
            recorder.rip,
            recorder.cause,
        ) = before

    def photograph(self, frame: ExceptionFrame, seq: int, moment: Moment) -> None:
        """Take a snapshot of the frame's CPU."""
        index = frame.state.index
        self._photographer.take(
            seq, moment, self.machine.cpus[index], frame.state, frame.thread
        )

    def returned(self, frame: ExceptionFrame) -> None:
        """IRET from an NMI."""
        seq = self._recorder.emit(
            EventKind.IRET, flags=EventFlag.SNAPSHOT, value=frame.regs.flags
        )
        self.photograph(frame, seq, Moment.after_iret)

    def retired(self, cpu: int) -> int:
        """Instructions retired, at the event being told."""
        return self.machine.cpus[cpu].now

    def read(self, address: int, length: int) -> bytes:
        """Memory as the current CPU maps it. KernelError(EFAULT)."""
        return self.machine.cpus[self._recorder.cpu].space.read(address, length, 0)

    def task_on(self, cpu: int) -> TaskFacts:
        """The task of a CPU; pid 0 where it is idle."""
        task = self.current.get(cpu)
        if task is None or task.ended:
            return TaskFacts(0, f"swapper/{cpu}", cpu)
        return TaskFacts(task.pid, task.comm, cpu)

    def tasks(self) -> list[TaskFacts]:
        """All that live, in the order of the recipe."""
        return [
            TaskFacts(
                task.pid,
                task.comm,
                task.cpu if self.current.get(task.cpu) is task else None,
            )
            for task in self.all_tasks
            if not task.ended and task.state is not TaskState.UNBORN
        ]

    def registers(self, cpu: int) -> dict[str, int]:
        """Of the CPU as it stands, by gdb's names."""
        read = self.register_of(cpu)
        return {name: read(name) for name in _GDB_NAMES}

    def register_of(self, cpu: int) -> Callable[[str], int]:
        """The same, each when it is asked for while the CPU stands."""
        other = self.machine.cpus[cpu]
        if cpu != self._recorder.cpu:
            other.regs.load()
        values = other.regs.values

        def read(name: str) -> int:
            value: int = values[_PLACES[name]]
            return value | FLAG_RF if name == "eflags" and other.image_rf else value

        return read

    def saved_registers(self, pid: int) -> dict[str, int]:
        """Of a task that is on no CPU: where it will go on."""
        task = next((t for t in self.all_tasks if t.pid == pid), None)
        return {} if task is None or task.started else dict(task.first_registers)

    def write_registers(self, cpu: int, values: Mapping[str, int]) -> None:
        """Change some on the CPU whose exception is being told; others keep theirs."""
        if cpu != self._recorder.cpu:
            raise KernelError(_EINVAL, f"CPU {cpu} only waits")
        other = self.machine.cpus[cpu]
        for name, value in values.items():
            if name in _GDB_NAMES[:18] and name != "eflags":
                other.regs.values[_GDB_NAMES.index(name)] = value
        if "eflags" in values:
            PtRegs(other).flags = values["eflags"]
        other.touch()

    def write(self, address: int, data: bytes) -> None:
        """The same, also over a read-only page; all CPUs drop what they translated."""
        self.machine.cpus[self._recorder.cpu].space.load(address, data)
        self.machine.code_changed()
