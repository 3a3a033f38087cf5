"""Stored runs as the comparison reads them, and what of a comparison is kept."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.comparisons import compare_runs, extent
from sessions_app.errors import NothingRecorded
from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.recordings import run_recording, stored_events
from sessions_app.tests.compared import stored_run
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
    create_run,
    hit_events,
    store_chunk,
    store_hits,
)

MANY = 10**9


def test_all_stored_events_are_read(run: Run) -> None:
    recording = run_recording(run, stored_events(run, MANY))

    pieces = list(recording.pieces())
    assert sum(len(piece.records) for piece in pieces) == 250 * EVENTS_PER_HIT
    assert recording.events == 250 * EVENTS_PER_HIT


def test_a_stretch_over_the_end_of_a_chunk(run: Run) -> None:
    """store_hits puts 100 hits into a chunk."""
    piece = run_recording(run, MANY).between(595, 606)

    assert piece.records["seq"].tolist() == list(range(595, 607))


def test_no_more_than_wanted_is_read(run: Run) -> None:
    """In whole chunks: two of three."""
    assert stored_events(run, 250 * EVENTS_PER_HIT - 1) == 200 * EVENTS_PER_HIT


def test_what_stands_after_a_gap_is_not_read(run: Run) -> None:
    EventChunk.objects.filter(run=run, first_seq=601).delete()

    assert stored_events(run, MANY) == 600


def test_chunks_of_an_older_lease_are_not_read(session: DebugSession) -> None:
    run = create_run(session, epoch=1)
    store_chunk(run, hit_events(1))
    run.epoch = 2
    run.save()

    assert stored_events(run, MANY) == 0


def test_a_run_that_is_queued_has_nothing(session: DebugSession) -> None:
    with pytest.raises(NothingRecorded, match="it is queued"):
        extent(create_run(session, state="queued", outcome=""), "left")


@pytest.mark.parametrize(
    ("fields", "short"),
    [
        ({"state": "finished", "outcome": "livelock"}, ""),
        ({"state": "running", "outcome": ""}, "is running"),
        ({"state": "paused", "outcome": ""}, "is paused"),
        ({"state": "failed", "outcome": "crashed"}, "ended early: crashed"),
        ({"state": "finished", "outcome": "wall_limit"}, "ended early: wall limit"),
    ],
)
def test_why_a_run_is_not_whole(
    session: DebugSession, fields: dict[str, str], short: str
) -> None:
    run = stored_run(session, **fields)

    assert extent(run, "left").short == short


def test_a_comparison_is_kept(session: DebugSession) -> None:
    left, right = stored_run(session), stored_run(session, stale=(3,))
    first = compare_runs(left, right).found

    with CaptureQueriesContext(
        connection,
    ) as queries:
        again = compare_runs(left, right).found

    assert again is first
    assert len(queries) == 2  # how far both are stored


def test_a_run_that_went_on_is_compared_anew(session: DebugSession) -> None:
    left = stored_run(session, range(1, 30))
    right = create_run(session, state="running", outcome="")
    store_hits(right, 10)
    before = compare_runs(left, right).found.hits.same

    EventChunk.objects.filter(run=right).delete()
    store_hits(right, 20)
    after = compare_runs(left, right).found.hits.same

    assert (before, after) == (9, 19)  # the last tree may be half of one
