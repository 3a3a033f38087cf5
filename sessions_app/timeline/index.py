"""The marks of a run in memory, kept up with the chunks while it goes on.

A run that is over has its marks stored in a few rows. One that goes on, or that was stored
before there were marks, gets them from its chunks; each chunk is looked at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from uuid import UUID

import numpy as np
from django.db.models import F

from sessions_app import trace
from sessions_app.models import Run, RunMarks
from sessions_app.selectors import marks_in, run_chunks
from sessions_app.trace import Array

#: Marks that a process keeps decoded: some 30 bytes each.
_KEPT_MARKS = 6_000_000
#: Whole blocks that a process keeps decoded: 65536 marks are 4 MB.
_WHOLE_BLOCKS = 24
#: Chunks that one request looks at; a run that is further on is told so far.
CHUNKS_AT_ONCE = 3000
#: Events that are looked at while a page waits: half a second.
_SOON = 1_000_000
_LANES = ("seq", "retired", "task", "aux", "flags", "kind", "cpu", "slot")


@dataclass(frozen=True)
class Piece:
    """Consecutive marks: what a drawing needs, and how to get the rest."""

    columns: dict[str, Array]
    hits_before: int
    whole: Callable[[], Array] = field(repr=False)

    def __len__(self) -> int:
        return len(self.columns["seq"])

    @cached_property
    def hits(self) -> int:
        """How many hits are among them."""
        return int((self.columns["kind"] == trace.HIT).sum())


@dataclass(frozen=True)
class Marks:
    """All marks of a run up to an event, by column."""

    pieces: tuple[Piece, ...]
    through: int
    """Events up to this one were looked at."""

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def column(self, name: str) -> Array:
        """One of seq, retired, task, aux, flags, kind, cpu, slot over the whole run."""
        if name not in self._columns:
            parts = [piece.columns[name] for piece in self.pieces]
            empty = np.empty(0, trace.RECORD_DTYPE[name])
            self._columns[name] = np.concatenate(parts) if parts else empty
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, Array]:
        return {}

    @cached_property
    def hit_rows(self) -> Array:
        """Rows of the hits among the marks; hit n stands at hit_rows[n - 1]."""
        rows: Array = np.flatnonzero(self.column("kind") == trace.HIT)
        return rows

    @cached_property
    def _begins(self) -> Array:
        """The first row of each piece."""
        return np.cumsum([0, *map(len, self.pieces)])

    def whole(self, rows: Array) -> Array:
        """Marks by row, with all columns."""
        found = np.empty(len(rows), trace.RECORD_DTYPE)
        pieces = np.searchsorted(self._begins, rows, side="right") - 1
        for piece in np.unique(pieces):
            own = pieces == piece
            found[own] = self.pieces[piece].whole()[rows[own] - self._begins[piece]]
        return found

    @cached_property
    def lanes(self) -> dict[tuple[int, int, int], Array]:
        """Rows by (kind, cpu, slot), for hits and accesses that passed unseen."""
        cpu, slot = self.column("cpu"), self.column("slot")
        found: dict[tuple[int, int, int], Array] = {}
        for kind in (trace.HIT, trace.NOT_FIRED):
            rows = self.hit_rows if kind == trace.HIT else self.of_kinds(kind)
            places = (cpu[rows].astype(np.uint16) << 8) | slot[rows]
            for place in np.flatnonzero(np.bincount(places)):
                own = rows[places == place]
                found[int(kind), int(place) >> 8, int(place) & 0xFF] = own
        return found

    @cached_property
    def of_slots(self) -> dict[int, Array]:
        """Rows of the hits by slot, whatever their CPU."""
        slots = self.column("slot")[self.hit_rows]
        there = np.flatnonzero(np.bincount(slots))
        return {int(s): self.hit_rows[slots == s] for s in there}

    def of_kinds(self, *kinds: int) -> Array:
        """Rows of some kinds."""
        kind = self.column("kind")
        wanted = np.zeros(len(kind), bool)
        for each in kinds:
            wanted |= kind == each
        rows: Array = np.flatnonzero(wanted)
        return rows


class _Keeper:
    """The marks of the runs that were looked at last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int], Marks] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[tuple[UUID, int], threading.Lock] = {}

    def get(self, run: Run) -> Marks:
        """Up to what is stored now. One thread looks at a run's chunks, others wait."""
        key = (run.pk, run.epoch)
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            marks = self._kept.get(key) or _stored(run)
            if not run.is_over or marks.through < run.events:
                marks = _extended(run, marks)
            with self._lock:
                self._keep(key, marks)
        return marks

    def through(self, run: Run) -> int:
        """Up to which event a run's marks are in memory."""
        with self._lock:
            marks = self._kept.get((run.pk, run.epoch))
        return marks.through if marks else 0

    def _keep(self, key: tuple[UUID, int], marks: Marks) -> None:
        self._kept[key] = marks
        self._kept.move_to_end(key)
        total = sum(map(len, self._kept.values()))
        while total > _KEPT_MARKS and len(self._kept) > 1:
            gone, dropped = self._kept.popitem(last=False)
            self._making.pop(gone, None)
            total -= len(dropped)

    def forget(self) -> None:
        """Start anew, as a new process does."""
        _whole.cache_clear()
        with self._lock:
            self._kept.clear()
            self._making.clear()


_KEEPER = _Keeper()
run_marks = _KEEPER.get
forget_marks = _KEEPER.forget


def marks_at_hand(run: Run) -> bool:
    """Whether little is to be read before the marks of a run are there."""
    if run.events - _KEEPER.through(run) <= _SOON:
        return True
    return RunMarks.objects.filter(run_id=run.pk, epoch=run.epoch).exists()


@lru_cache(maxsize=_WHOLE_BLOCKS)
def _whole(pk: int, run_id: UUID) -> Array:
    stored = RunMarks.objects.values_list("lanes", "rest").get(pk=pk, run_id=run_id)
    return trace.decode_marks(*map(bytes, stored))


def _stored(run: Run) -> Marks:
    """The marks that are kept with a run that is over; none when they are not whole."""
    rows = list(
        RunMarks.objects.filter(run_id=run.pk, epoch=run.epoch)
        .defer("rest")
        .order_by("number")
    )
    if not rows or len(rows) != rows[0].blocks:
        return Marks((), 0)
    pieces = tuple(
        Piece(
            trace.decode_lanes(bytes(row.lanes)),
            row.hits_before,
            partial(_whole, row.pk, run.pk),
        )
        for row in rows
    )
    return Marks(pieces, rows[0].last_seq)


def _extended(run: Run, marks: Marks) -> Marks:
    """With the chunks that came since."""
    pieces = list(marks.pieces)
    through = marks.through
    chunks = run_chunks(run).filter(first_seq__gt=through + 1 - F("n"))
    for chunk in chunks[:CHUNKS_AT_ONCE].iterator(chunk_size=64):
        rows = marks_in(chunk)
        rows = rows[rows["seq"] > through]
        if len(rows):
            before = pieces[-1].hits_before + pieces[-1].hits if pieces else 0
            pieces.append(_piece(rows, before))
        through = chunk.last_seq
    if through == marks.through:
        return marks
    return Marks(tuple(pieces), through)


def _piece(rows: Array, before: int) -> Piece:
    """A piece that holds what is not drawn compressed: it compresses twenty times."""
    block = trace.encode_marks(rows)
    columns = {name: np.ascontiguousarray(rows[name]) for name in _LANES}
    return Piece(columns, before, lambda: trace.decode_marks(block.lanes, block.rest))
