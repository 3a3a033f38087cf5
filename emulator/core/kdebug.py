"""The die chain: arch/x86/include/asm/kdebug.h and kernel/notifier.c, notify_die (6.x)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from emulator.core.notifier import AtomicNotifierHead
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder


class DieVal(IntEnum):
    """enum die_val."""

    DIE_OOPS = 1
    DIE_INT3 = 2
    DIE_DEBUG = 3
    DIE_PANIC = 4
    DIE_NMI = 5
    DIE_DIE = 6
    DIE_KERNELDEBUG = 7
    DIE_TRAP = 8
    DIE_GPF = 9
    DIE_CALL = 10
    DIE_PAGE_FAULT = 11
    DIE_NMIUNKNOWN = 12


@dataclass(slots=True)
class DieArgs:
    """struct die_args. err stands for *(unsigned long *)err: callees change it."""

    err: int
    trapnr: int
    signr: int
    frame: object = None
    """regs and current of the exception (arch's ExceptionFrame)."""
    err_is_null: bool = False
    """The caller passed 0 where others pass a pointer."""


class DieChain:
    """die_chain with notify_die()."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.head = AtomicNotifierHead(recorder)

    def notify_die(self, value: DieVal, args: DieArgs) -> int:
        """Call the chain; returns NOTIFY_*."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=Callee.notify_die, value=value)
        ret = self.head.call(value, args)
        recorder.close(seq, cause, ret, aux=Callee.notify_die)
        return ret
