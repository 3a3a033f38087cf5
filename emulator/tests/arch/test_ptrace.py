"""PEEKUSR and POKEUSR of the debug registers, release by release.

6.x is also held against a real kernel, see tests/conform. Expected values of the others
follow from arch/x86/kernel/ptrace.c of those releases.
"""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType
from emulator.events import Callee, EventKind
from emulator.tests.arch.tracee import DATA, IO1, RW8, W1, W4, X1, Tracee, dr7
from emulator.tests.core.slots import CPU0, NO_TASK

EIO, EFAULT, EINVAL, ENOSPC = 5, 14, 22, 28
KERNEL = 0xFFFF_8000_0000_0000
PERF = ["b", "d1", "d2", "d3-35", "d3-36", "d4", "g-bare"]
ALL = ["a", *PERF]
OLD = ["b", "d1", "d2", "d3-35", "d3-36"]


@pytest.mark.parametrize("variant", ALL)
def test_address_then_dr7_arms(variant: str) -> None:
    tracee = Tracee(variant)

    assert tracee.pokes((0, DATA), (7, dr7((0, W4)))) == [0, 0]
    assert tracee.armed == [(DATA, W4)]


@pytest.mark.parametrize("variant", PERF)
def test_dr7_of_zero_disarms(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, dr7((0, W4))), (7, 0))

    assert tracee.armed == []


def test_in_2_6_32_it_only_forgets() -> None:
    # TIF_DEBUG is gone, so no switch loads DR7 = 0; do_debug drops what still hits.
    tracee = Tracee("a")
    tracee.pokes((0, DATA), (7, dr7((0, W4))), (7, 0))

    assert (tracee.peek(7), tracee.armed) == (0, [(DATA, W4)])


@pytest.mark.parametrize("variant", ALL)
@pytest.mark.parametrize("number", [4, 5])
def test_there_is_no_dr4_and_dr5(variant: str, number: int) -> None:
    tracee = Tracee(variant)

    assert (tracee.poke(number, 1), tracee.peek(number)) == (EIO, 0)


@pytest.mark.parametrize(
    ("variant", "errno"), [(v, EINVAL) for v in OLD] + [("a", 0), ("d4", 0), ("g", 0)]
)
def test_enabling_without_an_address(variant: str, errno: int) -> None:
    assert Tracee(variant).poke(7, dr7((0, W4))) == errno


@pytest.mark.parametrize("variant", ["d4", "g-bare"])
def test_enabling_without_an_address_watches_address_0(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.poke(7, dr7((1, W4)))

    assert tracee.armed == [(0, W4)]


@pytest.mark.parametrize(
    ("variant", "errno"), [("a", EIO)] + [(v, EINVAL) for v in PERF]
)
def test_io_breakpoints_are_refused(variant: str, errno: int) -> None:
    tracee = Tracee(variant)
    tracee.poke(0, 0x60)

    assert tracee.poke(7, dr7((0, IO1))) == errno


@pytest.mark.parametrize(
    ("variant", "errno"),
    [("a", EIO), ("d1", 0), ("d3-35", 0), ("d3-36", EINVAL), ("g-bare", EINVAL)],
)
def test_an_execute_breakpoint_with_a_length(variant: str, errno: int) -> None:
    tracee = Tracee(variant)
    tracee.poke(0, DATA)

    assert tracee.poke(7, dr7((0, 0x4))) == errno


@pytest.mark.parametrize("variant", PERF)
def test_an_execute_breakpoint(variant: str) -> None:
    tracee = Tracee(variant)

    assert tracee.pokes((0, DATA + 1), (7, dr7((0, X1)))) == [0, 0]
    assert tracee.armed == [(DATA + 1, X1)]


@pytest.mark.parametrize(
    ("variant", "errnos"),
    [
        pytest.param("a", [EIO, 0], id="2.6.32"),
        pytest.param("d1", [0, EFAULT], id="2.6.33-looks-when-it-enables"),
        pytest.param("d2", [0, EFAULT], id="2.6.34-looks-when-it-enables"),
        pytest.param("d3-35", [EINVAL, EINVAL], id="2.6.35"),
        pytest.param("d4", [EINVAL, 0], id="2.6.37"),
        pytest.param("g-bare", [EINVAL, 0], id="6.x"),
    ],
)
def test_kernel_addresses_are_refused(variant: str, errnos: list[int]) -> None:
    assert Tracee(variant).pokes((0, KERNEL), (7, dr7((0, W4)))) == errnos


def test_2_6_32_limits_addresses_so_that_eight_bytes_fit() -> None:
    tracee = Tracee("a")

    assert tracee.pokes((0, 0x7FFF_FFFF_EFF8), (0, 0x7FFF_FFFF_EFF9)) == [0, EIO]


@pytest.mark.parametrize(("variant", "errno"), [("a", EIO), ("d1", 0), ("g-bare", 0)])
def test_the_upper_half_of_dr6(variant: str, errno: int) -> None:
    assert Tracee(variant).poke(6, 1 << 32) == errno


@pytest.mark.parametrize("variant", ALL)
def test_dr6_reads_as_written(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.poke(6, 0x4001)

    assert tracee.peek(6) == 0x4001


@pytest.mark.parametrize(
    ("variant", "dr6"), [("a", 0), ("d4", 0), ("g-bare", 0xFFFF0FF0)]
)
def test_dr6_of_a_new_task(variant: str, dr6: int) -> None:
    assert Tracee(variant).peek(6) == dr6


@pytest.mark.parametrize(
    ("variant", "seen"),
    [
        pytest.param("a", 0xD0001, id="2.6.32-without-reserved-bits"),
        pytest.param("b", 0xD0202, id="rebuilt-with-global-bits"),
        pytest.param("d1", 0xD2001, id="2.6.33-as-written"),
        pytest.param("g-bare", 0xD2001, id="6.x-as-written"),
    ],
)
def test_what_dr7_reads_as(variant: str, seen: int) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, 0xD2001))

    assert tracee.peek(7) == seen


@pytest.mark.parametrize("variant", ALL)
def test_nobody_can_set_gd(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, 0xD2001))

    assert not tracee.units[0].dr7 & 0x2000


@pytest.mark.parametrize(
    ("variant", "before", "after"),
    [
        pytest.param("d1", 0, DATA, id="2.6.33-not-before-it-is-enabled"),
        pytest.param("d3-35", DATA, DATA, id="2.6.35"),
        pytest.param("g-bare", DATA, DATA, id="6.x"),
    ],
)
def test_what_an_address_reads_as(variant: str, before: int, after: int) -> None:
    tracee = Tracee(variant)
    tracee.poke(0, DATA)
    first = tracee.peek(0)
    tracee.poke(7, dr7((0, W4)))

    assert (first, tracee.peek(0)) == (before, after)


@pytest.mark.parametrize(("variant", "seen"), [("d4", DATA), ("g-bare", DATA + 8)])
def test_a_new_address_of_a_disabled_one_shows_at_once_today(
    variant: str, seen: int
) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (0, DATA + 8))

    assert tracee.peek(0) == seen


@pytest.mark.parametrize("variant", PERF)
def test_the_new_address_counts_when_it_is_enabled(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (0, DATA + 8), (7, dr7((0, W4))))

    assert tracee.armed == [(DATA + 8, W4)]


@pytest.mark.parametrize("variant", PERF)
def test_a_new_address_of_an_enabled_one_is_armed_at_once(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, dr7((0, W4))), (0, DATA + 4))

    assert tracee.armed == [(DATA + 4, W4)]


@pytest.mark.parametrize("variant", PERF)
def test_a_refused_address_leaves_the_old_one(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, dr7((0, W4))))

    assert tracee.poke(0, DATA + 1) == EINVAL
    assert tracee.armed == [(DATA, W4)]


@pytest.mark.parametrize("variant", PERF)
def test_a_refused_dr7_leaves_what_was_armed(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, dr7((0, W4))), (1, DATA + 1))

    assert tracee.poke(7, dr7((0, RW8), (1, W4))) == EINVAL
    assert tracee.armed == [(DATA, W4)]


@pytest.mark.parametrize("variant", ["d1", "g-bare"])
def test_a_refused_dr7_reads_as_before(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((0, DATA), (7, 0xD0001), (1, DATA + 1), (7, 0xDD0005))

    assert tracee.peek(7) == 0xD0001


@pytest.mark.parametrize("variant", PERF)
def test_the_fifth_breakpoint_finds_no_slot(variant: str) -> None:
    tracee = Tracee(variant)
    where = {"bp_addr": KERNEL} if variant in ("b", "d1", "d2") else {}
    for _ in range(2):
        tracee.add(CPU0, NO_TASK, **where)

    errnos = tracee.pokes((0, DATA), (1, DATA), (2, DATA))
    assert errnos == [0, 0, ENOSPC]


@pytest.mark.parametrize("variant", PERF)
def test_a_disabled_breakpoint_keeps_its_slot(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes(*((n, DATA) for n in range(4)), (7, dr7((0, W4))), (7, 0))

    assert [len(cpu.tasks[100]) for cpu in tracee.core.slots_view()] == [4, 4]


@pytest.mark.parametrize("variant", PERF)
def test_the_tracers_number_is_not_the_processors(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.pokes((3, DATA), (7, dr7((3, W1))))

    tracee.hit(0)

    assert tracee.thread.virtual_dr6 == 1 << 3


def test_a_breakpoint_of_nobodys_number_sets_the_fifth_bit() -> None:
    tracee = Tracee()
    tracee.pokes((0, DATA), (7, dr7((0, W1))))
    tracee.thread.ptrace_bps[0] = None

    tracee.hit(0)

    assert tracee.thread.virtual_dr6 == 1 << 4


@pytest.mark.parametrize(("variant", "excluded"), [("d2", False), ("d3-35", True)])
def test_since_2_6_35_the_kernels_accesses_are_not_the_tracers(
    variant: str, excluded: bool
) -> None:
    tracee = Tracee(variant)
    tracee.poke(0, DATA)

    assert tracee.thread.ptrace_bps[0].attr.exclude_kernel is excluded


def test_planting_is_what_gdb_does() -> None:
    tracee = Tracee()
    tracee.ptrace.plant(tracee.thread, 1, DATA, 0x81, 0x4C)

    assert (tracee.peek(1), tracee.peek(7)) == (DATA, dr7((1, W4)))


def test_planting_leaves_the_others_alone() -> None:
    tracee = Tracee()
    tracee.ptrace.plant(tracee.thread, 0, DATA, 0x81, 0x4C)
    tracee.ptrace.plant(tracee.thread, 1, DATA + 8, 0x83, 0x48)

    assert tracee.armed == [(DATA, W4), (DATA + 8, RW8)]


def test_a_poke_is_an_event_with_its_refusal() -> None:
    tracee = Tracee()
    tracee.poke(0, KERNEL)

    call = tracee.notes.of(EventKind.CALL)[0]
    assert (call["aux"], call["addr"], call["value"], call["ret"]) == (
        Callee.ptrace_set_debugreg,
        0,
        KERNEL,
        -EINVAL,
    )


def test_a_peek_is_an_event_with_what_was_read() -> None:
    tracee = Tracee()
    tracee.poke(7, 0x400)
    tracee.peek(7)

    call = tracee.notes.of(EventKind.CALL)[-1]
    assert (call["aux"], call["addr"], call["value"]) == (
        Callee.ptrace_get_debugreg,
        7,
        0x400,
    )


def test_events_carry_the_tracers_index() -> None:
    tracee = Tracee()
    tracee.poke(2, DATA)

    assert tracee.thread.ptrace_bps[2].index == 0x1000 + 4 * 100 + 2


def test_the_stored_dr7_is_a_shadow_write() -> None:
    tracee = Tracee()
    tracee.poke(7, 0x400)

    (write,) = tracee.notes.of(EventKind.SHADOW_WRITE)
    assert (write["slot"], write["value"]) == (10, 0x400)


@pytest.mark.parametrize("variant", PERF)
def test_a_stub_of_a_breakpoint_is_a_byte_write(variant: str) -> None:
    tracee = Tracee(variant)
    tracee.poke(0, DATA)

    attr = tracee.thread.ptrace_bps[0].attr
    assert (attr.bp_type, attr.bp_len, attr.disabled) == (BpType.W, 1, True)
