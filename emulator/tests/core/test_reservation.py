"""Slots as events, the debugger's way to them, and the view of who holds what."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import PerfEvent
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.tests.core.slots import ANY, CPU0, CUR, NO_TASK, OTH, Slots

LOCKED = -1


@pytest.fixture
def slots() -> Slots:
    """Two CPUs, nothing registered."""
    return Slots()


def kgdbs(slots: Slots, cpu: int = 0) -> PerfEvent:
    """An event that is registered, off, and without a slot of its own."""
    event = slots.core.register_perf_cpu(0x100, slots.attr(disabled=True), cpu)
    event.destroy = False
    slots.core.release_bp_slot(event)
    return event


def last_arithmetic(slots: Slots) -> tuple[int, int, int, int]:
    """CPU, own, of the task that has most, its pid."""
    event = slots.notes.of(EventKind.SLOT_ARITHMETIC)[-1]
    value = event["value"]
    return event["slot"], value & 0xFF, value >> 8 & 0xFF, event["addr"]


def test_a_debugger_reserves(slots: Slots) -> None:
    assert slots.core.dbg_reserve_bp_slot(kgdbs(slots)) == 0


def test_a_debugger_competes_like_anybody(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.fill(CPU0, NO_TASK)

    assert slots.core.dbg_reserve_bp_slot(event) == -28


def test_a_debuggers_slot_is_taken(slots: Slots) -> None:
    for cpu in range(4):
        slots.core.dbg_reserve_bp_slot(kgdbs(slots, cpu % 2))
    slots.fill(CPU0, NO_TASK, skip=2)

    assert slots.refuses(CPU0, NO_TASK)


def test_a_debugger_gives_back(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.core.dbg_reserve_bp_slot(event)

    assert slots.core.dbg_release_bp_slot(event) == 0
    slots.fill(CPU0, NO_TASK)


def test_a_held_lock_refuses_the_debugger(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.core.reservations.lock_held = OTH

    assert slots.core.dbg_reserve_bp_slot(event) == LOCKED


def test_a_held_lock_leaves_the_slots_alone(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.core.reservations.lock_held = OTH
    slots.core.dbg_reserve_bp_slot(event)
    slots.core.reservations.lock_held = 0

    assert len(slots.fill(CPU0, NO_TASK)) == 4


def test_a_held_lock_keeps_the_debuggers_slot(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.core.dbg_reserve_bp_slot(event)
    slots.core.reservations.lock_held = OTH

    assert slots.core.dbg_release_bp_slot(event) == LOCKED
    assert slots.core.reservations.holds(event)


def test_an_event_that_gave_its_destroy_away_keeps_the_slot(slots: Slots) -> None:
    event = kgdbs(slots)
    slots.core.dbg_reserve_bp_slot(event)

    slots.core.unregister_hw_breakpoint(event)

    assert slots.core.reservations.holds(event)


@pytest.mark.parametrize(("held", "ret"), [(0, 0), (OTH, LOCKED)])
def test_the_debuggers_call_is_an_event(slots: Slots, held: int, ret: int) -> None:
    event = kgdbs(slots)
    slots.core.reservations.lock_held = held
    slots.core.dbg_reserve_bp_slot(event)

    call = slots.notes.of(EventKind.CALL)[-1]
    assert (call["aux"], call["addr"], call["ret"]) == (
        Callee.dbg_reserve_bp_slot,
        0x100,
        ret,
    )


def test_a_decision_shows_its_sum_as_its_child(slots: Slots) -> None:
    slots.add(CPU0, CUR)

    (reserved,) = slots.notes.of(EventKind.SLOT_RESERVED)
    (arithmetic,) = slots.notes.of(EventKind.SLOT_ARITHMETIC)
    assert arithmetic["cause"] == reserved["seq"]


def test_the_sum_is_that_of_the_fullest_cpu(slots: Slots) -> None:
    slots.fill(1, NO_TASK, skip=1)
    slots.add(ANY, OTH)

    slots.refuses(ANY, OTH)

    assert last_arithmetic(slots) == (1, 3, 1, OTH)


def test_the_sum_names_the_task_that_has_most(slots: Slots) -> None:
    slots.add(ANY, CUR)
    slots.fill(ANY, OTH, skip=2)

    slots.add(CPU0, NO_TASK)

    assert last_arithmetic(slots) == (0, 0, 2, OTH)


@pytest.mark.parametrize("variant", ["g-bare", "d3-35"])
def test_both_ways_of_counting_show_the_same_sum(variant: str) -> None:
    slots = Slots(variant=variant)
    slots.fill(ANY, OTH, skip=2)
    slots.add(CPU0, NO_TASK)

    slots.add(CPU0, NO_TASK)

    assert last_arithmetic(slots) == (0, 1, 2, OTH)


def test_one_slot_is_asked_for(slots: Slots) -> None:
    slots.add(ANY, CUR)

    (event,) = slots.notes.of(EventKind.SLOT_ARITHMETIC)
    assert event["value"] >> 24 == 1


@pytest.mark.parametrize("variant", ["g-bare", "d3-35"])
def test_the_view_says_who_holds_what(variant: str) -> None:
    slots = Slots(variant=variant)
    on_cpu = slots.add(1, NO_TASK)
    anywhere = slots.add(ANY, CUR)
    here = slots.add(CPU0, CUR)

    first, second = slots.core.slots_view()

    assert (first.own, first.tasks) == ((), {CUR: (anywhere.index, here.index)})
    assert (second.own, second.tasks) == ((on_cpu.index,), {CUR: (anywhere.index,)})


def test_a_refused_reservation_says_how_full_it_was(slots: Slots) -> None:
    slots.fill(CPU0, NO_TASK)
    with pytest.raises(KernelError):
        slots.add(CPU0, NO_TASK)

    event = slots.notes.of(EventKind.SLOT_RESERVED)[-1]
    assert (event["value"], event["ret"]) == (4, -28)
