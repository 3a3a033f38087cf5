"""The counting of 2.6.33 to 2.6.35, with its faults.

Expected values follow from kernel/hw_breakpoint.c of those releases, worked on paper.
"""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType
from emulator.errors import KernelError
from emulator.tests.core.slots import ANY, CPU0, CUR, NO_TASK, OTH, Slots

KERNEL = 0xFFFF_8000_0000_0000


class OldSlots(Slots):
    """A CPU's own breakpoints are in the kernel's half, as 2.6.33 wants them."""

    def add(self, cpu: int, task: int, **attr: object) -> object:
        where = {} if task else {"bp_addr": KERNEL + 8 * self._next}
        return super().add(cpu, task, **(where | attr))


@pytest.fixture
def slots() -> OldSlots:
    """Two CPUs under 2.6.33, nothing registered."""
    return OldSlots(variant="d1")


def test_the_fifth_is_refused(slots: OldSlots) -> None:
    slots.fill(ANY, CUR)

    assert slots.refuses(ANY, CUR)


def test_a_cpu_competes_with_the_task_that_has_most(slots: OldSlots) -> None:
    slots.fill(ANY, CUR, skip=2)
    slots.fill(CPU0, NO_TASK, skip=2)

    assert slots.refuses(CPU0, NO_TASK)


def test_one_less_makes_room(slots: OldSlots) -> None:
    first, *_ = slots.fill(ANY, CUR)

    slots.remove(first)

    assert not slots.refuses(CPU0, NO_TASK)


def test_a_tasks_events_count_on_every_cpu(slots: OldSlots) -> None:
    slots.fill(1, CUR)

    assert slots.refuses(CPU0, CUR)


def test_today_they_count_where_they_run() -> None:
    slots = Slots()
    slots.fill(1, CUR)

    assert not slots.refuses(CPU0, CUR)


def test_more_than_full_is_not_full(slots: OldSlots) -> None:
    # Three of the task elsewhere and four of the CPU make seven, which is not four.
    slots.fill(1, CUR, skip=1)
    slots.fill(CPU0, NO_TASK)

    assert not slots.refuses(CPU0, CUR)


@pytest.mark.parametrize("variant", ["d3-35", "g-bare"])
def test_later_more_than_full_is_full(variant: str) -> None:
    slots = OldSlots(variant=variant, slots_by_event_list=True)
    slots.fill(1, CUR, skip=1)
    slots.fill(CPU0, NO_TASK)

    assert slots.refuses(CPU0, CUR)


# The histogram's first place is counted down, whatever place the task stood in.
@pytest.mark.parametrize(("events", "left"), [(1, 4), (2, 2), (3, 1), (4, 0)])
def test_a_task_that_exits_leaves_its_slots_taken(
    slots: OldSlots, events: int, left: int
) -> None:
    slots.fill(ANY, CUR, skip=4 - events)
    slots.core.exit_task(CUR)

    taken = 0
    while not slots.refuses(CPU0, NO_TASK):
        taken += 1

    assert taken == left


def test_since_2_6_36_it_leaves_nothing() -> None:
    slots = Slots(variant="d3-36")
    slots.fill(ANY, CUR)

    slots.core.exit_task(CUR)

    assert not slots.refuses(CPU0, NO_TASK)


def errno_when_full(variant: str) -> int:
    slots = OldSlots(variant=variant)
    slots.fill(ANY, CUR)
    with pytest.raises(KernelError) as caught:
        slots.add(ANY, CUR, bp_type=BpType.EMPTY)
    return caught.value.errno


@pytest.mark.parametrize(
    ("variant", "errno"), [("d1", 28), ("d2", 28), ("d3-35", 22), ("g-bare", 22)]
)
def test_an_empty_type_is_looked_at_first_since_2_6_35(
    variant: str, errno: int
) -> None:
    assert errno_when_full(variant) == errno


def test_tasks_do_not_compete(slots: OldSlots) -> None:
    slots.fill(ANY, CUR)

    assert not slots.refuses(ANY, OTH)


def test_a_task_with_more_than_four_is_survived(slots: OldSlots) -> None:
    slots.fill(1, CUR, skip=1)
    slots.fill(CPU0, NO_TASK)
    made = [slots.add(CPU0, CUR), slots.add(CPU0, CUR)]

    for event in made:
        slots.remove(event)

    assert slots.refuses(1, CUR) is False
