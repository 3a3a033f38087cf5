"""Task bands and windows of a debugger, against a walk over the records."""

from __future__ import annotations

import pytest

from emulator.events import EventFlag, EventKind
from emulator.trace.record import Record
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import create_run, event
from sessions_app.tests.timeline import story
from sessions_app.tests.timeline.story import CPUS
from sessions_app.timeline import Span, timeline
from sessions_app.timeline.bands import MOST_BANDS, Band

pytestmark = pytest.mark.django_db


def bands(run: Run, sort: str, **span: int) -> list[Band]:
    found = timeline(run, Span("events", **span), CPUS).bands
    return [band for band in found if band.sort == sort]


def walked(
    rows: list[Record], begin: EventKind, ends: set[int]
) -> set[tuple[int, ...]]:
    """(cpu, start, end or 0)."""
    found = set()
    for cpu in range(CPUS):
        since = 0
        for row in rows:
            if row.cpu != cpu or row.kind not in {begin, *ends}:
                continue
            if since:
                found.add((cpu, since, row.seq))
            since = row.seq if row.kind == begin else 0
        if since:
            found.add((cpu, since, 0))
    return found


def test_tasks(told: Run, rows: list[Record]) -> None:
    switch = EventKind.CONTEXT_SWITCH

    found = {(b.cpu, b.start, b.end or 0) for b in bands(told, "task")}

    assert found == walked(rows, switch, {int(switch)})


def test_a_task_band_names_its_task(told: Run) -> None:
    # The story's switches are to the task with the number of the event.
    assert all(band.task == band.seq for band in bands(told, "task"))


def test_windows_of_the_debugger(told: Run, rows: list[Record]) -> None:
    found = {(b.cpu, b.start, b.end or 0) for b in bands(told, "kgdb")}

    assert found == walked(rows, EventKind.KGDB_ENTER, {int(EventKind.KGDB_LEAVE)})


def test_who_is_master_in_a_window(told: Run) -> None:
    assert {(b.cpu, b.slave) for b in bands(told, "kgdb")} == {(0, False), (1, True)}


def test_bands_that_touch_a_span(told: Run) -> None:
    inside = bands(told, "task", start=1000, end=1400)

    wanted = [
        b for b in bands(told, "task") if b.start < 1400 and (b.end or 9999) >= 1000
    ]
    assert inside == wanted


@pytest.fixture
def busy(session: DebugSession) -> Run:
    """A CPU that does nothing but switch."""
    made = create_run(session)
    switch = EventKind.CONTEXT_SWITCH
    rows = [event(n, switch, retired=n, task=n % 9) for n in range(1, 5001)]
    story.store(made, rows)
    return made


def test_too_many_are_drawn_as_fewer(busy: Run) -> None:
    assert len(bands(busy, "task", columns=2000)) <= MOST_BANDS + 1


def test_each_says_for_how_many_it_stands(busy: Run) -> None:
    assert sum(band.drawn for band in bands(busy, "task", columns=2000)) == 5000


def test_bands_drawn_as_one_leave_no_hole(busy: Run) -> None:
    found = bands(busy, "task", columns=2000)

    assert [b.end for b in found[:-1]] == [b.start for b in found[1:]]


def test_few_are_never_drawn_as_one(busy: Run) -> None:
    found = bands(busy, "task", start=100, end=100 + MOST_BANDS - 1, columns=10)

    assert {band.drawn for band in found} == {1}


def test_a_guest_on_a_cpu(session: DebugSession) -> None:
    run = create_run(session)
    rows = [
        event(1, EventKind.VM_ENTRY, retired=4, cpu=1),
        event(2, EventKind.HIT, retired=5, slot=0),
        event(3, EventKind.VM_EXIT, retired=9, cpu=1),
    ]
    story.store(run, rows)

    made = timeline(run, Span("time"), CPUS)

    assert [(b.sort, b.cpu, b.start, b.end) for b in made.bands] == [("vm", 1, 4, 9)]


def test_a_window_that_nobody_left_has_no_end(session: DebugSession) -> None:
    run = create_run(session)
    story.store(run, [event(1, EventKind.KGDB_ENTER, retired=4, flags=EventFlag.SLAVE)])

    assert [b.end for b in timeline(run, Span(), CPUS).bands] == [None]
