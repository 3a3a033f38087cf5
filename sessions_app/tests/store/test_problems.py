"""What is wrong in a run, events beside the hits, and slots: read off stored events."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from emulator.events import Callee, EventFlag, EventKind, Invariant, ShadowOwner
from emulator.snapshot import Moment
from emulator.trace.record import Record
from sessions_app.event_views import event_view, root_record
from sessions_app.models import DebugSession, Run
from sessions_app.moments import moment_view
from sessions_app.problems import run_problems
from sessions_app.slot_panes import slot_pane
from sessions_app.states import StateView
from sessions_app.tests.factories import (
    COUNTER,
    EVENTS_PER_HIT,
    create_recipe,
    create_run,
    create_session,
    event,
    hit_events,
    snapshot,
    store_chunk,
)

ALL_CPUS = (1 << 64) - 1


def stored(session: DebugSession, *records: Record, **fields: object) -> Run:
    run = create_run(session, events=len(records), **fields)
    store_chunk(run, list(records))
    run.hits = sum(r.kind == EventKind.HIT for r in records)
    run.save()
    return run


def broken(
    seq: int, number: Invariant, cause: int = 0, flags: int = 0, **numbers: int
) -> Record:
    return event(
        seq, EventKind.INVARIANT, cause, aux=int(number), flags=flags, **numbers
    )


def missed(seq: int, **fields: int) -> Record:
    values = {
        "addr": COUNTER,
        "flags": EventFlag.WRITE,
        "aux": ShadowOwner.kgdb,
        "slot": 1,
        "retired": 5,
    } | fields
    return event(seq, EventKind.NOT_FIRED, **values)


# --- Problems


def test_a_run_without_fault_has_none(run: Run) -> None:
    found = run_problems(run)

    assert (found.broken, found.missed, found.first_event) == ([], [], None)


def test_a_broken_invariant_leads_to_its_hit(session: DebugSession) -> None:
    after = EVENTS_PER_HIT + 1
    told = broken(after, Invariant.dr7_equals_cpu_dr7, 1, value=0x400, addr=0x402)
    run = stored(session, *hit_events(1), told)

    (only,) = run_problems(run).broken

    assert (only.words, only.numbers, only.hit) == (
        "DR7 and cpu_dr7 part after IRET",
        "DR7 0x400, cpu_dr7 0x402",
        1,
    )


def test_one_that_stands_in_no_hit_leads_to_its_event(session: DebugSession) -> None:
    run = stored(
        session,
        event(1, EventKind.INT3),
        broken(2, Invariant.armed_has_owner, 1),
    )

    (only,) = run_problems(run).broken

    assert (only.seq, only.hit) == (2, None)


def test_an_invariant_is_told_once(session: DebugSession) -> None:
    again = broken(2, Invariant.armed_has_owner, flags=EventFlag.REPEAT)
    run = stored(session, broken(1, Invariant.armed_has_owner), again)

    assert [b.seq for b in run_problems(run).broken] == [1]


def test_at_its_end_a_run_has_said_what_broke(session: DebugSession) -> None:
    """The events need not be looked for then."""
    records = [broken(1, Invariant.progress), broken(2, Invariant.delivered_once)]
    said = [{"name": "delivered_once", "seq": 2}]
    run = stored(session, *records, violations=said)

    assert [b.seq for b in run_problems(run).broken] == [2]


def test_a_violation_whose_event_is_not_stored_is_left_out(
    session: DebugSession,
) -> None:
    said = [{"name": "delivered_once", "seq": 99}]

    run = stored(session, event(1, EventKind.INT3), violations=said)

    assert run_problems(run).broken == []


def test_a_missed_access_names_place_and_believer(session: DebugSession) -> None:
    (only,) = run_problems(stored(session, missed(1))).missed

    assert (only.place, only.access, only.owner, only.slot, only.at) == (
        "counter",
        "write",
        "kgdb",
        1,
        "again+0x7",
    )


def test_a_table_of_a_debugger_has_no_slot(session: DebugSession) -> None:
    (only,) = run_problems(stored(session, missed(1, slot=0xFF))).missed

    assert only.slot is None


def test_many_are_counted_and_few_are_listed(session: DebugSession) -> None:
    found = run_problems(stored(session, *(missed(n) for n in range(1, 21))))

    assert (len(found.missed), found.count, found.hidden, found.more) == (
        8,
        20,
        12,
        False,
    )


def test_very_many_are_counted(session: DebugSession) -> None:
    found = run_problems(stored(session, *(missed(n) for n in range(1, 1102))))

    assert (found.count, found.hidden) == (1101, 1093)


@pytest.mark.parametrize(
    ("records", "first"),
    [
        ([missed(1), broken(2, Invariant.owner_is_armed)], 1),
        ([broken(1, Invariant.owner_is_armed), missed(2)], 2),
        ([broken(1, Invariant.owner_is_armed)], 1),
    ],
)
def test_a_run_without_hits_begins_with_what_was_missed(
    session: DebugSession, records: list[Record], first: int
) -> None:
    assert run_problems(stored(session, *records)).first_event == first


def test_the_verdict_is_on_the_run(session: DebugSession) -> None:
    assert run_problems(stored(session, missed(1))).verdict.title == (
        "1 watched access passed unseen"
    )


def test_a_run_is_judged_with_few_queries(
    session: DebugSession, django_assert_max_num_queries
) -> None:
    records = [missed(n) for n in range(1, 101)]
    run = stored(session, *records, violations=[])
    run_problems(run)

    with django_assert_max_num_queries(3):
        run_problems(run)


# --- Events beside hits


@pytest.fixture
def stop(session: DebugSession) -> Run:
    """A hit, then an int3 that the debugger takes."""
    at = EVENTS_PER_HIT
    rest = [
        event(at + 1, EventKind.INT3, cpu=0, retired=20),
        event(at + 2, EventKind.KGDB_ENTER, at + 1, cpu=0, value=3, addr=5),
        event(at + 3, EventKind.DEBUGGER_STOP, at + 2, cpu=0, value=1, aux=5),
        event(at + 4, EventKind.CONTEXT_SWITCH, cpu=0),
    ]
    run = create_run(session, events=at + 4, hits=1)
    shots = snapshot(at, 1, Moment.after_iret, rax=0x1234)
    store_chunk(run, [*hit_events(1), *rest], shots)
    return run


@pytest.mark.parametrize("seq", [7, 8, 9])
def test_any_event_of_a_tree_shows_the_tree(stop: Run, seq: int) -> None:
    view = event_view(stop, seq)

    assert view is not None
    assert [line.node.name for line in view.lines] == [
        "#BP",
        "kgdb_cpu_enter",
        "debugger",
    ]
    assert (view.root, view.seq, view.hit_before) == (7, seq, 1)


def test_what_does_not_hang_below_is_left_out(stop: Run) -> None:
    view = event_view(stop, 10)

    assert view is not None and len(view.lines) == 1


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_an_event_of_a_hit_is_looked_at_there(stop: Run, seq: int) -> None:
    assert event_view(stop, seq) is None


@pytest.mark.parametrize("seq", [0, 11, 10**12])
def test_an_event_that_is_not_stored(stop: Run, seq: int) -> None:
    assert event_view(stop, seq) is None
    assert root_record(stop, seq) is None


def test_the_registers_are_those_recorded_last(stop: Run) -> None:
    view = event_view(stop, 9)

    assert view is not None and view.state is not None
    assert (view.state.words["rax"], view.state.changed) == (0x1234, 0)


def test_before_the_first_snapshot_there_are_none(session: DebugSession) -> None:
    view = event_view(stored(session, event(1, EventKind.INT3)), 1)

    assert view is not None and view.state is None


def test_a_missed_access_says_what_is_watched(session: DebugSession) -> None:
    view = event_view(stored(session, missed(1)), 1)

    assert view is not None
    assert (view.place, view.fault) == ("counter", "silent")


# --- Slots


def slot(seq: int, kind: EventKind, whose: int, **fields: int) -> Record:
    values = {"slot": whose, "addr": 0, "aux": Callee.reserve_bp_slot} | fields
    return event(seq, kind, **values)


RESERVED, RELEASED = EventKind.SLOT_RESERVED, EventKind.SLOT_RELEASED
#: Own 4, one asked for: 4 | 0 << 8 | 0 << 16 | 1 << 24.
FULL = 4 | 1 << 24


def two_cpus(session: DebugSession, *records: Record) -> Run:
    recipe = create_recipe(machine={"cpus": 2, "memory": 33554432})
    return stored(session, *records, recipe=recipe)


def held(run: Run, seq: int) -> list[list[str]]:
    pane = slot_pane(run, seq, None)
    return [[row.name for row in rows] for _, rows in pane.cpus]


def test_a_slot_counts_on_its_cpu_or_on_all(session: DebugSession) -> None:
    run = two_cpus(
        session,
        slot(1, RESERVED, 0, addr=1),
        slot(2, RESERVED, 0x81, addr=ALL_CPUS),
    )

    assert held(run, 2) == [["kgdb's 1"], ["breakpoint 0", "kgdb's 1"]]


def test_the_moment_decides(session: DebugSession) -> None:
    run = two_cpus(session, slot(1, RESERVED, 0), slot(2, RELEASED, 0))

    assert [held(run, n)[0] for n in (1, 2)] == [["breakpoint 0"], []]


def test_a_refusal_has_its_sum(session: DebugSession) -> None:
    run = two_cpus(
        session,
        slot(1, RESERVED, 0x80, ret=-28),
        event(2, EventKind.SLOT_ARITHMETIC, 1, slot=1, value=FULL),
    )

    (refusal,) = slot_pane(run, 2, None).refusals

    assert (refusal.name, refusal.error, refusal.in_words) == (
        "kgdb's 0",
        "-ENOSPC",
        "CPU 1: 4 of the CPU itself + 0 of tasks + 1 asked for = 5 > 4",
    )


def test_a_holder_of_the_recipe_names_what_it_watches(session: DebugSession) -> None:
    pane = slot_pane(two_cpus(session, slot(1, RESERVED, 0)), 1, None)

    assert pane.cpus[0][1][0].place == "counter W4"


def state_of(run: Run, **words: int) -> StateView:
    view = moment_view(run, 1)
    assert view is not None and view.state is not None
    view.state.snapshot.words.update(words)
    return view.state


def test_bp_per_reg_stands_beside_the_hardware(run: Run) -> None:
    state = state_of(run, bp_per_reg0=1, bp_per_reg1=0x101, dr7=0x000D0602)

    rows = slot_pane(run, 1, state).registers

    assert [row.owner for row in rows] == ["breakpoint 0", "kgdb's 0", "", ""]
    assert (rows[0].hardware, rows[0].place) == ("write, 4 bytes, global", "counter")


def test_what_the_debugger_wants_is_read_from_its_table(run: Run) -> None:
    """Entry 1: enabled, write (1), four bytes (0xc)."""
    state = state_of(run, breakinfo1=COUNTER, breakinfo_meta=0x11C << 16)

    (row,) = slot_pane(run, 1, state).table

    assert (row.index, row.place, row.wants) == (
        1,
        "counter",
        "write, 4 bytes, global",
    )


def test_a_holder_of_the_debugger_watches_what_its_table_says(alice: User) -> None:
    session = create_session(alice)
    records = [*hit_events(1), slot(EVENTS_PER_HIT + 1, RESERVED, 0x81)]
    run = create_run(session, events=len(records), hits=1)
    shots = snapshot(EVENTS_PER_HIT, 1, Moment.after_iret)
    store_chunk(run, records, shots)
    state = state_of(run, breakinfo1=COUNTER, breakinfo_meta=0x11C << 16)

    pane = slot_pane(run, len(records), state)

    assert pane.cpus[0][1][0].place == "counter"
