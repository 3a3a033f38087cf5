"""Hits by CPU and slot: one by one where they are few, else how many stand in a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.timeline.index import Marks, marks_at_hand, run_marks
from sessions_app.trace import Array

#: A glyph takes so many columns: a lane with more marks than fit is told as density.
GLYPH = 7


@dataclass(frozen=True, slots=True)
class Scale:
    """A span of time or of events and the columns it is drawn with."""

    start: int
    end: int
    """The first moment behind the span."""
    columns: int

    def edges(self) -> Array:
        """Where each column begins, and the end: column k holds x with
        (x - start) * columns // span == k."""
        span, k = self.end - self.start, np.arange(self.columns + 1, dtype=np.int64)
        return np.uint64(self.start) + (
            (k * span + self.columns - 1) // self.columns
        ).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Lane:
    """The marks of one sort of one CPU and slot within a span."""

    cpu: int
    slot: int | None
    """None: the table of a debugger, no slot of the hardware."""
    fired: bool
    count: int
    numbers: list[int] | None
    """Each by itself: hits by their number, others by seq; None: they are too many."""
    places: list[int] | None
    density: list[int] | None
    """How many stand in each column."""


def lane(marks: Marks, key: tuple[int, int, int], axis: str, scale: Scale) -> Lane:
    """One lane within a span."""
    kind, cpu, slot = key
    rows = marks.lanes[key]
    places = marks.column(axis)[rows]
    first, last = np.searchsorted(
        places, [np.uint64(scale.start), np.uint64(scale.end)]
    )
    count = int(last - first)
    exact = count * GLYPH <= scale.columns
    own = rows[first:last]
    fired = kind == trace.HIT
    numbers = _numbers(marks, own, fired) if exact else None
    density = None
    if not exact:
        borders = np.searchsorted(places, scale.edges())
        density = np.diff(borders).tolist()
    return Lane(
        cpu,
        None if slot == trace.NO_SLOT else slot,
        fired,
        count,
        numbers,
        places[first:last].tolist() if exact else None,
        density,
    )


def _numbers(marks: Marks, rows: Array, fired: bool) -> list[int]:
    if fired:
        found: list[int] = (np.searchsorted(marks.hit_rows, rows) + 1).tolist()
        return found
    return [int(seq) for seq in marks.column("seq")[rows]]


@dataclass(frozen=True, slots=True)
class LaneSummary:
    """A line of the table that says what the timeline draws."""

    cpu: int
    slot: int | None
    fired: bool
    count: int
    first: int
    last: int


def lane_table(run: Run) -> list[LaneSummary] | None:
    """Every lane of a run in words; times are retired instructions. None: a long run
    whose marks would have to be made first, for which no page waits."""
    if not marks_at_hand(run):
        return None
    marks = run_marks(run)
    times = marks.column("retired")
    return [
        LaneSummary(
            cpu,
            None if slot == trace.NO_SLOT else slot,
            kind == trace.HIT,
            len(rows),
            int(times[rows[0]]),
            int(times[rows[-1]]),
        )
        for (kind, cpu, slot), rows in sorted(marks.lanes.items())
    ]
