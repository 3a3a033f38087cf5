"""Keeps the marks of a run that is over, so that its timeline needs no chunk."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from django.db import transaction

from sessions_app import trace
from sessions_app.models import Run, RunMarks
from sessions_app.selectors import marks_in, run_chunks


def marks_store(run_id: UUID, epoch: int) -> int:
    """Make the marks of a finished run from its chunks; how many blocks they fill.

    Made again, they replace those that are there. A run without marks keeps none.
    """
    run = Run(pk=run_id, epoch=epoch)
    last = run_chunks(run).last()
    made = list(_blocks(run))
    rows = [
        RunMarks(
            run_id=run_id,
            epoch=epoch,
            number=number,
            blocks=len(made),
            last_seq=last.last_seq if last else 0,
            hits_before=before,
            lanes=block.lanes,
            rest=block.rest,
            codec_version=trace.CODEC_VERSION,
        )
        for number, (before, block) in enumerate(made)
    ]
    with transaction.atomic():
        RunMarks.objects.filter(run_id=run_id, epoch=epoch).delete()
        RunMarks.objects.bulk_create(rows, batch_size=16)
    return len(rows)


def _blocks(run: Run) -> Iterator[tuple[int, trace.MarkBlock]]:
    """Blocks in order, each with the hits before it."""
    waiting: list[trace.Array] = []
    before = 0
    for chunk in run_chunks(run).iterator(chunk_size=64):
        waiting.append(marks_in(chunk))
        while sum(map(len, waiting)) >= trace.BLOCK_MARKS:
            rows = np.concatenate(waiting)
            block, waiting = rows[: trace.BLOCK_MARKS], [rows[trace.BLOCK_MARKS :]]
            yield before, trace.encode_marks(block)
            before += int((block["kind"] == trace.HIT).sum())
    rows = np.concatenate(waiting) if waiting else np.empty(0, trace.RECORD_DTYPE)
    if len(rows):
        yield before, trace.encode_marks(rows)
