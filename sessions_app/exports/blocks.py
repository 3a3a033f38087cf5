"""Stored chunks one after the other as blocks that exporters take.

Each chunk is fetched by the cursor behind the one before: no database cursor stays open
while a slow client reads, and chunks that are merged meanwhile do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from django.db.models import F

from sessions_app import trace
from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.models import EventChunk, Run
from sessions_app.queries import could_match, rows_beside
from sessions_app.selectors import run_chunks
from sessions_app.trace import Query


def run_blocks(run: Run, wanted: Query, *, skip: bool) -> Iterator[trace.Block]:
    """The run's blocks up to what is stored; skip: leave those out in which nothing can
    pass."""
    bounds = trace.bounds(wanted)
    hits_only = bounds.sets.get("kind") == frozenset({int(trace.HIT)})
    cursor = 0
    while True:
        chunks = run_chunks(run).filter(first_seq__gt=cursor + 1 - F("n"))
        if skip:
            chunks = could_match(chunks, bounds, hits_only)
        chunk = chunks.first()
        if chunk is None:
            return
        yield _block(chunk, wanted, cursor)
        cursor = chunk.last_seq


def _block(chunk: EventChunk, wanted: Query, cursor: int) -> trace.Block:
    hot, cold, side = read_blocks(chunk.pk, chunk.run_id, *BLOCKS)
    records = trace.decode_records(hot, cold)
    snapshots = partial(trace.decode_snapshots, cold)
    beside = partial(rows_beside, chunk)
    rows = trace.Rows(trace.decode_hot(hot), lambda: records, snapshots, beside)
    # A merged chunk may begin before what was sent already.
    fresh = np.arange(len(records)) > cursor - chunk.first_seq
    return trace.Block(
        records[fresh],
        wanted.passes(rows)[fresh],
        rows.column("hit")[fresh],
        snapshots,
        partial(trace.decode_side, side),
    )
