"""Writes recorded events: into chunks, with the run's counters, in one transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet

from sessions_app import trace
from sessions_app.chunkstore import (
    BLOCKS,
    BlockMissing,
    block_key,
    chunk_store,
    discard,
)
from sessions_app.errors import StaleLease
from sessions_app.models import EventChunk, Run
from sessions_app.runner import Batch
from sessions_app.services.marks import marks_store

logger = logging.getLogger(__name__)

#: A chunk is closed when it is full or its first event is this old, in seconds.
MAX_AGE = 0.25
#: Events that one step of a merge takes.
_MERGE_EVENTS = 64 * trace.CHUNK_EVENTS
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

    def __init__(
        self, run_id: UUID, epoch: int, events: int = 0, hits: int = 0
    ) -> None:
        """events, hits: so many are stored already."""
        self._run_id = run_id
        self._epoch = epoch
        self._pending = Pending(hits)
        self._oldest = 0.0
        self.retired = 0
        """Progress of the run, stored with the next chunk."""
        self.stored = events
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
        texts=bool(chunk.side),
        size=len(chunk.hot) + len(chunk.cold) + len(chunk.side),
        codec_version=trace.CODEC_VERSION,
        **asdict(chunk.stats),
    )


def _keyed(run_id: UUID, epoch: int, chunk: trace.Chunk) -> dict[str, bytes]:
    where = (run_id, epoch, chunk.stats.first_seq, chunk.stats.n)
    blocks = {name: getattr(chunk, name) for name in BLOCKS}
    return {block_key(*where, name): data for name, data in blocks.items() if data}


def chunks_keep(run_id: UUID, epoch: int, chunks: Iterable[trace.Chunk]) -> None:
    """Rows and blocks of chunks; what is there already stays. In a transaction of the
    caller's."""
    rows: list[EventChunk] = []
    blocks: dict[str, bytes] = {}
    for chunk in chunks:
        rows.append(_row(run_id, epoch, chunk))
        blocks |= _keyed(run_id, epoch, chunk)
    chunk_store().put(blocks)
    EventChunk.objects.bulk_create(rows, batch_size=64, ignore_conflicts=True)


def chunk_keys(chunks: QuerySet[EventChunk]) -> set[str]:
    """Where the blocks of chunks are."""
    found = chunks.values_list("run_id", "epoch", "first_seq", "n", "texts")
    return {
        block_key(run_id, epoch, first_seq, n, block)
        for run_id, epoch, first_seq, n, texts in found
        for block in BLOCKS
        if texts or block != "side"
    }


def chunks_delete(chunks: QuerySet[EventChunk]) -> None:
    """Forget chunks with their blocks. In a transaction of the caller's."""
    keys = chunk_keys(chunks)
    chunks.delete()
    discard(keys)


@transaction.atomic
def chunks_store(
    run_id: UUID, epoch: int, chunks: list[trace.Chunk], retired: int
) -> None:
    """Keep chunks and advance the run's counters. Raises StaleLease and keeps nothing
    when another worker has the run."""
    last = chunks[-1].stats
    held = Run.everything.filter(pk=run_id, epoch=epoch, state__in=Run.LEASED).update(
        events=last.first_seq + last.n - 1,
        hits=last.hits_before + last.hits,
        retired=retired,
    )
    if not held:
        raise StaleLease(f"epoch {epoch} of run {run_id} is over")
    chunks_keep(run_id, epoch, chunks)


def chunks_merge(run_id: UUID, epoch: int) -> int:
    """Join the small tails of a run into full chunks; how many rows that saved.

    In steps, so that no other writer waits long. Readers see the old rows or the new
    ones of a step: one transaction, and both say the same.
    """
    saved, cursor = 0, 0
    while (step := _merge_step(run_id, epoch, cursor)) is not None:
        saved += step[0]
        cursor = step[1]
    return saved


@transaction.atomic
def _merge_step(run_id: UUID, epoch: int, after: int) -> tuple[int, int] | None:
    """Make full chunks of the first ones behind a seq that are not; how many rows that
    saved and where to go on, or None when nothing is left to do."""
    stored = EventChunk.objects.filter(run_id=run_id, epoch=epoch, first_seq__gt=after)
    short = stored.filter(n__lt=trace.CHUNK_EVENTS).order_by("first_seq").first()
    if short is None:
        return None
    tails = stored.filter(
        first_seq__gte=short.first_seq,
        first_seq__lt=short.first_seq + _MERGE_EVENTS,
    ).order_by("first_seq")
    # Whoever merges the same run at the same moment waits here, and finds it done.
    old = list(tails.select_for_update())
    if not old or old[0].pk != short.pk:
        return 0, after
    if len(old) == 1:
        return None
    keys = chunk_keys(tails)
    tails.delete()
    made = last_first = last_n = 0
    for chunk in _rechunk(old):
        chunks_keep(run_id, epoch, [chunk])
        keys -= set(_keyed(run_id, epoch, chunk))
        made += 1
        last_first, last_n = chunk.stats.first_seq, chunk.stats.n
    discard(keys)
    full = last_n == trace.CHUNK_EVENTS
    return len(old) - made, last_first if full else last_first - 1


def _rechunk(rows: list[EventChunk]) -> Iterator[trace.Chunk]:
    pending = Pending(rows[0].hits_before)
    store = chunk_store()
    for row in rows:
        where = (row.run_id, row.epoch, row.first_seq, row.n)
        hot, cold = (store.get(block_key(*where, name)) for name in ("hot", "cold"))
        side = store.get(block_key(*where, "side")) if row.texts else b""
        pending.add(
            trace.decode_records(hot, cold).tobytes(),
            trace.decode_snapshots(cold),
            trace.decode_side(side),
        )
        yield from pending.cut_all(also_tail=False)
    yield from pending.cut_all(also_tail=True)


def run_tidy(run_id: UUID) -> bool:
    """Make full chunks of a run that is over, and its marks. Whether it was not done
    yet."""
    run = Run.everything.filter(pk=run_id, state__in=Run.OVER, tidy=False).first()
    if run is None:
        return False
    try:
        chunks_merge(run.pk, run.epoch)
        marks_store(run.pk, run.epoch)
    except (trace.CodecError, BlockMissing) as error:
        # Never tried again: what is damaged stays so, and readers say it themselves.
        logger.error("run %s cannot be tidied up: %s", run_id, error)
    Run.everything.filter(pk=run_id, epoch=run.epoch).update(tidy=True)
    return True


def runs_tidy(before: datetime, most: int = 4) -> int:
    """Runs that ended before, and whose worker was lost before it had tidied up; how
    many there were."""
    forgotten = Run.objects.filter(
        Q(finished_at__lt=before) | Q(finished_at=None),
        state__in=Run.OVER,
        tidy=False,
    ).order_by("finished_at")
    return sum(run_tidy(pk) for pk in forgotten.values_list("pk", flat=True)[:most])
