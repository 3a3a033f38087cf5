"""The same hit once more: a remembered tree told with as little work as there can be.

A loop that hits one breakpoint tells the same tree each time. Once emulator.remember has
told it twice in a row, nothing but position, general registers, flags and the watched
value can differ as long as no other event comes in between. So only those are noted here,
and records and snapshots are made from them many at a time when a batch leaves.

The trace is the same as on the plain path; a test compares digests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.arch.x86.exception import Thread
from emulator.recorder import Recorder
from emulator.snapshot import GENERAL, SNAPSHOT_SIZE, Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF, FLAG_TF
from emulator.template import Counted, Template

_GENERAL_BYTES = 8 * (len(GENERAL) - 1)
_FLAGS_AT = 16 + _GENERAL_BYTES
_PICTURE_AT = _FLAGS_AT + 8
_BUSY_FLAGS = FLAG_TF | FLAG_RF


class Tale:
    """What all hits of a stretch share."""

    def __init__(
        self,
        template: Template,
        events: list[Counted],
        counts: list[int],
        iret: int,
        pictures: tuple[bytes, bytes],
        *,
        rf_after: bool,
    ) -> None:
        """counts: what a hit adds to each event. iret: place of the IRET in the tree.
        pictures: the rest of the two snapshots. rf_after: the image returns with RF."""
        self.template = template
        self.events = events
        self.counts = counts
        self._iret = iret
        self._pictures = [np.frombuffer(p, np.uint8) for p in pictures]
        self._rf = FLAG_RF if rf_after else 0

    def rows(self, stretch: Stretch) -> NDArray[np.uint64]:
        """As Template.expand wants them."""
        noted = np.array(stretch.noted, np.uint64)
        number = np.arange(len(noted), dtype=np.uint64)
        columns = [
            np.uint64(stretch.position) + number * np.uint64(self.template.size),
            np.uint64(stretch.seq) + number * np.uint64(self.template.size),
            *noted.T,
        ]
        for first, more in zip(stretch.first_counts, self.counts, strict=True):
            columns.append(np.uint64(first) + number * np.uint64(more))
        return np.column_stack(columns)

    def snapshots(self, stretch: Stretch) -> bytes:
        """Two per hit, at its entry and after its return."""
        count = len(stretch.noted)
        whole = np.zeros((count, 2, SNAPSHOT_SIZE), np.uint8)
        general = np.frombuffer(b"".join(stretch.general), np.uint8)
        whole[:, :, 16:_FLAGS_AT] = general.reshape(count, 1, _GENERAL_BYTES)
        rows = self.rows(stretch)
        flags = np.column_stack([rows[:, 5], rows[:, 5] | np.uint64(self._rf)])
        seqs = np.column_stack([rows[:, 1], rows[:, 1] + np.uint64(self._iret)])
        whole[:, :, 0:8] = _as_bytes(seqs)
        whole[:, :, _FLAGS_AT:_PICTURE_AT] = _as_bytes(flags)
        head = np.array([[stretch.pid]], np.uint32).view(np.uint8)
        whole[:, :, 8:12] = head
        whole[:, :, 12] = stretch.cpu
        for side, moment in enumerate((Moment.hit_entry, Moment.after_iret)):
            whole[:, side, 13] = moment
            whole[:, side, _PICTURE_AT:] = self._pictures[side]
        return whole.tobytes()


def _as_bytes(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    little: NDArray[Any] = np.ascontiguousarray(values.astype("<u8"))
    return little.view(np.uint8).reshape(*values.shape, 8)


class Stretch:
    """Hits in a row, nothing in between: emulator.recorder.Deferred."""

    def __init__(self, tale: Tale, recorder: Recorder, cpu: int, pid: int) -> None:
        self._tale = tale
        self.cpu = cpu
        self.pid = pid
        self.position, self.seq = recorder.next_place
        self.first_counts = [
            e.count + more for e, more in zip(tale.events, tale.counts, strict=True)
        ]
        self.noted: list[tuple[int, int, int, int]] = []
        """retired, rip, value, flags of each hit."""
        self.general: list[bytes] = []

    def write_records(self, table: NDArray[Any]) -> None:
        """Into the batch under construction."""
        if self.noted:
            self._tale.template.write(table, self._tale.rows(self))

    def snapshots(self) -> bytes:
        """Its part of the batch's snapshots."""
        return self._tale.snapshots(self) if self.noted else b""


class Repeats:
    """Notes hits of one CPU for as long as they are the same."""

    def __init__(
        self,
        cpu: Cpu,
        thread: Thread,
        recorder: Recorder,
        tale: Tale,
        bits: int,
        value_at: tuple[int, int],
        busy: Callable[[], bool],
        room: int,
    ) -> None:
        """bits: of the hit. value_at: physical address and length of the watched bytes.
        busy(): somebody wants something at the next boundary. room: how many hits may be
        told before a batch or a limit is looked at."""
        self._cpu = cpu
        self._recorder = recorder
        self._tale = tale
        self._bits = bits
        self._accessed = cpu.accessed
        self._dr6 = cpu.unit.dr6
        self._thread, self._vd6 = thread, thread.virtual_dr6
        self._system = bytes(cpu.regs.system_bytes)
        self._value = cpu.space.ram.window(*value_at)
        self._busy = busy
        self._left = room
        self._stretch = Stretch(tale, recorder, cpu.index, thread.pid)
        recorder.defer(self._stretch)
        self._seq = recorder.seq
        self._batch = recorder.batches

    def __call__(self, bits: int) -> bool:
        """The CPU took this #DB; registers are loaded. False: it is another story, or a
        boundary is due, and the CPU must not ask here again."""
        cpu, recorder = self._cpu, self._recorder
        values = cpu.regs.values
        flags = values[raw.EFLAGS]
        self._left -= 1
        if (
            bits != self._bits
            or recorder.seq != self._seq
            or recorder.batches != self._batch
            or self._left < 0
            or self._busy()
            or flags & _BUSY_FLAGS
            or cpu.accessed != self._accessed
            or cpu.unit.dr6 != self._dr6
            or self._thread.virtual_dr6 != self._vd6
            or cpu.regs.system_bytes != self._system
        ):
            cpu.repeat = None
            return False
        stretch, tale = self._stretch, self._tale
        stretch.noted.append(
            (cpu.now, values[raw.RIP], int.from_bytes(self._value, "little"), flags)
        )
        stretch.general.append(bytes(cpu.regs.general_bytes[:_GENERAL_BYTES]))
        for event, more in zip(tale.events, tale.counts, strict=True):
            event.count += more
        self._seq = recorder.told(tale.template.size)
        return True
