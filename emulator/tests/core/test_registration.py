"""register_user/wide_hw_breakpoint: errno, order of checks, undo, install."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType, PerfEventState
from emulator.errors import KernelError
from emulator.events import EventKind
from emulator.tests.core.slots import CUR, OTH, Slots

EINVAL, ENOSPC = 22, 28
KERNEL = 0xFFFF_8000_0000_0000


@pytest.fixture
def slots() -> Slots:
    """Two CPUs, nothing registered."""
    return Slots()


def errno(slots: Slots, **attr: object) -> int:
    """Of registering this for the current task."""
    try:
        slots.core.register_user_hw_breakpoint(0, slots.attr(**attr), CUR)
    except KernelError as error:
        return error.errno
    return 0


@pytest.mark.parametrize(
    ("attr", "expected"),
    [
        pytest.param({}, 0, id="valid"),
        pytest.param({"bp_len": 3}, EINVAL, id="length-3"),
        pytest.param({"bp_len": 16}, EINVAL, id="length-16"),
        pytest.param({"bp_addr": 0x1001, "bp_len": 4}, EINVAL, id="misaligned"),
        pytest.param({"bp_addr": 0x1004, "bp_len": 8}, EINVAL, id="misaligned-8"),
        pytest.param({"bp_type": BpType.R}, EINVAL, id="read-only"),
        pytest.param({"bp_type": BpType.EMPTY}, EINVAL, id="empty"),
        pytest.param({"bp_type": BpType.INVALID}, EINVAL, id="invalid"),
        pytest.param({"bp_type": BpType.X, "bp_len": 1}, EINVAL, id="execute-1"),
        pytest.param({"bp_type": BpType.X, "bp_len": 8}, 0, id="execute-long"),
        pytest.param(
            {"bp_type": BpType.X, "bp_len": 8, "bp_addr": 0x1003}, 0, id="execute-odd"
        ),
        pytest.param({"bp_addr": (1 << 64) - 4, "bp_len": 8}, EINVAL, id="wraps"),
        pytest.param({"bp_addr": KERNEL}, 0, id="kernel"),
        pytest.param(
            {"bp_addr": KERNEL, "exclude_kernel": True}, EINVAL, id="kernel-excluded"
        ),
        pytest.param(
            {"bp_addr": 0x7FFF_FFFF_EFFF, "exclude_kernel": True},
            0,
            id="last-user-byte",
        ),
    ],
)
def test_errno(slots: Slots, attr: dict[str, object], expected: int) -> None:
    assert errno(slots, **attr) == expected


def test_a_refused_breakpoint_leaks_no_slot(slots: Slots) -> None:
    for _ in range(8):
        errno(slots, bp_len=3)

    assert [errno(slots) for _ in range(5)] == [0, 0, 0, 0, ENOSPC]


def test_no_space_wins_over_a_bad_length(slots: Slots) -> None:
    for _ in range(4):
        errno(slots)

    assert errno(slots, bp_len=3) == ENOSPC


def test_an_empty_type_wins_over_no_space(slots: Slots) -> None:
    for _ in range(4):
        errno(slots)

    assert errno(slots, bp_type=BpType.EMPTY) == EINVAL


def test_a_wide_breakpoint_is_on_every_cpu(slots: Slots) -> None:
    slots.core.register_wide_hw_breakpoint(0, slots.attr(bp_addr=0x2000))

    assert [unit.address[0] for unit in slots.units] == [0x2000, 0x2000]


def test_a_wide_breakpoint_that_fails_half_way_is_undone(slots: Slots) -> None:
    slots.fill(1, 0)

    with pytest.raises(KernelError) as caught:
        slots.core.register_wide_hw_breakpoint(0, slots.attr())

    assert caught.value.errno == ENOSPC
    assert slots.states[0].bp_per_reg == [None] * 4
    assert not slots.refuses(0, 0)


def test_unregistering_gives_the_slot_back(slots: Slots) -> None:
    events = [
        slots.core.register_user_hw_breakpoint(i, slots.attr(), CUR) for i in range(4)
    ]

    slots.core.unregister_hw_breakpoint(events[2])

    assert errno(slots) == 0


def test_the_task_that_runs_is_armed_at_once(slots: Slots) -> None:
    event = slots.core.register_user_hw_breakpoint(0, slots.attr(), CUR)

    assert event.state is PerfEventState.ACTIVE


def test_a_task_that_does_not_run_is_armed_when_it_does(slots: Slots) -> None:
    event = slots.core.register_user_hw_breakpoint(0, slots.attr(), OTH)
    before = event.state

    slots.core.sched_in(OTH, 1)

    assert (before, event.state) == (PerfEventState.INACTIVE, PerfEventState.ACTIVE)
    assert slots.states[1].owner(0) == 1


def test_a_task_that_leaves_is_disarmed(slots: Slots) -> None:
    slots.core.register_user_hw_breakpoint(0, slots.attr(), CUR)

    slots.core.sched_out(CUR, 0)

    assert slots.units[0].dr7 & 0xFF == 0


def test_a_disabled_breakpoint_keeps_a_slot_but_no_register(slots: Slots) -> None:
    for _ in range(4):
        errno(slots, disabled=True)

    assert slots.states[0].bp_per_reg == [None] * 4
    assert errno(slots) == ENOSPC


def test_a_task_that_exits_leaves_nothing(slots: Slots) -> None:
    for _ in range(4):
        errno(slots)

    slots.core.exit_task(CUR, 0)

    assert (slots.units[0].dr7 & 0xFF, errno(slots)) == (0, 0)


def test_the_outcome_is_an_event(slots: Slots) -> None:
    errno(slots, bp_len=3)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_REGISTERED)

    assert event["ret"] == -EINVAL
