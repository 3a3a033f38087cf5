"""Reads of recorded events. Cursors are seq; nothing here decodes more than it must."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db.models import F, Q, QuerySet

from sessions_app import trace
from sessions_app.filters import EventFilter
from sessions_app.models import EventChunk, Run
from sessions_app.trace import HotColumns, Record, Snapshot

#: Decoded blocks that a process keeps: 4096 events are about 160 KB hot, 260 KB whole.
_HOT_BLOCKS = 512
_WHOLE_BLOCKS = 128
_OUTPUT_STREAMS = (1, 2)
#: A page reads at most this many chunks; a filter that matches little pages on.
_CHUNKS_PER_PAGE = 400
#: More than a recipe has breakpoints, on all CPUs.
_REGISTRATIONS = 1000

_STATISTICS = [
    "pk",
    "run",
    "epoch",
    "first_seq",
    "n",
    "hits_before",
    "hits",
    "t0",
    "t1",
    "cpu_mask",
    "kind_mask",
    "slot_mask",
    "snapshots",
]


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """What the program wrote with one write."""

    seq: int
    stream: int
    data: bytes

    @property
    def text(self) -> str:
        """As UTF-8; what is none becomes replacement characters."""
        return self.data.decode("utf-8", "replace")


def run_chunks(run: Run) -> QuerySet[EventChunk]:
    """The chunks of the run's present epoch in order; without their blocks."""
    return (
        EventChunk.objects.filter(run_id=run.pk, epoch=run.epoch)
        .only(*_STATISTICS)
        .order_by("first_seq")
    )


# Chunks are immutable; the run's random id guards against a key that a rolled-back
# transaction gave back.
@lru_cache(maxsize=_HOT_BLOCKS)
def _hot(pk: int, run_id: UUID) -> HotColumns:
    hot = EventChunk.objects.values_list("hot", flat=True).get(pk=pk, run_id=run_id)
    return trace.decode_hot(bytes(hot))


@lru_cache(maxsize=_WHOLE_BLOCKS)
def _whole(pk: int, run_id: UUID) -> bytes:
    hot, cold = EventChunk.objects.values_list("hot", "cold").get(pk=pk, run_id=run_id)
    return trace.decode_records(bytes(hot), bytes(cold)).tobytes()


@lru_cache(maxsize=_WHOLE_BLOCKS)
def _snapshots(pk: int, run_id: UUID) -> tuple[Snapshot, ...]:
    cold = EventChunk.objects.values_list("cold", flat=True).get(pk=pk, run_id=run_id)
    return tuple(trace.unpack_snapshots(trace.decode_snapshots(bytes(cold))))


def _record(chunk: EventChunk, row: int) -> Record:
    size = trace.RECORD_SIZE
    return trace.unpack_records(
        _whole(chunk.pk, chunk.run_id)[row * size : (row + 1) * size]
    )[0]


def _chunk_of_seq(run: Run, seq: int) -> EventChunk | None:
    chunk = run_chunks(run).filter(first_seq__lte=seq).order_by("-first_seq").first()
    return chunk if chunk is not None and seq <= chunk.last_seq else None


def _chunk_of_hit(run: Run, number: int) -> EventChunk | None:
    return (
        run_chunks(run)
        .filter(hits_before__lt=number, hits_before__gte=number - F("hits"))
        .first()
    )


def event_record(run: Run, seq: int) -> Record | None:
    """Event number seq, or None when it is not stored (yet)."""
    chunk = _chunk_of_seq(run, seq)
    return None if chunk is None else _record(chunk, seq - chunk.first_seq)


def records_from(run: Run, seq: int, limit: int) -> list[Record]:
    """Up to limit stored records from seq on."""
    found: list[Record] = []
    chunks = run_chunks(run).filter(first_seq__gt=seq - F("n"))
    for chunk in chunks.iterator(chunk_size=8):
        skip = max(0, seq - chunk.first_seq) * trace.RECORD_SIZE
        stop = skip + (limit - len(found)) * trace.RECORD_SIZE
        found += trace.unpack_records(_whole(chunk.pk, chunk.run_id)[skip:stop])
        if len(found) >= limit:
            break
    return found


def record_block(run: Run, after: int) -> tuple[int, int, bytes] | None:
    """The stored chunk with the first event after a cursor: (first_seq, hits_before,
    record bytes). It may begin at or before the cursor. None at the end."""
    chunk = run_chunks(run).filter(first_seq__gt=after + 1 - F("n")).first()
    if chunk is None:
        return None
    return chunk.first_seq, chunk.hits_before, _whole(chunk.pk, chunk.run_id)


def hit_by_number(run: Run, number: int) -> Record | None:
    """Hit n of the run, or None."""
    chunk = _chunk_of_hit(run, number) if number > 0 else None
    if chunk is None:
        return None
    rows = _hot(chunk.pk, chunk.run_id).hit_rows
    return _record(chunk, int(rows[number - chunk.hits_before - 1]))


def hit_number(run: Run, seq: int) -> int | None:
    """Number of the hit at seq, or of the last one before it; None before the first."""
    chunk = _chunk_of_seq(run, seq)
    if chunk is None:
        return None
    row = seq - chunk.first_seq
    number = chunk.hits_before + int(
        np.searchsorted(_hot(chunk.pk, chunk.run_id).hit_rows, row, side="right")
    )
    return number or None


def hit_after(run: Run, seq: int) -> tuple[int, Record] | None:
    """The first hit after an event, with its number."""
    number = (hit_number(run, seq) or 0) + 1
    record = hit_by_number(run, number)
    return None if record is None else (number, record)


def snapshots_between(run: Run, first: int, last: int) -> list[Snapshot]:
    """The snapshots of events first..last in order."""
    chunks = run_chunks(run).filter(
        first_seq__gt=first - F("n"), first_seq__lte=last, snapshots__gt=0
    )
    return [
        shot
        for chunk in chunks
        for shot in _snapshots(chunk.pk, chunk.run_id)
        if first <= shot.seq <= last
    ]


def snapshot_at(run: Run, record: Record) -> Snapshot | None:
    """The latest snapshot of the event's CPU at or before the event, brought up to it
    with the debug-register and shadow writes in between."""
    chunks = (
        run_chunks(run)
        .filter(first_seq__lte=record.seq, snapshots__gt=0)
        .order_by("-first_seq")
    )
    for chunk in chunks.iterator(chunk_size=4):
        for shot in reversed(_snapshots(chunk.pk, chunk.run_id)):
            if shot.seq <= record.seq and shot.cpu == record.cpu:
                return _forward(run, shot, record)
    return None


def _forward(run: Run, shot: Snapshot, record: Record) -> Snapshot:
    between = records_from(run, shot.seq + 1, record.seq - shot.seq)
    own = [r for r in between if r.cpu == shot.cpu]
    return trace.bring_forward(shot, own)


def run_output(run: Run) -> list[OutputPiece]:
    """What the program wrote, in order."""
    blocks = (
        EventChunk.objects.filter(run_id=run.pk, epoch=run.epoch)
        .annotate(wrote=F("kind_mask").bitand(trace.mask_bit(trace.OUTPUT)))
        .exclude(wrote=0)
        .order_by("first_seq")
        .values_list("side", flat=True)
    )
    return [
        OutputPiece(seq, stream, data)
        for side in blocks
        for seq, stream, data in trace.decode_side(bytes(side))
        if stream in _OUTPUT_STREAMS
    ]


# --- Filters


def _mask(numbers: frozenset[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= trace.mask_bit(number)
    return mask


def _could_match(
    chunks: QuerySet[EventChunk], wanted: EventFilter, hits_only: bool
) -> QuerySet[EventChunk]:
    """Chunks whose statistics do not rule the filter out."""
    if wanted.cpus:
        chunks = chunks.annotate(c=F("cpu_mask").bitand(_mask(wanted.cpus))).exclude(
            c=0
        )
    if wanted.kinds:
        mask = _mask(wanted.kinds)
        chunks = chunks.annotate(k=F("kind_mask").bitand(mask)).exclude(k=0)
    if wanted.time:
        chunks = chunks.filter(t0__lte=wanted.time[1], t1__gte=wanted.time[0])
    if not hits_only:
        return chunks
    # The statistics below are of hits only.
    chunks = chunks.filter(hits__gt=0)
    if wanted.slots:
        mask = _mask(wanted.slots)
        chunks = chunks.annotate(s=F("slot_mask").bitand(mask)).exclude(s=0)
    span = Q()
    if wanted.addr:
        span &= Q(addr_min__lte=wanted.addr[1], addr_max__gte=wanted.addr[0])
    if wanted.rip:
        span &= Q(rip_min__lte=wanted.rip[1], rip_max__gte=wanted.rip[0])
    return chunks.filter(span)


def _rows(columns: HotColumns, wanted: EventFilter) -> trace.Array:
    """Which rows pass."""
    passes = np.ones(len(columns), bool)
    for numbers, column in (
        (wanted.kinds, columns.kind),
        (wanted.slots, columns.slot),
        (wanted.cpus, columns.cpu),
    ):
        if numbers:
            passes &= np.isin(column, list(numbers))
    for span, column in (
        (wanted.addr, columns.addr),
        (wanted.rip, columns.rip),
        (wanted.time, columns.retired),
    ):
        if span:
            passes &= (column >= np.uint64(span[0])) & (column <= np.uint64(span[1]))
    rows: trace.Array = np.flatnonzero(passes)
    return rows


Page = tuple[list[tuple[EventChunk, int]], int | None]


def _page(
    run: Run, wanted: EventFilter, after: int, limit: int, hits_only: bool
) -> Page:
    """Up to limit (chunk, row) after a cursor, and the cursor to go on from or None."""
    found: list[tuple[EventChunk, int]] = []
    chunks = _could_match(run_chunks(run), wanted, hits_only)
    chunks = chunks.filter(first_seq__gt=after + 1 - F("n"))
    for looked, chunk in enumerate(chunks.iterator(chunk_size=32), start=1):
        rows = _rows(_hot(chunk.pk, chunk.run_id), wanted)
        rows = rows[rows + chunk.first_seq > after]
        found += [(chunk, int(row)) for row in rows[: limit + 1 - len(found)]]
        if len(found) > limit:
            last, row = found[limit - 1]
            return found[:limit], last.first_seq + row
        if looked == _CHUNKS_PER_PAGE:
            return found, chunk.last_seq
    return found, None


def events_page(
    run: Run, wanted: EventFilter, after: int, limit: int
) -> tuple[list[Record], int | None]:
    """Events with seq > after that pass, and the cursor to go on from.

    None as the cursor: that was all that is stored. A page may be short, even empty,
    before the end: a filter that matches little does not hold the reader up.
    """
    hits_only = wanted.kinds == frozenset({trace.HIT})
    found, cursor = _page(run, wanted, after, limit, hits_only)
    return [_record(chunk, row) for chunk, row in found], cursor


def refused_breakpoints(run: Run) -> dict[int, str]:
    """The error of each breakpoint of the recipe that the run's kernel did not take."""
    wanted = EventFilter(kinds=frozenset({int(trace.REGISTERED)}))
    told, _ = events_page(run, wanted, 0, _REGISTRATIONS)
    return {r.slot: trace.errno_name(r.ret) for r in told if r.ret < 0}


def hits_page(
    run: Run, wanted: EventFilter, after: int, limit: int, first: int = 0
) -> tuple[list[tuple[int, Record]], int | None]:
    """Hits with their numbers, as events_page; first: begin at that hit instead."""
    if wanted.kinds and trace.HIT not in wanted.kinds:
        return [], None
    if first > 1:
        begin = hit_by_number(run, first)
        if begin is None:
            return [], None
        after = max(after, begin.seq - 1)
    hits = replace(wanted, kinds=frozenset({int(trace.HIT)}))
    found, cursor = _page(run, hits, after, limit, hits_only=True)
    return [(_number(chunk, row), _record(chunk, row)) for chunk, row in found], cursor


def _number(chunk: EventChunk, row: int) -> int:
    before = np.searchsorted(_hot(chunk.pk, chunk.run_id).hit_rows, row)
    return chunk.hits_before + int(before) + 1
