"""A stretch of a real trace that is told again and again, with new numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.loop import DATA, run, watch
from emulator.events import EventKind
from emulator.trace.dtype import RECORD_DTYPE, SNAPSHOT_DTYPE
from emulator.wire import Batch

_HITS = 72
_SKIP = 2


class Stretch:
    """Some seventy hits with all that they cause, from the engine."""

    def __init__(self) -> None:
        batches: list[Batch] = []
        run(_HITS, [watch(DATA, "write", 8)], variant="d4", sink=batches.append)
        records = np.frombuffer(b"".join(b.records for b in batches), RECORD_DTYPE)
        shots = np.frombuffer(b"".join(b.snapshots for b in batches), SNAPSHOT_DTYPE)
        at = np.flatnonzero(records["kind"] == EventKind.HIT)
        first, last = int(at[_SKIP]), int(at[-_SKIP])
        self.records: Any = records[first:last].copy()
        before = int(self.records["seq"][0]) - 1
        self.records["seq"] -= before
        self.records["cause"][self.records["cause"] > 0] -= before
        inside = (shots["seq"] > before) & (shots["seq"] <= before + len(self))
        self.shots: Any = shots[inside].copy()
        self.shots["seq"] -= before
        self.hits = int((self.records["kind"] == EventKind.HIT).sum())

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, told: int, began: float, ended: float) -> Batch:
        """Told once more, after ``told`` times, its events spread over a span of time.

        ``retired`` says when an event happened, in microseconds of the monotonic clock:
        what a client needs to know how late it hears.
        """
        shift = told * len(self)
        records, shots = self.records.copy(), self.shots.copy()
        records["seq"] += shift
        records["cause"][records["cause"] > 0] += shift
        micro = np.linspace(began * 1e6, ended * 1e6, len(self), dtype="u8")
        records["retired"] = micro
        shots["seq"] += shift
        return Batch(
            shift + 1, told * self.hits, records.tobytes(), shots.tobytes(), []
        )
