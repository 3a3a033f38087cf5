"""StubTarget: what a debugger core offers to the stub. The stub owns these Protocols.

A capability that is None is not offered, and the stub says so to the client. Methods
refuse by raising KernelError with the errno that the kernel would return; the stub
makes the reply of it. All of them are called only while the machine stands still.

A thread id is Task.thread_id: the pid, or -2 - cpu for the idle task of a CPU.
Register names are gdb's (registers.py); values are unsigned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from emulator.gdbstub.actions import ResumeKind


class BreakpointKind(IntEnum):
    """The digit behind Z and z."""

    SOFTWARE = 0
    HARDWARE = 1
    WRITE = 2
    READ = 3
    ACCESS = 4


class Task(NamedTuple):
    """struct task_struct, as far as a debugger asks."""

    pid: int
    """0 for the idle task of a CPU."""
    comm: str
    cpu: int | None = None
    """The CPU that it is on, None while it sleeps."""

    @property
    def thread_id(self) -> int:
        """shadow_pid: idle tasks all have pid 0 and go by their CPU."""
        return self.pid or -2 - (self.cpu or 0)


class Threads(Protocol):
    """CPUs and tasks."""

    @property
    def cpus(self) -> int:
        """Number of CPUs online."""
        ...

    @property
    def current_cpu(self) -> int:
        """kgdb_active: the CPU that stopped."""
        ...

    def on_cpu(self, cpu: int) -> Task:
        """The task that CPU was running."""
        ...

    def tasks(self) -> Sequence[Task]:
        """All but the idle ones, in the order of the kernel's list."""
        ...


class Registers(Protocol):
    """Register files of threads."""

    @property
    def names(self) -> Collection[str]:
        """The registers that read() can give."""
        ...

    def read(self, thread: int) -> Mapping[str, int]:
        """Those known: of a sleeping thread only what switch_to saved (rbp, rsp)."""
        ...

    def write(self, thread: int, values: Mapping[str, int]) -> None:
        """Change some of a thread that is on a CPU."""
        ...


class Memory(Protocol):
    """Linear addresses as a thread sees them. A range may run past 2**64."""

    def read(self, thread: int, address: int, length: int) -> bytes:
        """At most length bytes, fewer where the mapping ends; EFAULT for none."""
        ...

    def write(self, thread: int, address: int, data: bytes) -> None:
        """All or, with EFAULT, perhaps some."""
        ...


class Breakpoints(Protocol):
    """Breakpoints of the debugger."""

    @property
    def kinds(self) -> Collection[BreakpointKind]:
        """The kinds that insert() may accept."""
        ...

    def insert(self, kind: BreakpointKind, address: int, length: int) -> None:
        """Add one. Errors of kgdb: EPERM (-1) for no slot, wrong length or kind."""
        ...

    def remove(self, kind: BreakpointKind, address: int, length: int) -> None:
        """Remove one. kgdb: EPERM for an unknown hardware one, ENOENT for an int3."""
        ...

    def remove_all(self) -> None:
        """Remove what can be removed (dbg_remove_all_break)."""
        ...


class Conditions(Protocol):
    """Conditions of breakpoints that the target evaluates itself."""

    def insert_conditional(
        self,
        kind: BreakpointKind,
        address: int,
        length: int,
        conditions: Sequence[bytes],
    ) -> None:
        """As Breakpoints.insert; a hit is told when emulator.gdbstub.agent.holds. The
        same place again: these replace what it had, and insert removes them."""
        ...


class Resumption(Protocol):
    """Running on; the stub only hands the wish to its caller."""

    @property
    def kinds(self) -> Collection[ResumeKind]:
        """What can be asked for."""
        ...


class Monitor(Protocol):
    """gdb's `monitor` commands."""

    @property
    def commands(self) -> Mapping[str, str]:
        """Name to one line of help."""
        ...

    def run(self, name: str, arguments: Sequence[str]) -> str:
        """The text to print. name is one of commands."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryRegion:
    """A part of the address space; gdb touches no other when there is a map."""

    start: int
    length: int
    kind: str = "ram"
    """ram or rom."""


class Surroundings(Protocol):
    """What gdb may ask of the system around the program."""

    def exec_file(self) -> str | None:
        """Absolute path of the program, None when it has none."""
        ...

    def memory_map(self) -> Sequence[MemoryRegion] | None:
        """All that is or will be mapped: gdb asks once. None for "anything"."""
        ...


class StubTarget(Protocol):
    """The whole. Threads are not optional: a stop is always some thread's."""

    @property
    def threads(self) -> Threads: ...
    @property
    def registers(self) -> Registers | None: ...
    @property
    def memory(self) -> Memory | None: ...
    @property
    def breakpoints(self) -> Breakpoints | None: ...
    @property
    def conditions(self) -> Conditions | None: ...
    @property
    def resumption(self) -> Resumption | None: ...
    @property
    def monitor(self) -> Monitor | None: ...
    @property
    def surroundings(self) -> Surroundings | None: ...


def current_thread(threads: Threads) -> int:
    """The thread that stopped."""
    return threads.on_cpu(threads.current_cpu).thread_id


def find_task(threads: Threads, thread: int) -> Task | None:
    """The task with this thread id; those on CPUs first, for they are fresher."""
    for cpu in range(threads.cpus):
        task = threads.on_cpu(cpu)
        if task.thread_id == thread:
            return task
    return next((t for t in threads.tasks() if t.pid == thread), None)
