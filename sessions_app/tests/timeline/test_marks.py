"""Marks are kept with a run that is over, and made from its chunks until then."""

from __future__ import annotations

import pytest

from emulator.events import EventKind
from emulator.trace.record import Record
from sessions_app.models import DebugSession, EventChunk, Run, RunMarks
from sessions_app.services.chunks import run_tidy
from sessions_app.services.deletion import trace_remove
from sessions_app.services.marks import marks_store
from sessions_app.tests.factories import create_run, event, store_chunk
from sessions_app.tests.timeline import story
from sessions_app.timeline import Span, lane_table, timeline
from sessions_app.timeline.index import forget_marks

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(session: DebugSession, rows: list[Record]) -> Run:
    made = create_run(session)
    story.store(made, rows)
    return made


def test_stored_marks_need_no_chunk(run: Run) -> None:
    before = timeline(run, Span(), 2)
    marks_store(run.pk, run.epoch)
    EventChunk.objects.all().delete()
    forget_marks()

    assert timeline(run, Span(), 2) == before


def test_made_again_they_are_the_same(run: Run) -> None:
    marks_store(run.pk, run.epoch)
    first = list(RunMarks.objects.values_list("lanes", "rest"))
    marks_store(run.pk, run.epoch)

    assert list(RunMarks.objects.values_list("lanes", "rest")) == first


def test_blocks_end_when_they_are_full(
    run: Run, rows: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.trace.BLOCK_MARKS", 300)
    before = timeline(run, Span("events", 500, 2500, 700), 2)

    blocks = marks_store(run.pk, run.epoch)
    forget_marks()

    assert blocks > 3
    assert timeline(run, Span("events", 500, 2500, 700), 2) == before


def test_a_block_that_is_gone_spoils_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.trace.BLOCK_MARKS", 300)
    before = timeline(run, Span(), 2)
    marks_store(run.pk, run.epoch)
    RunMarks.objects.filter(number=1).delete()
    forget_marks()

    assert timeline(run, Span(), 2) == before


def test_another_epoch_has_other_marks(run: Run, session: DebugSession) -> None:
    marks_store(run.pk, run.epoch)
    run.epoch += 1
    run.save()

    assert lane_table(run) == []


def test_a_live_run_gets_what_comes(session: DebugSession) -> None:
    run = create_run(session, state="running")
    for seq in range(1, 4):
        store_chunk(run, [event(seq, EventKind.HIT, retired=seq, slot=0)], b"", seq - 1)

        assert timeline(run, Span(), 1).hits == seq


def test_each_event_is_looked_at_once(run: Run, session: DebugSession) -> None:
    # While a run goes on its small chunks become large ones: other rows, the same events.
    live = create_run(session, state="running")
    one, two = (event(n, EventKind.HIT, retired=n, slot=0) for n in (1, 2))
    store_chunk(live, [one])
    assert timeline(live, Span(), 1).hits == 1
    EventChunk.objects.filter(run=live).delete()
    store_chunk(live, [one, two])

    assert timeline(live, Span(), 1).hits == 2


def test_a_run_without_events_is_an_empty_line(session: DebugSession) -> None:
    made = timeline(create_run(session, state="queued"), Span(), 2)

    assert (made.lanes, made.bands, made.hits) == ([], [], 0)


def test_the_table_says_what_is_drawn(run: Run, rows: list[Record]) -> None:
    hits = [r for r in rows if (r.kind, r.cpu, r.slot) == (EventKind.HIT, 1, 3)]

    lines = lane_table(run) or []
    line = next(x for x in lines if (x.fired, x.cpu, x.slot) == (True, 1, 3))

    assert (line.count, line.first, line.last) == (
        len(hits),
        hits[0].retired,
        hits[-1].retired,
    )


def test_no_page_waits_for_the_marks_of_a_long_run(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.timeline.index._SOON", 100)
    assert lane_table(run) is None

    timeline(run, Span(), 2)

    assert lane_table(run)


def test_a_run_that_is_tidied_up_has_its_marks(run: Run) -> None:
    assert run_tidy(run.pk)

    assert RunMarks.objects.filter(run=run, epoch=run.epoch).count() == 1


def test_marks_go_with_the_events_they_are_of(run: Run) -> None:
    marks_store(run.pk, run.epoch)
    trace_remove(run.pk)
    forget_marks()

    assert lane_table(run) == []
