"""Writing events: chunks, their merging, and what a stale lease may not do."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from emulator.trace.record import Record, pack_records
from sessions_app import selectors, trace
from sessions_app.chunkstore import read_block, read_blocks
from sessions_app.errors import StaleLease
from sessions_app.models import DebugSession, EventChunk, Run, StoredBlock
from sessions_app.runner import Batch
from sessions_app.services import chunks
from sessions_app.services.chunks import (
    ChunkWriter,
    chunks_merge,
    run_tidy,
    runs_tidy,
)
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
    chunks = EventChunk.objects.order_by("first_seq")
    texts = [
        text
        for chunk in chunks
        for text in trace.decode_side(read_block(chunk.pk, live.pk, "side"))
    ]
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


def stored_bytes(run: Run) -> list[tuple[int, int, bytes, bytes, bytes]]:
    return [
        (c.first_seq, c.n, *read_blocks(c.pk, run.pk, "hot", "cold", "side"))
        for c in EventChunk.objects.filter(run=run).order_by("first_seq")
    ]


def test_equal_records_are_equal_bytes_however_they_were_cut(
    session: DebugSession,
) -> None:
    found = []
    for cuts in ([1500], [1, 7, 700, 700, 92], [50] * 30):
        run = create_run(session, state="running", outcome="")
        writer, first = ChunkWriter(run.pk, 1), 1
        for count in cuts:
            # One batch, cut at other places: what the emulator said is the same.
            part = batch(first, count)
            part.texts = []
            writer.add(part)
            writer.flush()
            first += count
        chunks_merge(run.pk, 1)
        found.append(stored_bytes(run))

    assert found[0] == found[1] == found[2]
    assert [n for _, n, *_ in found[0]] == [4096, 4096, 808]


def test_a_long_merge_goes_in_steps(live: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(chunks, "_MERGE_EVENTS", 5000)
    write_in_tails(live, tails=60, hits_each=50)

    saved = chunks_merge(live.pk, 1)

    sizes = EventChunk.objects.order_by("first_seq").values_list("n", flat=True)
    assert list(sizes) == [4096] * 4 + [18000 - 4 * 4096]
    assert saved == 60 - 5
    assert selectors.records_from(live, 1, 20_000) == expected(3000)


def test_a_merge_leaves_no_block_that_nobody_names(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)
    chunks_merge(live.pk, 1)

    named = chunks.chunk_keys(EventChunk.objects.all())
    assert set(StoredBlock.objects.values_list("key", flat=True)) == named


def test_a_merge_that_fails_changes_nothing(live: Run, monkeypatch: Any) -> None:
    write_in_tails(live, tails=30, hits_each=50)
    before = stored_bytes(live)

    def fail(*_: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(chunks, "discard", fail)
    with pytest.raises(RuntimeError):
        chunks_merge(live.pk, 1)

    assert stored_bytes(live) == before


def test_a_merge_done_twice_is_done(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)
    chunks_merge(live.pk, 1)

    assert chunks_merge(live.pk, 1) == 0


def test_a_run_whose_worker_was_lost_after_its_end_is_tidied_up(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)
    ended = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(pk=live.pk).update(state="finished", finished_at=ended)

    assert runs_tidy(timezone.now()) == 1
    assert EventChunk.objects.count() == 3
    assert runs_tidy(timezone.now()) == 0


def test_a_run_that_goes_on_is_not_tidied_up(live: Run) -> None:
    write_in_tails(live, tails=30, hits_each=50)

    assert (run_tidy(live.pk), runs_tidy(timezone.now())) == (False, 0)
    assert EventChunk.objects.count() == 30


def test_a_damaged_run_does_not_stop_who_tidies_up(live: Run) -> None:
    write_in_tails(live, tails=3, hits_each=50)
    damaged = StoredBlock.objects.first()
    assert damaged is not None
    damaged.data = b"HWBP"
    damaged.save()
    Run.objects.filter(pk=live.pk).update(state="finished")

    assert runs_tidy(timezone.now()) == 1
    assert runs_tidy(timezone.now()) == 0
    assert EventChunk.objects.count() == 3
