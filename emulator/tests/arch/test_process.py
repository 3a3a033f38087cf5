"""A task's debug state over fork, exec, exit and context switch, release by release."""

from __future__ import annotations

import pytest

from emulator.events import Callee, EventKind
from emulator.tests.arch.tracee import DATA, W4, Tracee, dr7
from emulator.tests.core.slots import CUR, OTH

PERF = ["b", "d1", "d2", "d3-36", "d4", "g-bare"]


def watching(variant: str) -> Tracee:
    """With one watch armed and something in DR6."""
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, dr7((0, W4))), (6, 1))
    return tracee


def child_of(tracee: Tracee) -> list[int]:
    """What a tracer reads of a forked child: DR0, DR6, DR7."""
    tracee.threads.fork(tracee.thread, tracee.other)
    return [tracee.peek(number, tracee.other) for number in (0, 6, 7)]


@pytest.mark.parametrize("variant", ["d1", "d4", "g-bare"])
def test_a_child_reads_copies_of_dr6_and_dr7_only(variant: str) -> None:
    assert child_of(watching(variant)) == [0, 1, dr7((0, W4))]


def test_a_child_has_nothing_in_a_dr7_that_is_rebuilt() -> None:
    assert child_of(watching("b"))[2] == 0


def test_2_6_32_lets_the_child_inherit_all() -> None:
    assert child_of(watching("a")) == [DATA, 1, dr7((0, W4))]


@pytest.mark.parametrize(("variant", "armed"), [("a", [(DATA, W4)]), ("g-bare", [])])
def test_what_is_armed_when_the_child_runs(
    variant: str, armed: list[tuple[int, int]]
) -> None:
    tracee = watching(variant)
    tracee.threads.fork(tracee.thread, tracee.other)
    tracee.running[1] = OTH

    tracee.threads.switched_in(tracee.other, 1)

    assert tracee.armed_on(1) == armed


def test_a_fork_is_an_event() -> None:
    tracee = watching("g-bare")
    tracee.threads.fork(tracee.thread, tracee.other)

    (event,) = tracee.notes.of(EventKind.TASK_FORK)
    assert event["value"] == OTH


@pytest.mark.parametrize("variant", PERF)
def test_exec_disarms(variant: str) -> None:
    tracee = watching(variant)
    tracee.threads.exec(tracee.thread)

    assert (tracee.armed, tracee.peek(0)) == ([], 0)


@pytest.mark.parametrize("variant", PERF)
def test_exec_gives_the_slots_back(variant: str) -> None:
    tracee = watching(variant)
    tracee.threads.exec(tracee.thread)

    assert [cpu.tasks for cpu in tracee.core.slots_view()] == [{}, {}]


@pytest.mark.parametrize(
    ("variant", "seen"),
    [
        ("a", [0, 0]),
        ("d1", [1, dr7((0, W4))]),
        ("d4", [0, 0]),
        ("g-bare", [0xFFFF0FF0, 0]),
    ],
)
def test_what_exec_leaves_to_be_read(variant: str, seen: list[int]) -> None:
    tracee = watching(variant)
    tracee.threads.exec(tracee.thread)

    assert [tracee.peek(6), tracee.peek(7)] == seen


def test_exec_in_2_6_32_leaves_the_processor_armed() -> None:
    tracee = watching("a")
    tracee.threads.exec(tracee.thread)

    assert tracee.armed == [(DATA, W4)]


def test_perf_events_survive_exec() -> None:
    tracee = Tracee()
    tracee.add(-1, CUR, bp_addr=DATA)

    tracee.threads.exec(tracee.thread)

    assert [address for address, _ in tracee.armed] == [DATA]


@pytest.mark.parametrize("variant", PERF)
def test_exit_disarms_and_gives_the_slots_back(variant: str) -> None:
    tracee = watching(variant)
    tracee.threads.exit(tracee.thread)

    assert (tracee.armed, tracee.core.slots_view()[0].tasks) == ([], {})


def test_exit_in_2_6_32_leaves_the_processor_armed() -> None:
    tracee = watching("a")
    tracee.threads.exit(tracee.thread)

    assert tracee.armed == [(DATA, W4)]


@pytest.mark.parametrize(
    ("variant", "armed"),
    [
        pytest.param("a", [(DATA, W4)], id="2.6.32-is-lazy"),
        pytest.param("d1", [], id="2.6.33"),
        pytest.param("g-bare", [], id="6.x"),
    ],
)
def test_what_the_next_task_finds_armed(
    variant: str, armed: list[tuple[int, int]]
) -> None:
    tracee = watching(variant)
    tracee.threads.switched_out(tracee.thread, 0)
    tracee.running[0] = OTH
    tracee.threads.switched_in(tracee.other, 0)

    assert tracee.armed == armed


@pytest.mark.parametrize("variant", ["a", *PERF])
def test_coming_back_arms_again(variant: str) -> None:
    tracee = watching(variant)
    tracee.threads.switched_out(tracee.thread, 0)
    tracee.units[0].write(7, 0)
    tracee.threads.switched_in(tracee.thread, 0)

    assert tracee.armed == [(DATA, W4)]


def test_2_6_32_loads_all_registers_on_a_switch() -> None:
    tracee = watching("a")
    tracee.threads.switched_in(tracee.thread, 1)

    writes = [
        (w["slot"], w["cpu"])
        for w in tracee.notes.of(EventKind.DR_WRITE)
        if w["aux"] == Callee.switch_to_xtra
    ][-6:]
    assert writes == [(n, 1) for n in (0, 1, 2, 3, 6, 7)]


def test_2_6_32_loads_nothing_for_a_task_without_breakpoints() -> None:
    tracee = watching("a")
    tracee.pokes((7, 0))
    before = len(tracee.notes.of(EventKind.DR_WRITE))

    tracee.threads.switched_in(tracee.thread, 0)

    assert len(tracee.notes.of(EventKind.DR_WRITE)) == before


def test_exec_without_breakpoints_says_only_that_it_was() -> None:
    tracee = Tracee()
    tracee.threads.exec(tracee.thread)

    kinds = [event["kind"] for event in tracee.notes.events]
    assert kinds == [EventKind.TASK_EXEC, EventKind.CALL]
