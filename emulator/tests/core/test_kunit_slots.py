"""kernel/events/hw_breakpoint_test.c case by case, under the suite's own names.

A1 to A6b are the rows of docs/conformance.md."""

from __future__ import annotations

import pytest

from emulator.tests.core.slots import ANY, CPU0, CUR, NO_TASK, OTH, Slots


@pytest.fixture
def slots() -> Slots:
    """Two CPUs, nothing reserved."""
    return Slots()


def test_a1_one_cpu(slots: Slots) -> None:
    slots.fill(CPU0, NO_TASK)

    assert slots.refuses(ANY, CUR)
    assert slots.refuses(CPU0, NO_TASK)


def test_a2_many_cpus() -> None:
    slots = Slots(8)

    for cpu in range(8):
        slots.fill(cpu, NO_TASK)
        assert slots.refuses(cpu, NO_TASK)


def test_a3_one_task_on_all_cpus(slots: Slots) -> None:
    slots.fill(ANY, CUR)

    assert slots.refuses(ANY, CUR)
    assert slots.refuses(CPU0, CUR)
    assert slots.refuses(CPU0, NO_TASK)


def test_a3b_one_less_makes_room_for_the_cpu(slots: Slots) -> None:
    first, *_ = slots.fill(ANY, CUR)

    slots.remove(first)

    assert not slots.refuses(CPU0, NO_TASK)


def test_a4_two_tasks_on_all_cpus(slots: Slots) -> None:
    slots.fill(ANY, CUR)
    slots.fill(ANY, OTH)

    assert slots.refuses(ANY, CUR)
    assert slots.refuses(ANY, OTH)
    assert slots.refuses(CPU0, CUR)
    assert slots.refuses(CPU0, OTH)
    assert slots.refuses(CPU0, NO_TASK)


def test_a4b_the_other_task_still_has_four(slots: Slots) -> None:
    first, *_ = slots.fill(ANY, CUR)
    slots.fill(ANY, OTH)

    slots.remove(first)

    assert slots.refuses(CPU0, NO_TASK)


def test_a5_one_task_on_one_cpu(slots: Slots) -> None:
    slots.fill(CPU0, CUR)

    assert slots.refuses(ANY, CUR)
    assert slots.refuses(CPU0, CUR)
    assert slots.refuses(CPU0, NO_TASK)


def test_a5b_one_less_makes_room_for_the_cpu(slots: Slots) -> None:
    first, *_ = slots.fill(CPU0, CUR)

    slots.remove(first)

    assert not slots.refuses(CPU0, NO_TASK)


def test_a6_one_task_mixed(slots: Slots) -> None:
    slots.add(CPU0, CUR)
    slots.fill(ANY, CUR, skip=1)

    assert slots.refuses(ANY, CUR)
    assert slots.refuses(CPU0, CUR)
    assert slots.refuses(CPU0, NO_TASK)


def test_a6b_two_less_make_room_for_two(slots: Slots) -> None:
    on_cpu0 = slots.add(CPU0, CUR)
    anywhere, *_ = slots.fill(ANY, CUR, skip=1)

    slots.remove(on_cpu0)
    slots.remove(anywhere)

    assert not slots.refuses(CPU0, NO_TASK)
    assert not slots.refuses(CPU0, NO_TASK)
    assert slots.refuses(CPU0, NO_TASK)


def test_another_cpu_is_another_matter(slots: Slots) -> None:
    slots.fill(CPU0, NO_TASK)

    assert not slots.refuses(1, NO_TASK)


def test_tasks_do_not_compete(slots: Slots) -> None:
    slots.fill(ANY, CUR)

    assert not slots.refuses(ANY, OTH)
