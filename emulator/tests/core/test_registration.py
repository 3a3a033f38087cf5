"""register_user/wide_hw_breakpoint: errno, order of checks, undo, install."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType, PerfEventState
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.tests.core.slots import CUR, OTH, Slots

EPERM, ENOENT, EINVAL, ENOSPC = 1, 2, 22, 28
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

    slots.core.exit_task(CUR)

    assert (slots.units[0].dr7 & 0xFF, errno(slots)) == (0, 0)


def test_the_outcome_is_an_event(slots: Slots) -> None:
    errno(slots, bp_len=3)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_REGISTERED)

    assert event["ret"] == -EINVAL


def test_a_cpus_breakpoint_is_on_that_cpu_only(slots: Slots) -> None:
    slots.core.register_perf_cpu(0, slots.attr(bp_addr=0x2000), 1)

    assert [unit.address[0] for unit in slots.units] == [0, 0x2000]


def test_a_cpus_breakpoint_names_its_call(slots: Slots) -> None:
    slots.core.register_perf_cpu(0, slots.attr(), 1)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_REGISTERED)
    assert event["aux"] == Callee.register_perf_cpu_breakpoint


def test_another_type_of_event_is_not_ours(slots: Slots) -> None:
    assert errno(slots, type=1) == ENOENT


def test_2_6_32_has_no_breakpoint_events() -> None:
    assert errno(Slots(variant="a")) == EINVAL


@pytest.mark.parametrize(
    ("address", "expected"),
    [pytest.param(KERNEL, EPERM, id="kernel"), pytest.param(0x1000, 0, id="user")],
)
def test_without_the_capability_kernel_addresses_are_refused(
    slots: Slots, address: int, expected: int
) -> None:
    found = 0
    try:
        slots.core.perf_event_create_kernel_counter(
            0, slots.attr(bp_addr=address), -1, CUR, capable=False
        )
    except KernelError as error:
        found = error.errno
    assert found == expected


def test_exclude_kernel_is_looked_at_before_the_capability(slots: Slots) -> None:
    attr = slots.attr(bp_addr=KERNEL, exclude_kernel=True)
    with pytest.raises(KernelError) as caught:
        slots.core.perf_event_create_kernel_counter(0, attr, -1, CUR, capable=False)

    assert caught.value.errno == EINVAL


@pytest.mark.parametrize(
    ("variant", "expected"), [("d1", 0), ("d2", 0), ("d3-35", EINVAL), ("g-bare", 22)]
)
def test_a_disabled_event_with_a_handler_was_registered_unseen(
    variant: str, expected: int
) -> None:
    slots, found = Slots(variant=variant), 0
    attr = slots.attr(disabled=True, bp_len=3)
    try:
        slots.core.register_user_hw_breakpoint(0, attr, CUR, lambda *_: 0)
    except KernelError as error:
        found = error.errno
    assert found == expected


def test_a_disabled_event_without_a_handler_was_looked_at() -> None:
    assert errno(Slots(variant="d1"), disabled=True, bp_len=3) == EINVAL


def test_each_event_of_a_wide_breakpoint_has_attributes_of_its_own(
    slots: Slots,
) -> None:
    first, second = slots.core.register_wide_hw_breakpoint(0, slots.attr())

    assert first.attr is not second.attr


def test_no_breakpoint_is_unregistered_in_peace(slots: Slots) -> None:
    slots.core.unregister_hw_breakpoint(None)

    assert slots.notes.events == []


def test_a_tracers_index_is_shown_from_192_on(slots: Slots) -> None:
    slots.core.register_user_hw_breakpoint(0x1190, slots.attr(), CUR)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_REGISTERED)
    assert event["slot"] == 0xC0


def test_a_bad_length_does_not_spoil_the_record(slots: Slots) -> None:
    errno(slots, bp_len=(1 << 63) + 2)

    (event,) = slots.notes.of(EventKind.BREAKPOINT_REGISTERED)
    assert event["value"] == 2 | BpType.RW << 8
