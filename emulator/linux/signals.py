"""System calls about signals (kernel/signal.c). What is sent waits in the task's Signals;
it is taken on the way back to the program (emulator.delivery)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from emulator.linux.errno import Errno
from emulator.linux.protocols import Refused, TaskBlocked, UserMemory
from emulator.linux.signal_state import (
    BLOCKABLE,
    NSIG,
    SI_TKILL,
    SI_USER,
    SIGKILL,
    SIGSTOP,
    SS_DISABLE,
    Action,
    AltStack,
    SignalInfo,
    Signals,
)

SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 0, 1, 2

_ACTION = struct.Struct("<QQQQ")
_ALTSTACK = struct.Struct("<QiIQ")
_MINSIGSTKSZ = 2048


class SignalCalls:
    """The signal system calls of one task."""

    def __init__(self, memory: UserMemory, pid: int, signals: Signals) -> None:
        self._memory = memory
        self._pid = pid
        self._signals = signals

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
        given = _ACTION.unpack(self._memory.read(new, _ACTION.size)) if new else None
        if old:
            before = self._signals.action(number)
            self._memory.write(
                old,
                _ACTION.pack(
                    before.handler, before.flags, before.restorer, before.mask
                ),
            )
        if given is not None:
            self._signals.actions[number] = Action(*given)
        return 0

    def rt_sigprocmask(self, how: int, new: int, old: int, size: int, *_: int) -> int:
        """Change the mask; what becomes free is taken when the call returns."""
        if size != 8:
            raise Refused(Errno.EINVAL)
        before = self._signals.blocked
        if new:
            (given,) = struct.unpack("<Q", self._memory.read(new, 8))
            self._signals.blocked = self._mask(how, given)
        if old:
            self._memory.write(old, struct.pack("<Q", before))
        return 0

    def _mask(self, how: int, given: int) -> int:
        before = self._signals.blocked
        made = {
            SIG_BLOCK: before | given,
            SIG_UNBLOCK: before & ~given,
            SIG_SETMASK: given,
        }.get(how)
        if made is None:
            raise Refused(Errno.EINVAL)
        return made & BLOCKABLE

    def rt_sigpending(self, pointer: int, size: int, *_: int) -> int:
        """The pending set."""
        if size > 8:
            raise Refused(Errno.EINVAL)
        self._memory.write(pointer, struct.pack("<Q", self._signals.pending)[:size])
        return 0

    def sigaltstack(self, new: int, old: int, *_: int) -> int:
        """Remember the stack."""
        before = self._signals.altstack
        if new:
            pointer, flags, _, size = _ALTSTACK.unpack(
                self._memory.read(new, _ALTSTACK.size)
            )
            if not flags & SS_DISABLE and size < _MINSIGSTKSZ:
                raise Refused(Errno.ENOMEM)
            self._signals.altstack = AltStack(pointer, flags, size)
        if old:
            packed = _ALTSTACK.pack(before.pointer, before.flags, 0, before.size)
            self._memory.write(old, packed)
        return 0

    def kill(self, pid: int, number: int, *_: int) -> int:
        """To the task itself or to its group; nobody else is there."""
        if _signed(pid) not in (self._pid, 0, -1, -self._pid):
            raise Refused(Errno.ESRCH)
        return self._send(number, SI_USER)

    def tkill(self, tid: int, number: int, *_: int) -> int:
        """To the thread itself."""
        if tid != self._pid:
            raise Refused(Errno.ESRCH)
        return self._send(number, SI_TKILL)

    def tgkill(self, tgid: int, tid: int, number: int, *_: int) -> int:
        """To the thread itself."""
        if tgid != self._pid:
            raise Refused(Errno.ESRCH)
        return self.tkill(tid, number)

    def pause(self, *_: int) -> int:
        """Until a signal comes that a handler takes."""
        raise TaskBlocked

    def _send(self, number: int, code: int) -> int:
        if not 0 <= number <= NSIG:
            raise Refused(Errno.EINVAL)
        if number:
            self._signals.send(SignalInfo(number, code, pid=self._pid))
        return 0


def _signed(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value >= 1 << 31 else value
