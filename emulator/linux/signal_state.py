"""The signals of one task: actions, mask, what waits (struct sighand_struct, sigpending)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSTOP = 4, 5, 7, 8, 9, 11, 19
SIG_DFL, SIG_IGN = 0, 1
NSIG = 64
#: SIGCHLD, SIGCONT, SIGURG, SIGWINCH: ignored unless a handler is there.
IGNORED_BY_DEFAULT = {17, 18, 23, 28}
#: SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: nobody would ever continue the task.
STOPPING = {19, 20, 21, 22}
#: SYNCHRONOUS_MASK: taken before all others.
SYNCHRONOUS = (SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, 31)

SA_NODEFER, SA_RESETHAND, SA_RESTORER = 0x4000_0000, 0x8000_0000, 0x0400_0000
SA_ONSTACK = 0x0800_0000
SS_DISABLE = 2
SI_USER, SI_TKILL = 0, -6


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """siginfo: address for faults, pid for signals that somebody sent."""

    number: int
    code: int
    address: int = 0
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """struct sigaction as the system call has it."""

    handler: int = SIG_DFL
    flags: int = 0
    restorer: int = 0
    mask: int = 0


@dataclass(frozen=True, slots=True)
class AltStack:
    """sigaltstack()."""

    pointer: int = 0
    flags: int = SS_DISABLE
    size: int = 0


class Fate(Enum):
    """What a signal does to the task when it is taken."""

    IGNORED = "ignored"
    ENDS = "ends"
    STOPS = "stops"
    HANDLED = "handled"


class Signals:
    """One task's."""

    def __init__(self) -> None:
        self.actions: dict[int, Action] = {}
        self.blocked = 0
        self.altstack = AltStack()
        self._pending: dict[int, SignalInfo] = {}

    def action(self, number: int) -> Action:
        """What sigaction() set, or the default."""
        return self.actions.get(number, Action())

    def fate(self, number: int) -> Fate:
        """Of a signal that is taken now."""
        handler = self.action(number).handler
        if handler == SIG_IGN:
            return Fate.IGNORED
        if handler != SIG_DFL:
            return Fate.HANDLED
        if number in IGNORED_BY_DEFAULT:
            return Fate.IGNORED
        return Fate.STOPS if number in STOPPING else Fate.ENDS

    def send(self, info: SignalInfo) -> None:
        """It waits until it is taken; a second one of its number is lost."""
        self._pending.setdefault(info.number, info)

    def force(self, info: SignalInfo) -> None:
        """force_sig_info(): for an exception, which can be neither blocked nor ignored."""
        blocked = self.blocked & signal_bit(info.number)
        if blocked or self.action(info.number).handler == SIG_IGN:
            self.actions.pop(info.number, None)
            self.blocked &= ~signal_bit(info.number)
        self._pending[info.number] = info

    @property
    def pending(self) -> int:
        """The set of those that wait."""
        return sum(signal_bit(number) for number in self._pending)

    @property
    def waiting(self) -> bool:
        """There is one to be taken."""
        return bool(self.pending & ~self.blocked)

    def take(self) -> SignalInfo | None:
        """The next one that is not blocked: exceptions first, then by number."""
        free = [n for n in self._pending if not self.blocked & signal_bit(n)]
        if not free:
            return None
        first = [n for n in SYNCHRONOUS if n in free]
        return self._pending.pop(min(first or free))

    def begin_handler(self, number: int) -> None:
        """The mask while a handler runs; a one-shot action is used up."""
        action = self.action(number)
        self.blocked |= action.mask & BLOCKABLE
        if not action.flags & SA_NODEFER:
            self.blocked |= signal_bit(number)
        if action.flags & SA_RESETHAND:
            self.actions.pop(number, None)

    def on_altstack(self, pointer: int) -> bool:
        """The stack pointer is inside the alternate stack."""
        stack = self.altstack
        return stack.pointer < pointer <= stack.pointer + stack.size


def signal_bit(number: int) -> int:
    """In a sigset."""
    return 1 << (number - 1)


BLOCKABLE = ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP)) & ((1 << 64) - 1)
