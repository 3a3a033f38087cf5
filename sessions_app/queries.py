"""Events and hits that a query asks for, page by page. Cursors are seq."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
from django.db.models import F, QuerySet

from sessions_app import trace
from sessions_app.models import EventChunk, Run
from sessions_app.selectors import (
    chunk_beside,
    hit_by_number,
    hot_block,
    packet_data,
    record_in,
    run_chunks,
    snapshot_block,
    whole_block,
)
from sessions_app.trace import Bounds, Expression, Query, Record

#: A page reads at most this many chunks; a filter that matches little pages on.
_CHUNKS_PER_PAGE = 400
#: A count reads at most this many: some eight million events.
_CHUNKS_PER_COUNT = 2000
#: Values that a count tells.
MOST_VALUES = 200
#: More than a recipe has breakpoints, on all CPUs.
_REGISTRATIONS = 1000
#: Largest number in a 64-bit column of a database.
_MOST = (1 << 63) - 1
_HITS = trace.parse_query("kind:hit", {})
_PACKETS = trace.parse_query("kind:packet,debugger_stop", {})
_REGISTERED = trace.parse_query("kind:breakpoint_registered", {})


def _mask(numbers: frozenset[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= trace.mask_bit(number)
    return mask


def could_match(
    chunks: QuerySet[EventChunk], limits: Bounds, hits_only: bool
) -> QuerySet[EventChunk]:
    """Chunks whose statistics do not rule the query out."""
    if limits.is_nothing:
        return chunks.none()
    for name, field in (("cpu", "cpu_mask"), ("kind", "kind_mask")):
        if name in limits.sets:
            chunks = _with_bit(chunks, field, limits.sets[name])
    if "t" in limits.spans:
        first, last = limits.spans["t"]
        chunks = chunks.filter(t0__lte=min(last, _MOST), t1__gte=max(first, 0))
    if "seq" in limits.spans:
        first, last = limits.spans["seq"]
        chunks = chunks.filter(
            first_seq__lte=min(last, _MOST), first_seq__gt=max(first, 0) - F("n")
        )
    return _with_hits(chunks, limits) if hits_only else chunks


def _with_hits(chunks: QuerySet[EventChunk], limits: Bounds) -> QuerySet[EventChunk]:
    """By the statistics that are of hits only."""
    chunks = chunks.filter(hits__gt=0)
    if "slot" in limits.sets:
        chunks = _with_bit(chunks, "slot_mask", limits.sets["slot"])
    for name in ("addr", "rip"):
        if name in limits.spans:
            first, last = limits.spans[name]
            low, high = max(first, 0), min(last, trace.MAX_U64)
            within = {f"{name}_min__lte": high, f"{name}_max__gte": low}
            chunks = chunks.filter(**within)
    if "hit" in limits.spans:
        first, last = limits.spans["hit"]
        chunks = chunks.filter(
            hits_before__lt=min(last, _MOST),
            hits_before__gte=min(max(first, 0), _MOST) - F("hits"),
        )
    return chunks


def _with_bit(
    chunks: QuerySet[EventChunk], field: str, numbers: frozenset[int]
) -> QuerySet[EventChunk]:
    name = f"{field}_of_query"
    return chunks.annotate(**{name: F(field).bitand(_mask(numbers))}).exclude(
        **{name: 0}
    )


def chunk_rows(chunk: EventChunk) -> trace.Rows:
    """The chunk as a query looks at it; blocks are read when they are asked for."""
    return trace.Rows(
        hot_block(chunk.pk, chunk.run_id),
        lambda: np.frombuffer(whole_block(chunk.pk, chunk.run_id), trace.RECORD_DTYPE),
        lambda: snapshot_block(chunk.pk, chunk.run_id),
        partial(rows_beside, chunk),
    )


def rows_beside(chunk: EventChunk, step: int) -> trace.Rows | None:
    """The chunk behind (1) or before (-1), for trees that were cut between the two."""
    beside = chunk_beside(chunk, step)
    return None if beside is None else chunk_rows(beside)


def _rows(chunk: EventChunk, wanted: Query) -> trace.Array:
    """Which rows pass."""
    rows: trace.Array = np.flatnonzero(wanted.passes(chunk_rows(chunk)))
    return rows


Page = tuple[list[tuple[EventChunk, int]], int | None]


def _page(run: Run, wanted: Query, after: int, limit: int, hits_only: bool) -> Page:
    """Up to limit (chunk, row) after a cursor, and the cursor to go on from or None."""
    found: list[tuple[EventChunk, int]] = []
    chunks = could_match(run_chunks(run), trace.bounds(wanted), hits_only)
    chunks = chunks.filter(first_seq__gt=after + 1 - F("n"))
    for looked, chunk in enumerate(chunks.iterator(chunk_size=32), start=1):
        rows = _rows(chunk, wanted)
        rows = rows[rows + chunk.first_seq > after]
        found += [(chunk, int(row)) for row in rows[: limit + 1 - len(found)]]
        if len(found) > limit:
            last, row = found[limit - 1]
            return found[:limit], last.first_seq + row
        if looked == _CHUNKS_PER_PAGE:
            return found, chunk.last_seq
    return found, None


def events_page(
    run: Run, wanted: Query, after: int, limit: int
) -> tuple[list[Record], int | None]:
    """Events with seq > after that pass, and the cursor to go on from.

    None as the cursor: that was all that is stored. A page may be short, even empty,
    before the end: a filter that matches little does not hold the reader up.
    """
    hits_only = trace.bounds(wanted).sets.get("kind") == frozenset({int(trace.HIT)})
    found, cursor = _page(run, wanted, after, limit, hits_only)
    return [record_in(chunk, row) for chunk, row in found], cursor


@dataclass(frozen=True, slots=True)
class PacketRecord:
    """A packet, or the stop before it, with what was said and the last hit before."""

    record: Record
    data: bytes
    hit: int | None


def packets_page(
    run: Run, after: int, limit: int
) -> tuple[list[PacketRecord], int | None]:
    """Packets and stops of debuggers, as events_page."""
    found, cursor = _page(run, _PACKETS, after, limit, hits_only=False)
    rows = [
        PacketRecord(
            record_in(chunk, row),
            packet_data(chunk.pk, chunk.run_id).get(chunk.first_seq + row, b""),
            (_number(chunk, row) - 1) or None,
        )
        for chunk, row in found
    ]
    return rows, cursor


def refused_breakpoints(run: Run) -> dict[int, str]:
    """The error of each breakpoint of the recipe that the run's kernel did not take."""
    told, _ = events_page(run, _REGISTERED, 0, _REGISTRATIONS)
    return {r.slot: trace.errno_name(r.ret) for r in told if r.ret < 0}


def hits_page(
    run: Run, wanted: Query, after: int, limit: int, first: int = 0
) -> tuple[list[tuple[int, Record]], int | None]:
    """Hits with their numbers, as events_page; first: begin at that hit instead."""
    if first > 1:
        begin = hit_by_number(run, first)
        if begin is None:
            return [], None
        after = max(after, begin.seq - 1)
    hits = trace.both(_HITS, wanted)
    found, cursor = _page(run, hits, after, limit, hits_only=True)
    return [
        (_number(chunk, row), record_in(chunk, row)) for chunk, row in found
    ], cursor


def _number(chunk: EventChunk, row: int) -> int:
    before = np.searchsorted(hot_block(chunk.pk, chunk.run_id).hit_rows, row)
    return chunk.hits_before + int(before) + 1


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each value of a column occurs among what passes, most often first."""

    total: int
    values: list[tuple[int, int]]
    """(value, how often): at most MOST_VALUES of them."""
    complete: bool
    """False: the run has more chunks than one answer looks at."""


#: A value per event of a block, and which of them count.
Counted = Callable[[trace.Rows, trace.Array], trace.Array]


def by_column(column: str) -> Counted:
    """Count by a column of emulator.trace.query.Rows."""
    return lambda rows, passed: rows.column(column)[passed]


def by_served(rows: trace.Rows, passed: trace.Array) -> trace.Array:
    """Count hits by whom they were delivered to and what broke, as bits."""
    found: trace.Array = trace.served(rows)[passed[rows.hit_rows]]
    return found


def by_expression(expression: Expression) -> Counted:
    """Count hits by what an expression comes to; where it has no value nothing counts."""

    def counted(rows: trace.Rows, passed: trace.Array) -> trace.Array:
        column = trace.evaluate_columns(expression, rows.recorded)
        found: trace.Array = column.values[passed[rows.hit_rows] & column.known]
        return found

    return counted


def count_by(run: Run, wanted: Query, counted: Counted, *, hits_only: bool) -> Counts:
    """Count what passes by its values."""
    query = trace.both(_HITS, wanted) if hits_only else wanted
    counts: Counter[int] = Counter()
    complete = True
    chunks = could_match(run_chunks(run), trace.bounds(query), hits_only)
    for looked, chunk in enumerate(chunks.iterator(chunk_size=32)):
        if looked == _CHUNKS_PER_COUNT:
            complete = False
            break
        block = chunk_rows(chunk)
        values, often = np.unique(
            counted(block, query.passes(block)), return_counts=True
        )
        counts.update(dict(zip(values.tolist(), often.tolist(), strict=True)))
    first = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_VALUES]
    return Counts(counts.total(), first, complete)


def hit_values(
    run: Run, wanted: Query, expression: Expression, after: int, limit: int
) -> tuple[list[tuple[int, int, int | None]], int | None]:
    """(number, seq, value) of hits, as hits_page; None where there is no value."""
    hits = trace.both(_HITS, wanted)
    found, cursor = _page(run, hits, after, limit, hits_only=True)
    told: list[tuple[int, int, int | None]] = []
    for chunk, group in groupby(found, key=lambda pair: pair[0]):
        rows = chunk_rows(chunk)
        column = trace.evaluate_columns(expression, rows.recorded)
        for row in (row for _, row in group):
            at = int(np.searchsorted(rows.hit_rows, row))
            value = int(column.values[at]) if column.known[at] else None
            told.append((chunk.hits_before + at + 1, chunk.first_seq + row, value))
    return told, cursor
