"""State of the kernel's stub: struct kgdb_state and the variables around it."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.gdbstub.actions import SIGTRAP
from emulator.gdbstub.faithful.image import RegisterImage
from emulator.gdbstub.hexadecimal import int32
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.target import StubTarget, current_thread

#: Size of the buffer for a packet; its last byte is a NUL.
BUFMAX = 1024


@dataclass(slots=True)
class FaithfulSession:
    """What one stop remembers between packets, and what outlives it."""

    target: StubTarget
    rules: FaithfulRules
    image: RegisterImage = field(init=False)
    connected: bool = False
    """kgdb_connected: a '$' has come since the last detach."""
    signal: int = SIGTRAP
    chosen: int | None = None
    """kgdb_usethread (Hg); None is the thread that stopped."""
    continue_thread: int | None = None
    """kgdb_contthread (Hc); None, and the thread that stopped, let everything go on."""
    threads_listed: int = 0
    """Tasks that q?ThreadInfo has told."""
    pass_exception: bool = False

    def __post_init__(self) -> None:
        self.image = RegisterImage(self.rules)

    @property
    def current(self) -> int:
        """The thread that stopped."""
        return current_thread(self.target.threads)

    @property
    def use_thread(self) -> int:
        """The thread that registers are of."""
        return self.current if self.chosen is None else self.chosen

    def stop(self, signal: int) -> None:
        """Entry into the debugger."""
        self.signal = signal
        self.chosen = self.continue_thread = None
        self.threads_listed = 0
        self.pass_exception = False

    def thread(self, number: int) -> int | None:
        """getthread: the thread that a number of the protocol means.

        0 and -1 are the thread that stopped, -2 - cpu is what that CPU runs, which may
        be a task with a pid; None is nobody.
        """
        number = int32(number)
        threads = self.target.threads
        if number in (0, -1):
            return self.current
        if number > 0:
            found = any(task.pid == number for task in threads.tasks())
            return number if found else None
        cpu = -2 - number
        return threads.on_cpu(cpu).thread_id if cpu < threads.cpus else None

    def is_running(self, thread: int) -> bool:
        """Whether some CPU was running it when everything stopped."""
        threads = self.target.threads
        return any(
            threads.on_cpu(cpu).thread_id == thread for cpu in range(threads.cpus)
        )
