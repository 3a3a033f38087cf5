"""modify_user_hw_breakpoint, enable and disable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.core.perf_event import BpType, PerfEvent, PerfEventState
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.tests.core.slots import CUR, OTH, Slots

EINVAL = 22
OFF, INACTIVE, ACTIVE, ERROR = (
    PerfEventState.OFF,
    PerfEventState.INACTIVE,
    PerfEventState.ACTIVE,
    PerfEventState.ERROR,
)


def made(slots: Slots, task: int = CUR, **attr: object) -> PerfEvent:
    """Registered."""
    return slots.core.register_user_hw_breakpoint(0, slots.attr(**attr), task)


def modify(slots: Slots, event: PerfEvent, *, check: bool = False, **to: object) -> int:
    """The errno."""
    try:
        slots.core.modify_user_hw_breakpoint(
            event, replace(event.attr, **to), check=check
        )
    except KernelError as error:
        return error.errno
    return 0


@pytest.fixture
def slots() -> Slots:
    """Two CPUs, pid CUR on the first."""
    return Slots()


def test_the_register_has_the_new_address(slots: Slots) -> None:
    modify(slots, made(slots), bp_addr=0x9000)

    assert slots.units[0].address[0] == 0x9000


def test_dr7_has_the_new_type_and_length(slots: Slots) -> None:
    event = made(slots)
    modify(slots, event, bp_addr=0x9000, bp_type=BpType.W, bp_len=8)

    assert slots.units[0].dr7 >> 16 & 0xF == 0b1001


def test_disabling_takes_it_out(slots: Slots) -> None:
    event = made(slots)
    modify(slots, event, disabled=True)

    assert (event.state, slots.states[0].bp_per_reg) == (OFF, [None] * 4)


def test_enabling_puts_it_in(slots: Slots) -> None:
    event = made(slots, disabled=True)
    modify(slots, event, disabled=False)

    assert (event.state, slots.states[0].owner(0)) == (ACTIVE, 1)


@pytest.mark.parametrize("variant", ["g-bare", "d3-36"])
def test_an_error_leaves_the_old_one_armed(variant: str) -> None:
    slots = Slots(variant=variant)
    event = made(slots, bp_addr=0x2000)

    assert modify(slots, event, bp_len=3, bp_addr=0x4000) == EINVAL
    assert (event.attr.bp_addr, event.state) == (0x2000, ACTIVE)
    assert slots.units[0].address[0] == 0x2000


@pytest.mark.parametrize(("variant", "errno"), [("d4", 0), ("g-bare", EINVAL)])
def test_what_stays_disabled_is_validated_today(variant: str, errno: int) -> None:
    slots = Slots(variant=variant)
    event = made(slots, disabled=True)

    assert modify(slots, event, bp_len=3) == errno


@pytest.mark.parametrize(("variant", "address"), [("d4", 0x2000), ("g-bare", 0x9000)])
def test_what_stays_disabled_gets_its_image_today(variant: str, address: int) -> None:
    slots = Slots(variant=variant)
    event = made(slots, disabled=True, bp_addr=0x2000)

    modify(slots, event, bp_addr=0x9000)

    assert event.info.address == address


def test_a_checked_change_may_move_address_length_and_type(slots: Slots) -> None:
    event = made(slots)

    assert modify(slots, event, check=True, bp_addr=0x9000, bp_len=2) == 0


@pytest.mark.parametrize(
    "other", [{"sample_period": 2}, {"exclude_kernel": True}, {"pinned": False}]
)
def test_a_checked_change_may_move_nothing_else(
    slots: Slots, other: dict[str, object]
) -> None:
    assert modify(slots, made(slots), check=True, **other) == EINVAL


def test_an_unchecked_change_takes_nothing_else(slots: Slots) -> None:
    event = made(slots)

    assert modify(slots, event, sample_period=7) == 0
    assert event.attr.sample_period == 1


def test_a_refused_check_leaves_it_armed(slots: Slots) -> None:
    event = made(slots)
    modify(slots, event, check=True, sample_period=2, bp_addr=0x9000)

    assert (event.state, event.attr.bp_addr != 0x9000) == (ACTIVE, True)


def test_enable_and_disable_move_the_state(slots: Slots) -> None:
    event = made(slots)
    states = []
    for change in (slots.core.perf_event_disable, slots.core.perf_event_enable) * 2:
        change(event)
        states.append(event.state)

    assert states == [OFF, ACTIVE, OFF, ACTIVE]


def test_enabling_for_a_task_that_is_away_waits_for_it(slots: Slots) -> None:
    event = made(slots, OTH, disabled=True)

    slots.core.perf_event_enable(event)
    before = event.state
    slots.core.sched_in(OTH, 1)

    assert (before, event.state) == (INACTIVE, ACTIVE)


@pytest.mark.parametrize(("pinned", "state"), [(True, ERROR), (False, INACTIVE)])
def test_no_register_is_an_error_for_a_pinned_event(
    slots: Slots, pinned: bool, state: PerfEventState
) -> None:
    slots.states[0].bp_per_reg = [made(slots, OTH)] * 4  # somebody's, unaccounted

    assert made(slots, pinned=pinned).state is state


def test_an_event_in_error_can_be_enabled_again(slots: Slots) -> None:
    slots.states[0].bp_per_reg = [made(slots, OTH)] * 4
    event = made(slots)
    slots.states[0].bp_per_reg = [None] * 4

    slots.core.perf_event_enable(event)

    assert event.state is ACTIVE


def test_an_event_in_error_is_not_scheduled(slots: Slots) -> None:
    slots.states[0].bp_per_reg = [made(slots, OTH)] * 4
    event = made(slots)
    slots.states[0].bp_per_reg = [None] * 4

    slots.core.sched_in(CUR, 0)

    assert event.state is ERROR


def test_pinned_events_are_scheduled_first(slots: Slots) -> None:
    flexible = made(slots, OTH, pinned=False)
    pinned = made(slots, OTH)

    slots.core.sched_in(OTH, 1)

    assert (pinned.slot, flexible.slot) == (0, 1)


def test_the_limit_of_an_event_disables_it(slots: Slots) -> None:
    event = made(slots)
    pending = [event]

    slots.core.perf_pending(pending)

    assert (event.state, pending) == (OFF, [])


@pytest.mark.parametrize(
    ("change", "callee", "off"),
    [
        ("perf_event_disable", Callee.perf_event_disable, 1),
        ("perf_event_enable", Callee.perf_event_enable, 0),
    ],
)
def test_a_change_is_an_event(
    slots: Slots, change: str, callee: Callee, off: int
) -> None:
    getattr(slots.core, change)(made(slots))

    (event,) = slots.notes.of(EventKind.BREAKPOINT_CHANGED)
    assert (event["aux"], event["value"] >> 16) == (callee, off)


def test_a_refused_change_is_an_event(slots: Slots) -> None:
    modify(slots, made(slots), bp_len=3)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_CHANGED)
    assert (event["ret"], event["value"] & 0xFF) == (-EINVAL, 3)


def test_the_calls_of_a_change_are_nested(slots: Slots) -> None:
    event = made(slots)
    before = len(slots.notes.story())
    modify(slots, event, bp_addr=0x9000)

    calls = [
        line
        for line in slots.notes.story()[before:]
        if "dr" not in line and "shadow" not in line
    ]
    assert calls == [
        "modify_user_hw_breakpoint",
        "  perf_event_disable",
        "    arch_uninstall_hw_breakpoint",
        "  perf_event_enable",
        "    arch_install_hw_breakpoint",
        "  breakpoint_changed modify_user_hw_breakpoint",
    ]


def test_a_refresh_allows_so_many_overflows(slots: Slots) -> None:
    event = made(slots, disabled=True)
    slots.core.perf_event_refresh(event, 2)
    slots.core.perf_event_refresh(event, 3)

    assert (event.event_limit, event.state) == (5, ACTIVE)


@pytest.mark.parametrize("attr", [{"inherit": True}, {"sample_period": 0}])
def test_what_cannot_be_refreshed(slots: Slots, attr: dict[str, object]) -> None:
    with pytest.raises(KernelError) as caught:
        slots.core.perf_event_refresh(made(slots, **attr), 1)

    assert caught.value.errno == EINVAL


def test_somebody_uses_breakpoints(slots: Slots) -> None:
    before = slots.core.hw_breakpoint_is_used
    made(slots, disabled=True)

    assert (before, slots.core.hw_breakpoint_is_used) == (False, True)
