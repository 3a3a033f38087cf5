"""What lasts: tasks on a CPU, CPUs in a debugger, guests. Short ones are drawn as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sessions_app import trace
from sessions_app.timeline.index import Marks
from sessions_app.timeline.lanes import Scale
from sessions_app.trace import Array

#: More bands than this on one CPU are drawn together where they share a column.
MOST_BANDS = 400
#: What a band begins with, what ends it, and what it is called.
_SORTS = (
    ("task", (trace.CONTEXT_SWITCH,), (trace.CONTEXT_SWITCH, trace.TASK_EXIT)),
    ("kgdb", (trace.KGDB_ENTER,), (trace.KGDB_LEAVE,)),
    ("vm", (trace.VM_ENTRY,), (trace.VM_EXIT,)),
)


@dataclass(frozen=True, slots=True)
class Band:
    """From start to end, the latter not included; end None: it goes on."""

    sort: str
    """``task``, ``kgdb`` or ``vm``."""
    cpu: int
    start: int
    end: int | None
    seq: int
    """The event it begins with."""
    task: int
    slave: bool
    """kgdb: this CPU was rounded up by another."""
    drawn: int
    """How many bands this one stands for."""


def bands(marks: Marks, cpus: int, axis: str, scale: Scale) -> list[Band]:
    """Every band that touches a span."""
    found: list[Band] = []
    for sort, begins, ends in _SORTS:
        rows = marks.of_kinds(*begins, *ends)
        if not len(rows):
            continue
        of_cpu = marks.column("cpu")[rows]
        for cpu in range(cpus):
            own = rows[of_cpu == cpu]
            found += _of_cpu(marks, sort, cpu, own, begins, axis, scale)
    return found


def _of_cpu(
    marks: Marks,
    sort: str,
    cpu: int,
    rows: Array,
    begins: tuple[int, ...],
    axis: str,
    scale: Scale,
) -> list[Band]:
    """Begin and end stand one behind the other: a band ends where the next row is."""
    kinds = marks.column("kind")[rows]
    at = marks.column(axis)[rows].astype(np.int64)
    starts = np.flatnonzero(np.isin(kinds, begins))
    open_end = np.iinfo(np.int64).max
    ends = np.append(at, open_end)[starts + 1]
    touch = (at[starts] < scale.end) & (ends >= scale.start)
    starts, ends = starts[touch], ends[touch]
    groups = _together(at[starts], scale)
    made = []
    for first, last in groups:
        row = rows[starts[first]]
        end = int(ends[last])
        made.append(
            Band(
                sort,
                cpu,
                int(at[starts[first]]),
                None if end == open_end else end,
                int(marks.column("seq")[row]),
                int(marks.column("task")[row]),
                bool(int(marks.column("flags")[row]) & trace.SLAVE),
                last - first + 1,
            )
        )
    return made


def _together(starts: Array, scale: Scale) -> list[tuple[int, int]]:
    """First and last index of what is drawn as one."""
    n = len(starts)
    if n <= MOST_BANDS:
        return [(i, i) for i in range(n)]
    share = -(-(scale.end - scale.start) // min(scale.columns, MOST_BANDS))
    places = np.maximum(starts - scale.start, 0) // share
    firsts = np.flatnonzero(np.diff(places, prepend=-1))
    lasts = np.append(firsts[1:], n) - 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
