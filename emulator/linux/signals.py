"""Signals that a task sends to itself (kernel/signal.c).

Default actions and blocking are modelled; a handler is remembered but never entered:
raising a signal that has one counts as an unknown call.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from emulator.linux.errno import Errno
from emulator.linux.protocols import Refused, TaskBlocked, TaskExit, UserMemory

SIGKILL, SIGSTOP = 9, 19
SIG_DFL, SIG_IGN = 0, 1
SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 0, 1, 2
NSIG = 64
#: SIGCHLD, SIGCONT, SIGURG, SIGWINCH: ignored unless a handler is there.
IGNORED_BY_DEFAULT = {17, 18, 23, 28}
#: SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: nobody would ever continue the task.
STOPPING = {19, 20, 21, 22}

_ACTION = struct.Struct("<QQQQ")
_ALTSTACK = struct.Struct("<QiIQ")
_MINSIGSTKSZ = 2048
_SS_DISABLE = 2


class HandlerNotModelled(Exception):
    """A signal with a handler was raised."""


class SignalCalls:
    """The signal system calls of one task."""

    def __init__(self, memory: UserMemory, pid: int) -> None:
        self._memory = memory
        self._pid = pid
        self._actions: dict[int, tuple[int, int, int, int]] = {}
        self._blocked = 0
        self._pending = 0
        self._altstack = (0, _SS_DISABLE, 0, 0)

    @property
    def table(self) -> dict[int, Callable[..., int]]:
        """System call numbers and what serves them."""
        return {
            13: self.rt_sigaction,
            14: self.rt_sigprocmask,
            34: self.pause,
            62: self.kill,
            127: self.rt_sigpending,
            131: self.sigaltstack,
            200: self.tkill,
            234: self.tgkill,
        }

    def rt_sigaction(self, number: int, new: int, old: int, size: int, *_: int) -> int:
        """Remember the action."""
        if size != 8 or not 1 <= number <= NSIG:
            raise Refused(Errno.EINVAL)
        if new and number in (SIGKILL, SIGSTOP):
            raise Refused(Errno.EINVAL)
        action = _ACTION.unpack(self._memory.read(new, _ACTION.size)) if new else None
        if old:
            before = self._actions.get(number, (SIG_DFL, 0, 0, 0))
            self._memory.write(old, _ACTION.pack(*before))
        if action is not None:
            self._actions[number] = action
        return 0

    def rt_sigprocmask(self, how: int, new: int, old: int, size: int, *_: int) -> int:
        """Change the mask; what becomes deliverable is delivered."""
        if size != 8:
            raise Refused(Errno.EINVAL)
        before = self._blocked
        if new:
            (given,) = struct.unpack("<Q", self._memory.read(new, 8))
            self._blocked = self._mask(how, given)
        if old:
            self._memory.write(old, struct.pack("<Q", before))
        self._deliver()
        return 0

    def _mask(self, how: int, given: int) -> int:
        made = {
            SIG_BLOCK: self._blocked | given,
            SIG_UNBLOCK: self._blocked & ~given,
            SIG_SETMASK: given,
        }.get(how)
        if made is None:
            raise Refused(Errno.EINVAL)
        return made & ~_bit(SIGKILL) & ~_bit(SIGSTOP)

    def rt_sigpending(self, pointer: int, size: int, *_: int) -> int:
        """The pending set."""
        if size > 8:
            raise Refused(Errno.EINVAL)
        self._memory.write(pointer, struct.pack("<Q", self._pending)[:size])
        return 0

    def sigaltstack(self, new: int, old: int, *_: int) -> int:
        """Remember the stack."""
        stack = self._altstack
        if new:
            pointer, flags, _, size = _ALTSTACK.unpack(
                self._memory.read(new, _ALTSTACK.size)
            )
            if not flags & _SS_DISABLE and size < _MINSIGSTKSZ:
                raise Refused(Errno.ENOMEM)
            stack = (pointer, flags, 0, size)
        if old:
            self._memory.write(old, _ALTSTACK.pack(*self._altstack))
        self._altstack = stack
        return 0

    def kill(self, pid: int, number: int, *_: int) -> int:
        """To the task itself or to its group; nobody else is there."""
        if _signed(pid) not in (self._pid, 0, -1, -self._pid):
            raise Refused(Errno.ESRCH)
        return self._send(number)

    def tkill(self, tid: int, number: int, *_: int) -> int:
        """To the thread itself."""
        if tid != self._pid:
            raise Refused(Errno.ESRCH)
        return self._send(number)

    def tgkill(self, tgid: int, tid: int, number: int, *_: int) -> int:
        """To the thread itself."""
        if tgid != self._pid:
            raise Refused(Errno.ESRCH)
        return self.tkill(tid, number)

    def pause(self, *_: int) -> int:
        """Nobody sends a signal."""
        raise TaskBlocked

    def _send(self, number: int) -> int:
        if not 0 <= number <= NSIG:
            raise Refused(Errno.EINVAL)
        if number:
            self._pending |= _bit(number)
            self._deliver()
        return 0

    def _deliver(self) -> None:
        """Take the lowest pending signals that are not blocked."""
        for number in range(1, NSIG + 1):
            if not self._pending & ~self._blocked & _bit(number):
                continue
            self._pending &= ~_bit(number)
            handler = self._actions.get(number, (SIG_DFL,))[0]
            ignored = handler == SIG_DFL and number in IGNORED_BY_DEFAULT
            if handler == SIG_IGN or ignored:
                continue
            if handler != SIG_DFL:
                raise HandlerNotModelled
            if number in STOPPING:
                raise TaskBlocked
            raise TaskExit(number)


def _bit(number: int) -> int:
    return 1 << (number - 1)


def _signed(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value >= 1 << 31 else value
