"""The columns of consecutive events, as far as a query asks for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

import numpy as np

from emulator.events import EventKind
from emulator.snapshot import SNAPSHOT_SIZE
from emulator.trace.codec import HotColumns
from emulator.trace.dtype import Array
from emulator.trace.query.recorded import RecordedHits, recorded_hits

_HOT = {
    "kind": "kind",
    "slot": "slot",
    "cpu": "cpu",
    "addr": "addr",
    "rip": "rip",
    "t": "retired",
    "value": "value",
    "flags": "flags",
}


def _alone(_step: int) -> None:
    """A block without others beside it."""


class Rows:
    """One block of events. The cold columns are decoded only when they are asked for."""

    def __init__(
        self,
        hot: HotColumns,
        whole: Callable[[], Array],
        snapshots: Callable[[], bytes] = bytes,
        beside: Callable[[int], Rows | None] = _alone,
    ) -> None:
        """whole(): all columns as records of RECORD_DTYPE; snapshots(): those of the
        block, packed; beside(-1), beside(1): the block whose events end right before it,
        and the one whose begin right behind it, or None."""
        self._hot = hot
        self._load = whole
        self._shots = snapshots
        self.beside = cache(beside)

    def __len__(self) -> int:
        return len(self._hot)

    def column(self, name: str) -> Array:
        """kind, slot, cpu, addr, rip, t, value, flags, seq, hit, task, ret, aux, cause.

        hit is the number of the last hit up to that event, 0 before the first.
        """
        if name in _HOT:
            found: Array = getattr(self._hot, _HOT[name])
            return found
        if name == "seq":
            return self._hot.first_seq + np.arange(len(self), dtype=np.int64)
        if name == "hit":
            return self._hits
        column: Array = self._whole[name]
        return column

    @cached_property
    def tree(self) -> Array:
        """For each event the number of its tree in this block: 0 for what belongs to a
        tree that began before."""
        return np.cumsum(self.column("cause") == 0)

    @property
    def hit_rows(self) -> Array:
        """Rows of the hits."""
        return self._hot.hit_rows

    @cached_property
    def recorded(self) -> RecordedHits:
        """The hits of this block with their registers, in the order of hit_rows."""
        names = ("seq", "addr", "value", "slot", "flags", "cpu", "task")
        facts = {name: self.column(name)[self.hit_rows] for name in names}
        shots = np.frombuffer(self._shots(), "<u8").reshape(-1, SNAPSHOT_SIZE // 8)
        return recorded_hits(facts, shots)

    @cached_property
    def _hits(self) -> Array:
        is_hit = self._hot.kind == EventKind.HIT
        return self._hot.hits_before + np.cumsum(is_hit)

    @cached_property
    def _whole(self) -> Array:
        return self._load()


class Part(Rows):
    """Some rows of a block, for conditions on an event's own record."""

    def __init__(self, of: Rows, rows: Array) -> None:
        """rows: their numbers in the block."""
        self._of = of
        self._chosen = rows

    def __len__(self) -> int:
        return len(self._chosen)

    def column(self, name: str) -> Array:
        """As for Rows."""
        column: Array = self._of.column(name)[self._chosen]
        return column


class MarkRows(Rows):
    """Marks (emulator.trace.marks), which do not follow each other: no trees."""

    def __init__(self, marks: Array, hits_before: int) -> None:
        """marks: records of RECORD_DTYPE in order of seq."""
        self._marks = marks
        self._before = hits_before

    def __len__(self) -> int:
        return len(self._marks)

    def column(self, name: str) -> Array:
        """As for Rows, but cause says nothing without the events between."""
        if name == "hit":
            hits: Array = self._before + np.cumsum(self._marks["kind"] == EventKind.HIT)
            return hits
        column: Array = self._marks["retired" if name == "t" else name]
        return column
