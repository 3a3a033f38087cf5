"""What stands on which track, and when."""

from __future__ import annotations

from emulator.events import EventKind
from emulator.tests.trace.export.traces import NAMES, block, dr7, hit, record, whole
from emulator.trace.export.timeline import Clock, Mark, Timeline


def marks(*blocks, clock: Clock = Clock.RETIRED, asked: bool = False) -> list[Mark]:
    return list(Timeline(NAMES, clock, all_that_pass=asked).marks(blocks))


def on(found: list[Mark], name: str, cpu: int = 0) -> list[Mark]:
    return [m for m in found if m.track.name == name and m.track.cpu == cpu]


def test_a_hit_stands_on_the_track_of_its_slot_at_its_instruction() -> None:
    first, second = on(marks(block(whole())), "slot 1")

    assert (first.time, second.time) == (12, 1234)
    assert (first.phase, first.name) == ("I", "counter")


def test_a_hit_says_number_and_value() -> None:
    args = on(marks(block(whole(), hits_before=5)), "slot 1")[1].args

    assert (args["hit"], args["value"], args["kind"]) == (7, 2, "write")


def test_a_stop_in_kgdb_is_a_slice_on_each_cpu() -> None:
    found = marks(block(whole()))

    assert [(m.phase, m.time) for m in on(found, "kgdb")] == [("B", 12), ("E", 12)]
    assert [(m.phase, m.time) for m in on(found, "kgdb", 1)] == [("B", 7), ("E", 7)]


def test_on_the_clock_of_events_a_stop_in_kgdb_has_a_width() -> None:
    found = on(marks(block(whole()), clock=Clock.SEQ), "kgdb")

    assert [m.time for m in found] == [6000, 9000]


def test_a_guest_runs_from_entry_to_exit() -> None:
    found = on(marks(block(whole())), "guest")

    assert [(m.phase, m.time) for m in found] == [("B", 30), ("E", 90)]


def test_a_task_is_a_slice_that_another_task_ends() -> None:
    found = on(marks(block(whole())), "task")

    assert [(m.phase, m.time, m.name) for m in found] == [
        ("B", 0, "counter (100)"),
        ("E", 100, ""),
        ("B", 100, "task 102"),
        ("E", 2000, ""),
    ]


def test_dr7_is_told_as_each_moment_leaves_it() -> None:
    found = on(marks(block(whole())), "DR7")

    # The exception of hit 1 saves and restores at one moment: DR7 was never seen off.
    assert [(m.time, m.value) for m in found] == [(0, 0x404), (20, 0)]


def test_on_the_clock_of_events_dr7_goes_off_in_the_exception() -> None:
    found = on(marks(block(whole()), clock=Clock.SEQ), "DR7")

    assert [(m.time, m.value) for m in found] == [
        (2000, 0x404),
        (4000, 0),
        (5000, 0x404),
        (10000, 0),
    ]


def test_a_query_chooses_the_hits_and_leaves_windows_and_tasks() -> None:
    found = marks(block(whole(), passes={14}), asked=True)

    assert [m.args["seq"] for m in on(found, "slot 1")] == [14]
    assert len(on(found, "kgdb")) == 2
    assert on(found, "events") == []


def test_a_query_may_ask_for_any_kind() -> None:
    call = record(1, EventKind.CALL, aux=3)

    assert [m.name for m in on(marks(block([call]), asked=True), "events")] == ["call"]
    assert on(marks(block([call])), "events") == []


def test_the_cutting_into_blocks_cannot_be_seen() -> None:
    events = whole()
    pieces = [block([r], hits_before=0) for r in events]

    one = [m._replace(args={}) for m in marks(block(events))]
    many = [m._replace(args={}) for m in marks(*pieces)]

    assert many == one


def test_what_is_open_at_the_end_of_the_trace_ends_there() -> None:
    found = marks(block([record(1, EventKind.KGDB_ENTER), record(2, EventKind.CALL)]))

    assert [m.phase for m in on(found, "kgdb")] == ["B", "E"]


def test_a_leave_without_an_entry_ends_nothing() -> None:
    assert on(marks(block([record(9, EventKind.KGDB_LEAVE)])), "kgdb") == []


def test_the_end_says_how_it_ended() -> None:
    assert on(marks(block(whole())), "events")[-1].name == "end: completed"


def test_a_dr7_that_no_moment_ends_is_told_at_the_end() -> None:
    found = on(marks(block([hit(1, 5, 1), dr7(2, 5, 0x400)])), "DR7")

    assert [(m.time, m.value) for m in found] == [(5, 0x400)]
