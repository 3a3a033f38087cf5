"""Stored runs as recordings that the comparison reads block by block."""

from __future__ import annotations

from uuid import UUID

from sessions_app import trace
from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.models import EventChunk, Run


def stored_events(run: Run, most: int) -> int:
    """The last seq up to which the run's trace is stored without a gap, in whole chunks
    and not beyond ``most``."""
    return _blocks(run, most)[1]


def run_recording(run: Run, events: int) -> trace.Recording:
    """The run's events 1 to ``events``, where a stored chunk ends there."""
    blocks, end = _blocks(run, events)
    keys = [key for key, _ in blocks]
    run_id = run.pk

    def load(index: int) -> trace.Piece:
        return _piece(keys[index], run_id)

    return trace.Recording([first for _, first in blocks], end, load)


def _blocks(run: Run, most: int) -> tuple[list[tuple[int, int]], int]:
    chunks = (
        EventChunk.objects.filter(run_id=run.pk, epoch=run.epoch)
        .order_by("first_seq")
        .values_list("pk", "first_seq", "n")
    )
    found: list[tuple[int, int]] = []
    end = 0
    for key, first, n in chunks:
        if first != end + 1 or end + n > most:
            break
        found.append((key, first))
        end += n
    return found, end


def _piece(key: int, run_id: UUID) -> trace.Piece:
    return trace.Piece.of_chunk(*read_blocks(key, run_id, *BLOCKS))
