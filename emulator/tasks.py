"""Tasks of a run: who they are, where they run, how they are doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from emulator.arch.x86.exception import Thread
from emulator.linux import Process
from emulator.target.paging import AddressSpace
from emulator.target.raw import Context
from emulator.user_access import Access


class TaskState(Enum):
    """What the scheduler needs to know."""

    RUNNABLE = "runnable"
    BLOCKED = "blocked"
    EXITED = "exited"
    UNBORN = "unborn"
    """Not forked yet."""


@dataclass(slots=True, eq=False)
class Task:
    """struct task_struct, narrowly. A kernel thread has no process."""

    name: str
    pid: int
    cpu: int
    thread: Thread
    space: AddressSpace
    entry: int
    user: bool
    process: Process | None = None
    context: Context | None = None
    """Saved registers while another task has the CPU."""
    started: bool = False
    state: TaskState = TaskState.RUNNABLE
    exit_status: int | None = None
    first_registers: dict[str, int] = field(default_factory=dict)
    comm: str = ""
    traced: bool = False
    """A tracer takes its signals: SIGTRAP stops it and it goes on."""
    accesses: list[Access] = field(default_factory=list)
    """What the kernel did to its memory on its behalf and is still to be told."""

    @property
    def ended(self) -> bool:
        """It is gone."""
        return self.state is TaskState.EXITED
