"""Hits that a query finds by place, against the language read over all records at once."""

from __future__ import annotations

import pytest

from emulator.events import EventKind
from emulator.trace.query import parse_query
from emulator.trace.record import Record
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    create_run,
    event,
    hit_events,
    store_chunk,
    store_hits,
)
from sessions_app.timeline import find_hits

pytestmark = pytest.mark.django_db

QUERIES = {
    "slot:0": lambda n, r: r.slot == 0,
    "cpu:1 value>=2": lambda n, r: r.cpu == 1 and r.value >= 2,
    "t:2000..90000": lambda n, r: 2000 <= r.retired <= 90000,
    "hit:100..120": lambda n, r: 100 <= n <= 120,
    "task:101": lambda n, r: r.task == 101,
    "(slot:1 or slot:3) -value:0": lambda n, r: r.slot in (1, 3) and r.value != 0,
    "kind:write": lambda n, r: True,
    "kind:call": lambda n, r: False,
    "after:hit(700)": lambda n, r: n > 700,
    "before:hit(700)": lambda n, r: n < 700,
}


@pytest.mark.parametrize("text", QUERIES)
def test_numbers(told: Run, rows: list[Record], text: str) -> None:
    found = find_hits(told, parse_query(text, {}), text, limit=5000)

    hits = [r for r in rows if r.kind == EventKind.HIT]
    wanted = [n for n, r in enumerate(hits, start=1) if QUERIES[text](n, r)]
    assert [row.number for row in found.rows] == wanted
    assert (found.total, found.complete) == (len(wanted), True)


def test_a_page_by_place(told: Run) -> None:
    wanted = parse_query("slot:0", {})
    everything = find_hits(told, wanted, "slot:0", limit=5000).rows

    page = find_hits(told, wanted, "slot:0", offset=40, limit=7)

    assert page.rows == everything[40:47]


def test_a_page_around_a_hit_begins_with_it_or_the_next(told: Run) -> None:
    wanted = parse_query("slot:0", {})
    numbers = [r.number for r in find_hits(told, wanted, "slot:0", limit=5000).rows]
    between = next(n for n in range(numbers[9], numbers[-1]) if n not in numbers)

    page = find_hits(told, wanted, "slot:0", around=between, limit=1)

    assert page.rows[0].number == min(n for n in numbers if n > between)
    assert numbers[page.offset] == page.rows[0].number


def test_the_value_before_is_of_the_same_slot(told: Run, rows: list[Record]) -> None:
    hits = [r for r in rows if r.kind == EventKind.HIT]
    last: dict[int, int] = {}
    wanted = []
    for r in hits:
        wanted.append(last.get(r.slot))
        last[r.slot] = r.value

    found = find_hits(told, parse_query("", {}), "", limit=5000)

    assert [row.was for row in found.rows] == wanted


def test_another_address_in_the_slot_has_no_value_before(session: DebugSession) -> None:
    run = create_run(session, events=2, hits=2)
    store_chunk(
        run,
        [event(n, EventKind.HIT, slot=0, addr=0x1000 * n, value=n) for n in (1, 2)],
    )

    found = find_hits(run, parse_query("", {}), "")

    assert [row.was for row in found.rows] == [None, None]


def test_a_question_about_trees(session: DebugSession) -> None:
    run = create_run(session)
    store_hits(run, 250)

    found = find_hits(run, parse_query("called:perf_bp_event", {}), "c", limit=1)

    assert (found.total, found.complete) == (250, True)


def test_a_long_search_says_how_far_it_is(
    session: DebugSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.timeline.search.CHUNKS_AT_ONCE", 2)
    run = create_run(session)
    store_hits(run, 250, per_chunk=50)
    wanted = parse_query("called:perf_bp_event", {})

    answers = [find_hits(run, wanted, "c", limit=1) for _ in range(3)]

    # Six events to a hit, fifty hits to a chunk, two chunks to an answer.
    assert [(a.total, a.through, a.complete) for a in answers] == [
        (100, 600, False),
        (200, 1200, False),
        (250, 1500, True),
    ]


@pytest.mark.parametrize("text", ["slot:0", "called:perf_bp_event or slot:0"])
def test_a_search_grows_with_a_live_run(session: DebugSession, text: str) -> None:
    run = create_run(session, state="running")
    for seq in range(1, 4):
        store_chunk(run, [event(seq, EventKind.HIT, retired=seq, slot=0)], b"", seq - 1)

        assert find_hits(run, parse_query(text, {}), text).total == seq


@pytest.mark.parametrize("events", [1, 4, 10])
def test_a_tree_that_chunks_share_is_looked_at_whole(
    session: DebugSession, events: int
) -> None:
    """A hit ends one chunk, what its chain returned begins the next."""
    run = create_run(session, state="running", outcome="")
    records = [r for n in range(1, 21) for r in hit_events(n)]
    for at in range(0, len(records), events):
        before = sum(r.kind == EventKind.HIT for r in records[:at])
        store_chunk(run, records[at : at + events], hits_before=before)
    text = "returned:NOTIFY_STOP"

    found = find_hits(run, parse_query(text, {}), text, limit=100)

    assert [row.number for row in found.rows] == list(range(1, 21))


@pytest.mark.parametrize(
    ("text", "early", "late"),
    [("returned:NOTIFY_STOP", 0, 1), ("-returned:NOTIFY_STOP", 1, 0)],
)
def test_a_tree_that_still_grows_is_looked_at_again(
    session: DebugSession, text: str, early: int, late: int
) -> None:
    run = create_run(session, state="running", outcome="")
    wanted, records = parse_query(text, {}), hit_events(1)
    store_chunk(run, records[:1])
    before = find_hits(run, wanted, text).total

    store_chunk(run, records[1:], hits_before=1)

    assert (before, find_hits(run, wanted, text).total) == (early, late)
