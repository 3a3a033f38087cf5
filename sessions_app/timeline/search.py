"""Hits that a query finds, by their place in the list: count and any page of it at once.

A query is answered once; the numbers of what it found are kept and added to while a run
goes on. What a hit's own record tells is answered from the marks. A question about trees
needs the chunks: that goes so many chunks at a time, and an answer says how far it is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.timeline.in_chunks import hit_numbers
from sessions_app.timeline.index import Marks, run_marks
from sessions_app.trace import Array, Query, Record

#: Chunks that one answer reads: about half a second.
CHUNKS_AT_ONCE = 400
#: Numbers that a process keeps, four bytes each.
_KEPT_NUMBERS = 16_000_000
_HITS = trace.parse_query("kind:hit", {})
_NONE: Array = np.empty(0, np.uint32)


@dataclass(slots=True)
class _Search:
    """What is known of one query on one run."""

    numbers: list[Array] = field(default_factory=list)
    growing: Array = field(default_factory=lambda: _NONE)
    """Of the last tree of a run that goes on: looked at again."""
    through: int = 0
    complete: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        return sum(map(len, self.numbers))

    def all(self) -> Array:
        if len(self.numbers) != 1:
            self.numbers = [np.concatenate([_NONE, *self.numbers])]
        settled = self.numbers[0]
        return np.concatenate([settled, self.growing]) if len(self.growing) else settled


@dataclass(frozen=True, slots=True)
class FoundHit:
    """A line of the list."""

    number: int
    record: Record
    was: int | None
    """The value at the previous hit of this slot and address; None: there was none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what a query found."""

    total: int
    offset: int
    rows: list[FoundHit]
    complete: bool
    """False: ask again, the rest is not looked at yet."""
    through: int
    """Events up to this one were looked at."""


class _Searches:
    """The searches that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int, str], _Search] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, run: Run, text: str) -> _Search:
        key = (run.pk, run.epoch, text)
        with self._lock:
            found = self._kept.setdefault(key, _Search())
            self._kept.move_to_end(key)
            total = sum(search.count for search in self._kept.values())
            while total > _KEPT_NUMBERS and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                total -= dropped.count
        return found

    def forget(self) -> None:
        """Start anew, as a new process does."""
        with self._lock:
            self._kept.clear()


_SEARCHES = _Searches()
forget_searches = _SEARCHES.forget


def find_hits(
    run: Run,
    wanted: Query,
    text: str,
    *,
    offset: int = 0,
    limit: int = 200,
    around: int | None = None,
) -> Found:
    """Hits that pass, from a place in the list on; text: what identifies the query among
    those of this run. around: begin at the first that is not before this hit."""
    marks = run_marks(run)
    if wanted == trace.EVERYTHING:
        numbers = np.arange(1, len(marks.hit_rows) + 1, dtype=np.uint32)
        complete, through = True, marks.through
    else:
        search = _SEARCHES.get(run, text)
        with search.lock:
            _look(run, marks, search, wanted)
            numbers = search.all()
            complete, through = search.complete, search.through
    if around is not None:
        offset = int(np.searchsorted(numbers, around))
    page = numbers[offset : offset + limit]
    page = page[page <= len(marks.hit_rows)]
    rows = _rows(marks, page)
    return Found(len(numbers), offset, rows, complete, through)


def _look(run: Run, marks: Marks, search: _Search, wanted: Query) -> None:
    """Bring a search up to what is stored, as far as one answer goes."""
    if search.complete and search.through >= marks.through:
        return
    if trace.asks_trees(wanted):
        found = hit_numbers(run, wanted, search.through, CHUNKS_AT_ONCE)
        search.numbers.append(found.settled)
        search.growing, search.complete = found.growing, found.complete
        # Chunks without hits at the end were left out: they are settled with the run.
        rest = marks.through if found.complete and run.is_over else 0
        search.through = max(found.through, rest)
    else:
        search.numbers.append(_in_marks(marks, wanted, search.through))
        search.through, search.complete = marks.through, True


def _in_marks(marks: Marks, wanted: Query, after: int) -> Array:
    hits = trace.both(_HITS, wanted)
    found = [_NONE]
    for piece in marks.pieces:
        if int(piece.columns["seq"][-1]) <= after or not piece.hits:
            continue
        rows = trace.MarkRows(piece.whole(), piece.hits_before)
        passes = hits.passes(rows) & (piece.columns["seq"] > after)
        found.append(rows.column("hit")[passes].astype(np.uint32))
    return np.concatenate(found)


def _rows(marks: Marks, numbers: Array) -> list[FoundHit]:
    rows = marks.hit_rows[numbers.astype(np.int64) - 1]
    records = trace.unpack_records(marks.whole(rows).tobytes())
    before = _before(marks, rows)
    return [
        FoundHit(int(number), record, _was(record, before.get(int(row))))
        for number, row, record in zip(numbers, rows, records, strict=True)
    ]


def _was(record: Record, earlier: Record | None) -> int | None:
    same = earlier is not None and earlier.addr == record.addr
    return earlier.value if earlier is not None and same else None


def _before(marks: Marks, rows: Array) -> dict[int, Record]:
    """By row: the previous hit of the same slot."""
    slots = marks.column("slot")[rows]
    pairs: list[tuple[int, int]] = []
    for slot in np.unique(slots):
        all_of_slot = marks.of_slots[int(slot)]
        own = rows[slots == slot]
        at = np.searchsorted(all_of_slot, own)
        pairs += [
            (int(row), int(all_of_slot[i - 1]))
            for row, i in zip(own, at, strict=True)
            if i
        ]
    earlier = marks.whole(np.array([row for _, row in pairs], np.int64))
    records = trace.unpack_records(earlier.tobytes())
    return {row: record for (row, _), record in zip(pairs, records, strict=True)}
