"""A span of a run, ready to be drawn: lanes, bands, what is wrong, what is pinned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.timeline.bands import Band, bands
from sessions_app.timeline.index import Marks, run_marks
from sessions_app.timeline.lanes import Lane, Scale, lane

MAX_COLUMNS = 8192
#: Faults of the program in a span that are told one by one; the others are counted.
MOST_FAULTS = 300
#: By what events are placed: the CPU's time in ns, or the order of events in the run.
AXES = {"time": "retired", "events": "seq"}
_FIRST = {"time": 0, "events": 1}
_WRONG = (trace.INVARIANT, trace.LIVELOCK, trace.RESTOPS)


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for. end 0: to the end of what is stored."""

    axis: str = "time"
    start: int = 0
    end: int = 0
    columns: int = 1024


@dataclass(frozen=True, slots=True)
class Point:
    """A single event on the timeline."""

    kind: str
    cpu: int
    at: int
    seq: int
    hit: int | None
    """The hit it stands at: the last one up to it."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A span as it is drawn."""

    axis: str
    start: int
    end: int
    """The first place behind the span."""
    first: int
    """The first place of the run."""
    last: int
    """The first place behind the run."""
    columns: int
    through: int
    """Events up to this one are in it."""
    hits: int
    """Hits of the whole run, as far as it is stored."""
    lanes: list[Lane]
    bands: list[Band]
    problems: list[Point]
    faults: list[Point]
    faults_hidden: int
    pins: list[Point]


def timeline(run: Run, span: Span, cpus: int, pins: Iterable[int] = ()) -> Timeline:
    """A span of a run; pins: hits that somebody has remarked on."""
    marks = run_marks(run)
    axis = AXES[span.axis]
    last = _last(run, marks, axis)
    first = _FIRST[span.axis]
    end = max(span.end or last, first + 1)
    start = min(max(span.start, first), end - 1)
    scale = Scale(start, end, min(span.columns, MAX_COLUMNS))
    faults = _points(marks, marks.of_kinds(trace.FAULT), axis, scale)
    return Timeline(
        span.axis,
        start,
        end,
        first,
        last,
        scale.columns,
        marks.through,
        len(marks.hit_rows),
        [lane(marks, key, axis, scale) for key in sorted(marks.lanes)],
        bands(marks, cpus, axis, scale),
        _points(marks, marks.of_kinds(*_WRONG), axis, None),
        faults[:MOST_FAULTS],
        max(0, len(faults) - MOST_FAULTS),
        _points(marks, _rows_of(marks, pins), axis, None),
    )


def _last(run: Run, marks: Marks, axis: str) -> int:
    """The first place behind what is stored; a run of one CPU has also retired what came
    after its last mark."""
    if axis == "seq":
        return max(marks.through, 1) + 1
    times = marks.column("retired")
    highest = int(times.max()) if len(times) else 0
    alone = run.retired if not (marks.column("cpu") != 0).any() else 0
    return max(highest, alone, 1) + 1


def _rows_of(marks: Marks, numbers: Iterable[int]) -> trace.Array:
    known = [n for n in sorted(set(numbers)) if 1 <= n <= len(marks.hit_rows)]
    rows: trace.Array = marks.hit_rows[np.array(known, np.int64) - 1]
    return rows


def _points(
    marks: Marks, rows: trace.Array, axis: str, scale: Scale | None
) -> list[Point]:
    places = marks.column(axis)[rows]
    if scale is not None:
        inside = (places >= np.uint64(scale.start)) & (places < np.uint64(scale.end))
        rows, places = rows[inside], places[inside]
    before = np.searchsorted(marks.hit_rows, rows, side="right")
    kind, cpu, seq = (marks.column(name)[rows] for name in ("kind", "cpu", "seq"))
    aux = marks.column("aux")[rows]
    return [
        Point(
            trace.kind_name(int(kind[i])),
            int(cpu[i]),
            int(places[i]),
            int(seq[i]),
            int(before[i]) or None,
            trace.invariant_name(int(aux[i])) if kind[i] == trace.INVARIANT else "",
        )
        for i in range(len(rows))
    ]


def nearest_hit(
    run: Run, axis: str, place: int, cpu: int, slot: int | None
) -> tuple[int, int] | None:
    """Number and place of the hit of a CPU (of one slot) that is nearest to a place."""
    marks = run_marks(run)
    best: tuple[int, int, int] | None = None
    for (kind, of_cpu, of_slot), rows in marks.lanes.items():
        if kind != trace.HIT or of_cpu != cpu or slot not in (None, of_slot):
            continue
        places = marks.column(AXES[axis])[rows]
        right = int(np.searchsorted(places, np.uint64(place)))
        for at in range(max(0, right - 1), min(len(rows), right + 1)):
            number = int(np.searchsorted(marks.hit_rows, rows[at])) + 1
            found = (abs(int(places[at]) - place), number, int(places[at]))
            best = found if best is None else min(best, found)
    return None if best is None else best[1:]
