"""Hits per CPU and slot in a span: counted one by one over the records, every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from emulator.events import EventKind
from emulator.trace.record import Record
from sessions_app.models import Run
from sessions_app.tests.timeline.story import CPUS
from sessions_app.timeline import Span, Timeline, timeline

pytestmark = pytest.mark.django_db

_PLACE: dict[str, Callable[[Record], int]] = {
    "time": lambda record: record.retired,
    "events": lambda record: record.seq,
}
SPANS = [
    Span("time", 0, 0, 100),
    Span("time", 0, 0, 8192),
    Span("time", 2_000, 90_000, 333),
    Span("time", 90_000, 91_000, 4096),
    Span("time", 90_000, 90_007, 7),
    Span("events", 0, 0, 100),
    Span("events", 1_000, 1_500, 64),
    Span("events", 1_000, 1_100, 1024),
]


def counted(
    rows: list[Record], made: Timeline, fired: bool
) -> Counter[tuple[int, int]]:
    kind = EventKind.HIT if fired else EventKind.NOT_FIRED
    place = _PLACE[made.axis]
    return Counter(
        (r.cpu, r.slot)
        for r in rows
        if r.kind == kind and made.start <= place(r) < made.end
    )


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("fired", [True, False])
def test_counts(told: Run, rows: list[Record], span: Span, fired: bool) -> None:
    made = timeline(told, span, CPUS)

    found = {
        (x.cpu, x.slot): x.count for x in made.lanes if x.fired == fired and x.count
    }
    assert found == counted(rows, made, fired)


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_every_column(told: Run, rows: list[Record], span: Span) -> None:
    made = timeline(told, span, CPUS)

    for lane in made.lanes:
        if lane.density is None:
            continue
        wanted = [0] * made.columns
        kind = EventKind.HIT if lane.fired else EventKind.NOT_FIRED
        for r in rows:
            at = _PLACE[made.axis](r)
            own = (r.kind, r.cpu, r.slot) == (kind, lane.cpu, lane.slot)
            if own and made.start <= at < made.end:
                wanted[(at - made.start) * made.columns // (made.end - made.start)] += 1
        assert lane.density == wanted


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_few_hits_are_told_by_number_and_place(
    told: Run, rows: list[Record], span: Span
) -> None:
    made = timeline(told, span, CPUS)

    hits = [r for r in rows if r.kind == EventKind.HIT]
    for lane in made.lanes:
        if lane.numbers is None or not lane.fired:
            continue
        wanted = [
            (number, _PLACE[made.axis](r))
            for number, r in enumerate(hits, start=1)
            if (r.cpu, r.slot) == (lane.cpu, lane.slot)
            and made.start <= _PLACE[made.axis](r) < made.end
        ]
        assert list(zip(lane.numbers, lane.places or [], strict=True)) == wanted


def test_accesses_that_passed_unseen_are_told_by_seq(
    told: Run, rows: list[Record]
) -> None:
    made = timeline(told, Span("events", 0, 0, 8192), CPUS)

    found = [n for lane in made.lanes if not lane.fired for n in lane.numbers or []]
    assert sorted(found) == [r.seq for r in rows if r.kind == EventKind.NOT_FIRED]


def test_a_lane_is_dense_when_glyphs_would_touch(told: Run) -> None:
    # Seven columns for each glyph, as DESIGN.md 5 has it.
    for lane in timeline(told, Span("time", 0, 0, 1000), CPUS).lanes:
        assert (lane.density is None) == (lane.count * 7 <= 1000)


def test_the_span_of_a_run_ends_behind_its_last_event(
    told: Run, rows: list[Record]
) -> None:
    made = timeline(told, Span("events"), CPUS)

    assert (made.first, made.last) == (1, rows[-1].seq + 1)


def test_a_span_behind_the_end_is_empty(told: Run) -> None:
    made = timeline(told, Span("time", 10**9, 10**9 + 5, 100), CPUS)

    assert sum(lane.count for lane in made.lanes) == 0
