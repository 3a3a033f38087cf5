"""What the debug core asks of the machine and of whoever sits at the other end: struct
kgdb_arch and struct kgdb_io of include/linux/kgdb.h, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from emulator.arch.x86.exception import ExceptionFrame
from emulator.snapshot import Moment


class TaskFacts(NamedTuple):
    """struct task_struct, as far as a debugger asks."""

    pid: int
    comm: str
    cpu: int | None
    """The CPU that it is on, None while it sleeps."""


class Machine(Protocol):
    """All CPUs, each standing between two instructions."""

    count: int
    """Online CPUs."""

    def on(self, cpu: int) -> AbstractContextManager[ExceptionFrame]:
        """Tell the story of another CPU for a while; its frame as an NMI finds it."""

    def photograph(self, frame: ExceptionFrame, seq: int, moment: Moment) -> None:
        """Take a snapshot of the frame's CPU for the event seq."""

    def returned(self, frame: ExceptionFrame) -> None:
        """The CPU of the frame has returned from its NMI."""

    def retired(self, cpu: int) -> int:
        """Instructions that the CPU has retired."""

    def read(self, address: int, length: int) -> bytes:
        """Kernel memory of the current CPU. KernelError(EFAULT)."""

    def write(self, address: int, data: bytes) -> None:
        """The same. Code written is code changed on all CPUs."""

    def task_on(self, cpu: int) -> TaskFacts:
        """The task of a CPU; pid 0 where it is idle."""

    def tasks(self) -> Sequence[TaskFacts]:
        """All that live, but the idle ones."""

    def registers(self, cpu: int) -> dict[str, int]:
        """Of the CPU as it stands, by lower-case name."""

    def saved_registers(self, pid: int) -> dict[str, int]:
        """Of a task that is on no CPU."""

    def write_registers(self, cpu: int, values: Mapping[str, int]) -> None:
        """Change some on the CPU whose exception is being told."""


class Resume(Enum):
    """How the debugger lets the machine go."""

    CONTINUE = "c"
    STEP = "s"
    DETACH = "D"
    KILL = "k"
    PASS = "C09"
    """Give the exception back to the kernel."""
    RESTART = "R"
    """Emergency restart: the machine is over."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the debugger has the machine."""

    number: int
    """Of this run, from 1."""
    vector: int
    signo: int
    frame: ExceptionFrame


@dataclass(frozen=True, slots=True)
class Answer:
    """What the debugger said last. pc: c or s with an address."""

    resume: Resume
    pc: int | None = None
    passes: bool = False
    """A detached debugger leaves the exception to the kernel (C15)."""


class Debugger(Protocol):
    """gdb_serial_stub and everything behind it."""

    def serve(self, stop: Stop) -> Answer:
        """Hold the machine until the debugger lets it go."""

    def ended(self, status: int) -> None:
        """gdbstub_exit: the machine goes away."""
