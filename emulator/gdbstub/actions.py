"""What the stub asks of the machine, and what the machine tells the stub."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

SIGINT, SIGTRAP = 2, 5


class ResumeKind(StrEnum):
    """How a thread goes on."""

    CONTINUE = "c"
    STEP = "s"


@dataclass(frozen=True, slots=True)
class ThreadResume:
    """One action of a resume. The first that names a thread holds for it."""

    kind: ResumeKind
    thread: int | None = None
    """Task.thread_id; None is every thread not named before."""
    signal: int = 0
    """To be delivered to the thread, 0 for none."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Let the machine run until something stops it, then call Stub.stopped."""

    actions: tuple[ThreadResume, ...]
    address: int | None = None
    """RIP of the current thread from now on."""
    pass_exception: bool = False
    """kgdb leaves with "not handled": the kernel goes on with the exception (C09)."""


@dataclass(frozen=True, slots=True)
class Detach:
    """The debugger leaves, breakpoints are gone; the machine runs on."""

    pass_exception: bool = False
    """As in Resume (C15)."""


@dataclass(frozen=True, slots=True)
class Kill:
    """The debugger wants no more of the target. A kernel just runs on."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Emergency restart of the machine (R0)."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Ctrl-C while the machine ran: stop it soon, with SIGINT or as a kernel does."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection: this client does not keep to the protocol."""

    reason: str


Action = Resume | Detach | Kill | Restart | Interrupt | HangUp


class StopKind(Enum):
    """Why the machine stopped. The value is the word of the full face."""

    SIGNAL = ""
    SWBREAK = "swbreak"
    """An int3 that the debugger planted. address is its own address."""
    HWBREAK = "hwbreak"
    WATCH = "watch"
    """Write watchpoint; address is that of the data, as for the next two."""
    RWATCH = "rwatch"
    AWATCH = "awatch"


@dataclass(frozen=True, slots=True)
class StopReason:
    """A stop, as the machine tells it."""

    signal: int = SIGTRAP
    kind: StopKind = StopKind.SIGNAL
    address: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The target is gone."""

    status: int = 0
    """Exit status, 0 to 255."""
    signal: int = 0
    """The signal that killed it, 0 for none."""
