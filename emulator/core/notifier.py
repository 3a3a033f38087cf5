"""Notifier chains: kernel/notifier.c, include/linux/notifier.h (6.x).

Blocks are called in descending priority, first come first called among equals; a return
with NOTIFY_STOP_MASK ends the chain. Each call is an event, and so is each block that the
chain did not reach.
"""

from __future__ import annotations

from collections.abc import Callable
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
_ENOENT, _EEXIST = 2, 17

#: struct notifier_block's function: (action, data) to NOTIFY_*.
NotifierCall = Callable[[int, object], int]


@dataclass(slots=True, eq=False)
class NotifierBlock:
    """struct notifier_block; callee names it in events."""

    callee: Callee
    notifier_call: NotifierCall
    priority: int = 0


class AtomicNotifierHead:
    """struct atomic_notifier_head."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._blocks: list[NotifierBlock] = []

    def register(self, block: NotifierBlock) -> None:
        """atomic_notifier_chain_register. EEXIST for a block already in the chain."""
        if block in self._blocks:
            raise KernelError(_EEXIST, "notifier is already registered")
        place = 0
        while (
            place < len(self._blocks) and self._blocks[place].priority >= block.priority
        ):
            place += 1
        self._blocks.insert(place, block)

    def unregister(self, block: NotifierBlock) -> None:
        """atomic_notifier_chain_unregister. ENOENT for a block that is not there."""
        if block not in self._blocks:
            raise KernelError(_ENOENT, "notifier is not registered")
        self._blocks.remove(block)

    def call(self, action: int, data: object) -> int:
        """atomic_notifier_call_chain: the last callee's return value."""
        ret = NOTIFY_DONE
        # The kernel fetches `next` before each call; blocks registered meanwhile at a
        # later place are seen, one removed while it is already `next` is still called.
        position = 0
        chain = self._blocks
        while position < len(chain):
            block = chain[position]
            following = chain[position + 1] if position + 1 < len(chain) else None
            ret = self._call(block, action, data)
            if ret & NOTIFY_STOP_MASK:
                self._not_reached(following)
                break
            if following is None:
                break
            position = chain.index(following) if following in chain else position + 1
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
        if block is None or block not in self._blocks:
            return
        for skipped in self._blocks[self._blocks.index(block) :]:
            self._recorder.emit(
                EventKind.NOT_REACHED,
                aux=skipped.callee,
                addr=skipped.priority & _U64,
            )
