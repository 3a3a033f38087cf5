"""Writing events: chunks, their merging, and what a stale lease may not do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from emulator.trace.record import Record, pack_records
from sessions_app import selectors, trace
from sessions_app.errors import StaleLease
from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.runner import Batch
from sessions_app.services import chunks
from sessions_app.services.chunks import ChunkWriter, chunks_merge
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
    Moment,
    create_run,
    hit_events,
    snapshot,
)


@pytest.fixture
def live(session: DebugSession) -> Run:
    """A run that a worker holds under epoch 1."""
    return create_run(session, state="running", outcome="")


def batch(first_hit: int, count: int) -> Batch:
    """Hits as they come from a child."""
    numbers = range(first_hit, first_hit + count)
    records = [r for n in numbers for r in hit_events(n)]
    shots = b"".join(
        snapshot((n - 1) * EVENTS_PER_HIT + 1, n, Moment.hit_entry) for n in numbers
    )
    texts = [(records[0].seq, 1, b"hit %d\n" % first_hit)]
    return Batch(records[0].seq, first_hit - 1, pack_records(records), shots, texts)


def expected(hits: int) -> list[Record]:
    return [r for n in range(1, hits + 1) for r in hit_events(n)]


def test_full_chunks_are_written_at_once(live: Run) -> None:
    ChunkWriter(live.pk, 1).add(batch(1, 800))

    assert list(EventChunk.objects.values_list("n", flat=True)) == [4096]


def test_a_short_tail_waits(live: Run) -> None:
    writer = ChunkWriter(live.pk, 1)
    writer.add(batch(1, 3))
    writer.flush_aged()

    assert not EventChunk.objects.exists()


def test_a_tail_is_written_when_it_is_old(live: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(chunks, "MAX_AGE", 0.01)
    writer = ChunkWriter(live.pk, 1)
    writer.add(batch(1, 3))
    time.sleep(0.02)
    writer.flush_aged()

    assert EventChunk.objects.get().n == 3 * EVENTS_PER_HIT


def test_the_counters_of_the_run_advance_with_the_chunks(live: Run) -> None:
    writer = ChunkWriter(live.pk, 1)
    writer.retired = 77
    writer.add(batch(1, 10))
    writer.flush()

    live.refresh_from_db()
    assert (live.events, live.hits, live.retired) == (60, 10, 77)


def test_a_stale_epoch_is_refused_and_keeps_nothing(live: Run) -> None:
    Run.objects.filter(pk=live.pk).update(epoch=2)
    writer = ChunkWriter(live.pk, 1)
    writer.add(batch(1, 3))

    with pytest.raises(StaleLease):
        writer.flush()
    assert not EventChunk.objects.exists()


def test_a_finished_run_takes_no_more_chunks(live: Run) -> None:
    Run.objects.filter(pk=live.pk).update(state="finished")
    writer = ChunkWriter(live.pk, 1)
    writer.add(batch(1, 3))

    with pytest.raises(StaleLease):
        writer.flush()


def test_writing_a_chunk_twice_keeps_it_once(live: Run) -> None:
    for _ in range(2):
        writer = ChunkWriter(live.pk, 1)
        writer.add(batch(1, 3))
        writer.flush()

    assert EventChunk.objects.count() == 1


def write_in_tails(run: Run, tails: int, hits_each: int) -> None:
    writer = ChunkWriter(run.pk, 1)
    for tail in range(tails):
        writer.add(batch(tail * hits_each + 1, hits_each))
        writer.flush()


def test_merging_joins_tails_to_full_chunks(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)

    saved = chunks_merge(live.pk, 1)

    sizes = EventChunk.objects.order_by("first_seq").values_list("n", flat=True)
    assert list(sizes) == [4096, 4096, 808]
    assert saved == 27


def test_merging_changes_no_event(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)

    chunks_merge(live.pk, 1)

    assert selectors.records_from(live, 1, 10_000) == expected(1500)


def test_merging_keeps_snapshots_and_output(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)

    chunks_merge(live.pk, 1)

    assert len(selectors.snapshots_between(live, 1, 9000)) == 1500
    output = selectors.run_output(live)
    assert not output, "these texts belong to hits, not to OUTPUT events"
    sides = EventChunk.objects.order_by("first_seq").values_list("side", flat=True)
    texts = [t for side in sides for t in trace.decode_side(bytes(side))]
    assert [t[2] for t in texts][:2] == [b"hit 1\n", b"hit 51\n"]
    assert len(texts) == 30


def test_merging_keeps_the_numbers_of_hits(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)

    chunks_merge(live.pk, 1)

    found = selectors.hit_by_number(live, 1234)
    assert found is not None
    assert found.value == 1234


def test_there_is_nothing_to_merge_in_full_chunks(live: Run) -> None:
    ChunkWriter(live.pk, 1).add(batch(1, 2048))

    assert chunks_merge(live.pk, 1) == 0
