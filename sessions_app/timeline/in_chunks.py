"""Hits that pass a question about trees or registers, looked for chunk after chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import F

from sessions_app import trace
from sessions_app.models import EventChunk, Run
from sessions_app.queries import chunk_rows, could_match
from sessions_app.selectors import hot_block, run_chunks
from sessions_app.trace import Query

_HITS = trace.parse_query("kind:hit", {})


@dataclass(frozen=True, slots=True)
class HitNumbers:
    """Hits that pass, by their numbers."""

    settled: trace.Array
    growing: trace.Array
    """Of trees that may not be stored whole yet: what is said of them holds for now."""
    through: int
    """The event up to which that is settled."""
    complete: bool
    """Whether everything that is stored was looked at."""


def hit_numbers(run: Run, wanted: Query, after: int, most: int) -> HitNumbers:
    """The hits with seq > after that pass. Reads at most so many chunks."""
    found: list[trace.Array] = [np.empty(0, np.uint32)]
    seqs: list[trace.Array] = [np.empty(0, np.int64)]
    hits = trace.both(_HITS, wanted)
    chunks = could_match(run_chunks(run), trace.bounds(hits), hits_only=True)
    last: EventChunk | None = None
    for chunk in chunks.filter(first_seq__gt=after + 1 - F("n"))[:most].iterator(32):
        rows = np.flatnonzero(hits.passes(chunk_rows(chunk)))
        rows = rows[rows + chunk.first_seq > after]
        before = np.searchsorted(hot_block(chunk.pk, chunk.run_id).hit_rows, rows)
        found.append((before + chunk.hits_before + 1).astype(np.uint32))
        seqs.append(rows + chunk.first_seq)
        last, most = chunk, most - 1
    through = after if last is None else max(after, _settled(run, last))
    numbers, is_settled = np.concatenate(found), np.concatenate(seqs) <= through
    return HitNumbers(numbers[is_settled], numbers[~is_settled], through, most > 0)


def _settled(run: Run, chunk: EventChunk) -> int:
    """The last event of the chunk whose tree does not grow any more."""
    if run.is_over or chunk.last_seq < run.events:
        return chunk.last_seq
    roots = np.flatnonzero(chunk_rows(chunk).column("cause") == 0)
    return chunk.first_seq + int(roots[-1]) - 1 if len(roots) else chunk.first_seq - 1
