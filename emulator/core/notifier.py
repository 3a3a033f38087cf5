"""Notifier chains: kernel/notifier.c, include/linux/notifier.h (6.x).

Blocks are called in descending priority, first come first called among equals; a return
with NOTIFY_STOP_MASK ends the chain. Each call is an event, and so is each block that the
chain did not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder

NOTIFY_DONE = 0x0000
NOTIFY_OK = 0x0001
NOTIFY_STOP_MASK = 0x8000
NOTIFY_BAD = NOTIFY_STOP_MASK | 0x0002
NOTIFY_STOP = NOTIFY_STOP_MASK | NOTIFY_OK

INT_MAX = 0x7FFFFFFF
_U64 = (1 << 64) - 1
_ENOENT, _EBUSY, _EEXIST = 2, 16, 17


def notifier_from_errno(errno: int) -> int:
    """The value that ends a chain with an errno; NOTIFY_OK for none."""
    return NOTIFY_STOP_MASK | (NOTIFY_OK + errno) if errno else NOTIFY_OK


#: struct notifier_block's function: (action, data) to NOTIFY_*.
NotifierCall = Callable[[int, object], int]


@dataclass(slots=True, eq=False)
class NotifierBlock:
    """struct notifier_block; callee names it in events."""

    callee: Callee
    notifier_call: NotifierCall
    priority: int = 0
    next: NotifierBlock | None = None
    """Kept when the block leaves the chain: a call under way goes on from there."""


class AtomicNotifierHead:
    """struct atomic_notifier_head."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._first: NotifierBlock | None = None

    def register_unique_prio(self, block: NotifierBlock) -> None:
        """The same; EBUSY when another block has its priority."""
        if any(o.priority == block.priority for o in self._from(self._first)):
            raise KernelError(_EBUSY, f"priority {block.priority} is taken")
        self.register(block)

    def register(self, block: NotifierBlock) -> None:
        """atomic_notifier_chain_register. EEXIST for a block already in the chain.

        2.6.33 took it, and its chain became a ring; no kernel with one is modelled.
        """
        if block in self._from(self._first):
            raise KernelError(_EEXIST, "notifier is already registered")
        before = None
        for other in self._from(self._first):
            if other.priority < block.priority:
                break
            before = other
        block.next = self._first if before is None else before.next
        self._link(before, block)

    def unregister(self, block: NotifierBlock) -> None:
        """atomic_notifier_chain_unregister. ENOENT for a block that is not there."""
        before = None
        for other in self._from(self._first):
            if other is block:
                self._link(before, block.next)
                return
            before = other
        raise KernelError(_ENOENT, "notifier is not registered")

    def blocks(self) -> Iterator[NotifierBlock]:
        """In the order in which they are called."""
        return self._from(self._first)

    def _link(self, before: NotifierBlock | None, block: NotifierBlock | None) -> None:
        if before is None:
            self._first = block
        else:
            before.next = block

    @staticmethod
    def _from(block: NotifierBlock | None) -> Iterator[NotifierBlock]:
        while block is not None:
            yield block
            block = block.next

    def call(self, action: int, data: object) -> int:
        """atomic_notifier_call_chain: the last callee's return value."""
        ret = NOTIFY_DONE
        block = self._first
        while block is not None:
            # Fetched before the call: a block that is removed by it while it is already
            # next is still called.
            following = block.next
            ret = self._call(block, action, data)
            if ret & NOTIFY_STOP_MASK:
                self._not_reached(following)
                break
            block = following
        return ret

    def _call(self, block: NotifierBlock, action: int, data: object) -> int:
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.NOTIFIER_CALL,
            aux=block.callee,
            addr=block.priority & _U64,
            value=action,
        )
        ret = block.notifier_call(action, data)
        recorder.close(seq, cause, ret, aux=block.callee)
        return ret

    def _not_reached(self, block: NotifierBlock | None) -> None:
        for skipped in self._from(block):
            self._recorder.emit(
                EventKind.NOT_REACHED,
                aux=skipped.callee,
                addr=skipped.priority & _U64,
            )
