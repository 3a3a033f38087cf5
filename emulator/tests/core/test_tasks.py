"""Breakpoints of tasks that fork, switch and exit."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import PerfEvent, PerfEventState
from emulator.events import Callee, EventFlag, EventKind
from emulator.tests.core.slots import CPU0, CUR, NO_TASK, OTH, Slots

CHILD = 102


@pytest.fixture
def slots() -> Slots:
    """Two CPUs, pid CUR on the first."""
    return Slots()


def inherited(slots: Slots, **attr: object) -> list[PerfEvent]:
    """What a child gets of one breakpoint."""
    slots.core.register_user_hw_breakpoint(0, slots.attr(**attr), CUR)
    slots.core.fork_task(CUR, CHILD)
    return slots.core.contexts.of_task(CHILD)


def test_a_child_gets_what_is_to_be_inherited(slots: Slots) -> None:
    (event,) = inherited(slots, inherit=True, bp_addr=0x2000)

    assert (event.task, event.attr.bp_addr) == (CHILD, 0x2000)


def test_a_child_gets_nothing_else(slots: Slots) -> None:
    assert inherited(slots) == []


def test_a_child_waits_for_its_turn(slots: Slots) -> None:
    (event,) = inherited(slots, inherit=True)

    assert event.state is PerfEventState.INACTIVE


def test_what_is_off_is_inherited_off(slots: Slots) -> None:
    (event,) = inherited(slots, inherit=True, disabled=True)

    assert event.state is PerfEventState.OFF


def test_a_child_has_slots_of_its_own(slots: Slots) -> None:
    inherited(slots, inherit=True)

    assert slots.core.slots_view()[0].tasks.keys() == {CUR, CHILD}


def test_a_grandchilds_event_knows_the_first(slots: Slots) -> None:
    inherited(slots, inherit=True)
    slots.core.fork_task(CHILD, 103)

    (event,) = slots.core.contexts.of_task(103)
    assert event.parent is slots.core.contexts.of_task(CUR)[0]


def test_a_child_that_exits_leaves_its_count(slots: Slots) -> None:
    (event,) = inherited(slots, inherit=True)
    event.count = 3

    slots.core.exit_task(CHILD)

    assert slots.core.contexts.of_task(CUR)[0].child_count == 3


def test_a_task_that_exits_gives_its_slots_back(slots: Slots) -> None:
    slots.fill(CPU0, CUR)

    slots.core.exit_task(CUR)

    assert not slots.refuses(CPU0, NO_TASK)


def test_a_cpu_bound_event_of_a_task_waits_for_that_cpu(slots: Slots) -> None:
    event = slots.add(1, OTH)
    slots.core.sched_in(OTH, 0)
    on_the_other = event.state
    slots.core.sched_in(OTH, 1)

    assert (on_the_other, event.state) == (
        PerfEventState.INACTIVE,
        PerfEventState.ACTIVE,
    )


@pytest.mark.parametrize(
    ("callee", "change"),
    [
        (Callee.perf_event_task_sched_in, "sched_in"),
        (Callee.perf_event_task_sched_out, "sched_out"),
    ],
)
def test_a_switch_with_breakpoints_is_a_call(
    slots: Slots, callee: Callee, change: str
) -> None:
    slots.add(-1, OTH)
    slots.core.sched_in(OTH, 1)
    if change == "sched_out":
        slots.core.sched_out(OTH, 1)

    call = [e for e in slots.notes.of(EventKind.CALL) if e["aux"] == callee][-1]
    assert (call["value"], call["flags"]) == (OTH, EventFlag.VOID)


def test_a_switch_without_breakpoints_says_nothing(slots: Slots) -> None:
    slots.core.sched_in(OTH, 1)
    slots.core.sched_out(OTH, 1)

    assert slots.notes.events == []


@pytest.mark.parametrize(("variant", "left"), [("d3-36", 4), ("d4", -4)])
def test_being_put_on_a_cpu_begins_the_period_since_2_6_37(
    variant: str, left: int
) -> None:
    slots = Slots(variant=variant)
    event = slots.add(-1, CUR, sample_period=4)

    assert event.period_left == left
