"""Writes recorded events: into chunks, with the run's counters, in one transaction."""

from __future__ import annotations

import time
from dataclasses import asdict
from uuid import UUID

import numpy as np
from django.db import transaction

from sessions_app import trace
from sessions_app.errors import StaleLease
from sessions_app.models import EventChunk, Run
from sessions_app.runner import Batch

#: A chunk is closed when it is full or its first event is this old, in seconds.
MAX_AGE = 0.25
Text = tuple[int, int, bytes]


class Pending:
    """Consecutive events that wait to be cut into chunks."""

    def __init__(self, hits_before: int = 0) -> None:
        self.records = bytearray()
        self.snapshots = bytearray()
        self.texts: list[Text] = []
        self.hits_before = hits_before

    def __len__(self) -> int:
        return len(self.records) // trace.RECORD_SIZE

    def add(self, records: bytes, snapshots: bytes, texts: list[Text]) -> None:
        """Append what follows."""
        self.records += records
        self.snapshots += snapshots
        self.texts += texts

    def cut(self, events: int) -> trace.Chunk:
        """Take the first events off as a chunk."""
        size = events * trace.RECORD_SIZE
        records = bytes(self.records[:size])
        last = int(np.frombuffer(records[-trace.RECORD_SIZE :], "<u8", 1)[0])
        shots = np.frombuffer(self.snapshots, "<u8", count=len(self.snapshots) // 8)
        seqs = shots.reshape(-1, trace.SNAPSHOT_SIZE // 8)[:, 0]
        border = int(np.searchsorted(seqs, last, side="right")) * trace.SNAPSHOT_SIZE
        del shots, seqs  # a view would forbid the deletion below
        chunk = trace.encode_chunk(
            records,
            bytes(self.snapshots[:border]),
            [text for text in self.texts if text[0] <= last],
            self.hits_before,
        )
        del self.records[:size]
        del self.snapshots[:border]
        self.texts = [text for text in self.texts if text[0] > last]
        self.hits_before += chunk.stats.hits
        return chunk

    def cut_all(self, *, also_tail: bool) -> list[trace.Chunk]:
        """All full chunks, and what is left if also_tail."""
        chunks = []
        while len(self) >= trace.CHUNK_EVENTS:
            chunks.append(self.cut(trace.CHUNK_EVENTS))
        if also_tail and len(self):
            chunks.append(self.cut(len(self)))
        return chunks


class ChunkWriter:
    """Collects the batches of one run under one epoch."""

    def __init__(self, run_id: UUID, epoch: int) -> None:
        self._run_id = run_id
        self._epoch = epoch
        self._pending = Pending()
        self._oldest = 0.0
        self.retired = 0
        """Progress of the run, stored with the next chunk."""
        self.stored = 0
        """Number of the last event that is stored."""

    def add(self, batch: Batch) -> None:
        """Take a batch; full chunks are written. Raises StaleLease."""
        if not len(self._pending):
            self._oldest = time.monotonic()
        self._pending.add(batch.records, batch.snapshots, batch.texts)
        if len(self._pending) >= trace.CHUNK_EVENTS:
            self._write(self._pending.cut_all(also_tail=False))
            self._oldest = time.monotonic()

    def flush_aged(self) -> None:
        """Write what has waited long enough."""
        if len(self._pending) and time.monotonic() - self._oldest >= MAX_AGE:
            self.flush()

    def flush(self) -> None:
        """Write everything. Raises StaleLease."""
        self._write(self._pending.cut_all(also_tail=True))

    def _write(self, chunks: list[trace.Chunk]) -> None:
        if chunks:
            chunks_store(self._run_id, self._epoch, chunks, self.retired)
            self.stored = chunks[-1].stats.first_seq + chunks[-1].stats.n - 1


def _row(run_id: UUID, epoch: int, chunk: trace.Chunk) -> EventChunk:
    return EventChunk(
        run_id=run_id,
        epoch=epoch,
        hot=chunk.hot,
        cold=chunk.cold,
        side=chunk.side,
        codec_version=trace.CODEC_VERSION,
        **asdict(chunk.stats),
    )


@transaction.atomic
def chunks_store(
    run_id: UUID, epoch: int, chunks: list[trace.Chunk], retired: int
) -> None:
    """Keep chunks and advance the run's counters. Raises StaleLease and keeps nothing
    when another worker has the run."""
    last = chunks[-1].stats
    held = Run.objects.filter(pk=run_id, epoch=epoch, state__in=Run.LEASED).update(
        events=last.first_seq + last.n - 1,
        hits=last.hits_before + last.hits,
        retired=retired,
    )
    if not held:
        raise StaleLease(f"epoch {epoch} of run {run_id} is over")
    EventChunk.objects.bulk_create(
        [_row(run_id, epoch, chunk) for chunk in chunks], ignore_conflicts=True
    )


def chunks_merge(run_id: UUID, epoch: int) -> int:
    """Join the small tails of a run into full chunks; how many rows that saved.

    The readers see the old rows or the new ones: one transaction, and both say the same.
    """
    stored = EventChunk.objects.filter(run_id=run_id, epoch=epoch).order_by("first_seq")
    sizes = list(stored.values_list("pk", "n"))
    first = next((i for i, (_, n) in enumerate(sizes) if n < trace.CHUNK_EVENTS), None)
    if first is None or first >= len(sizes) - 1:
        return 0
    old = [pk for pk, _ in sizes[first:]]
    with transaction.atomic():
        made = [_row(run_id, epoch, chunk) for chunk in _rechunk(old)]
        EventChunk.objects.filter(pk__in=old).delete()
        EventChunk.objects.bulk_create(made, batch_size=64)
    return len(old) - len(made)


def _rechunk(keys: list[int]) -> list[trace.Chunk]:
    pending: Pending | None = None
    chunks: list[trace.Chunk] = []
    for row in (
        EventChunk.objects.filter(pk__in=keys).order_by("first_seq").iterator(16)
    ):
        hot, cold = bytes(row.hot), bytes(row.cold)
        pending = pending or Pending(row.hits_before)
        pending.add(
            trace.decode_records(hot, cold).tobytes(),
            trace.decode_snapshots(cold),
            trace.decode_side(bytes(row.side)),
        )
        chunks += pending.cut_all(also_tail=False)
    return chunks + (pending.cut_all(also_tail=True) if pending else [])
