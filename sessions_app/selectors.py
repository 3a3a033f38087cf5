"""Reads of recorded events. Cursors are seq; nothing here decodes more than it must."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db.models import F, QuerySet

from sessions_app import trace
from sessions_app.chunkstore import read_block, read_blocks
from sessions_app.models import DebugSession, EventChunk, NotebookEntry, Run
from sessions_app.trace import HotColumns, Record, Snapshot

#: Decoded blocks that a process keeps: 4096 events are about 160 KB hot, 260 KB whole.
_HOT_BLOCKS = 512
_WHOLE_BLOCKS = 128
_OUTPUT_STREAMS = (1, 2)
_MARKS = sum(trace.mask_bit(int(kind)) for kind in trace.MARKED)

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


def chunk_beside(chunk: EventChunk, step: int) -> EventChunk | None:
    """The chunk whose events begin right behind these (step 1), or end right before
    them (step -1); None when it is not stored."""
    chunks = EventChunk.objects.filter(run_id=chunk.run_id, epoch=chunk.epoch)
    chunks = chunks.only(*_STATISTICS)
    if step > 0:
        return chunks.filter(first_seq=chunk.last_seq + 1).first()
    before = chunks.filter(first_seq__lt=chunk.first_seq).order_by("first_seq").last()
    joins = before is not None and before.last_seq + 1 == chunk.first_seq
    return before if joins else None


# Chunks are immutable; the run's random id guards against a key that a rolled-back
# transaction gave back.
@lru_cache(maxsize=_HOT_BLOCKS)
def hot_block(pk: int, run_id: UUID) -> HotColumns:
    return trace.decode_hot(read_block(pk, run_id, "hot"))


@lru_cache(maxsize=_WHOLE_BLOCKS)
def whole_block(pk: int, run_id: UUID) -> bytes:
    hot, cold = read_blocks(pk, run_id, "hot", "cold")
    return trace.decode_records(hot, cold).tobytes()


def snapshot_block(pk: int, run_id: UUID) -> bytes:
    """The snapshots of a chunk, packed."""
    return trace.decode_snapshots(read_block(pk, run_id, "cold"))


def marks_in(chunk: EventChunk) -> trace.Array:
    """The marks among a chunk's events (emulator.trace.marks)."""
    if not chunk.kind_mask & _MARKS:
        return np.empty(0, trace.RECORD_DTYPE)
    # Read once and kept as marks: no reason to push other blocks out of the cache.
    return trace.marks_of(whole_block.__wrapped__(chunk.pk, chunk.run_id))


@lru_cache(maxsize=_WHOLE_BLOCKS)
def _snapshots(pk: int, run_id: UUID) -> tuple[Snapshot, ...]:
    return tuple(trace.unpack_snapshots(snapshot_block(pk, run_id)))


@lru_cache(maxsize=_WHOLE_BLOCKS)
def packet_data(pk: int, run_id: UUID) -> dict[int, bytes]:
    side = read_block(pk, run_id, "side")
    return {
        seq: data
        for seq, stream, data in trace.decode_side(side)
        if stream == trace.PACKET_STREAM
    }


def record_in(chunk: EventChunk, row: int) -> Record:
    size = trace.RECORD_SIZE
    return trace.unpack_records(
        whole_block(chunk.pk, chunk.run_id)[row * size : (row + 1) * size]
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
    return None if chunk is None else record_in(chunk, seq - chunk.first_seq)


def records_from(run: Run, seq: int, limit: int) -> list[Record]:
    """Up to limit stored records from seq on."""
    found: list[Record] = []
    chunks = run_chunks(run).filter(first_seq__gt=seq - F("n"))
    for chunk in chunks.iterator(chunk_size=8):
        skip = max(0, seq - chunk.first_seq) * trace.RECORD_SIZE
        stop = skip + (limit - len(found)) * trace.RECORD_SIZE
        found += trace.unpack_records(whole_block(chunk.pk, chunk.run_id)[skip:stop])
        if len(found) >= limit:
            break
    return found


def record_block(run: Run, after: int) -> tuple[int, int, bytes] | None:
    """The stored chunk with the first event after a cursor: (first_seq, hits_before,
    record bytes). It may begin at or before the cursor. None at the end."""
    chunk = run_chunks(run).filter(first_seq__gt=after + 1 - F("n")).first()
    if chunk is None:
        return None
    return chunk.first_seq, chunk.hits_before, whole_block(chunk.pk, chunk.run_id)


def hit_by_number(run: Run, number: int) -> Record | None:
    """Hit n of the run, or None."""
    chunk = _chunk_of_hit(run, number) if number > 0 else None
    if chunk is None:
        return None
    rows = hot_block(chunk.pk, chunk.run_id).hit_rows
    return record_in(chunk, int(rows[number - chunk.hits_before - 1]))


def hit_number(run: Run, seq: int) -> int | None:
    """Number of the hit at seq, or of the last one before it; None before the first."""
    chunk = _chunk_of_seq(run, seq)
    if chunk is None:
        return None
    row = seq - chunk.first_seq
    number = chunk.hits_before + int(
        np.searchsorted(hot_block(chunk.pk, chunk.run_id).hit_rows, row, side="right")
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
        .values_list("pk", flat=True)
    )
    return [
        OutputPiece(seq, stream, data)
        for pk in blocks
        for seq, stream, data in trace.decode_side(read_block(pk, run.pk, "side"))
        if stream in _OUTPUT_STREAMS
    ]


def notebook_entries(session: DebugSession) -> QuerySet[NotebookEntry]:
    """The kept moments of a session in their order, with their runs."""
    own = NotebookEntry.objects.filter(session=session, run__deleted_at=None)
    return own.select_related("session", "run__recipe").order_by("position")
