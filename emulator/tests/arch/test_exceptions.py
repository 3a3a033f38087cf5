"""#DB from entry to IRET under the shipped variants, as readable trees."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType
from emulator.tests.arch.machine import BS, Exceptions
from emulator.variants import Dr7Exit

RF, TF = 1 << 16, 1 << 8
SIGTRAP, TRAP_BRKPT, TRAP_TRACE = 5, 1, 2
VARIANTS = ["g-bare", "d4", "d1"]


def story(machine: Exceptions, bits: int, *, user: bool) -> list[str]:
    """Of the exception alone."""
    before = len(machine.notes.story())
    return machine.debug(bits, user=user)[before:]


def test_a_user_hit_on_6_x() -> None:
    machine = Exceptions("g-bare")
    machine.install()

    assert story(machine, 1, user=True) == [
        "exc_debug_user",
        "  dr6=0xffff0ff0",
        "  notify_die",
        "    notifier_call hw_breakpoint_exceptions_notify",
        "      hw_breakpoint_handler",
        "        perf_bp_event",
        "          overflow_handler",
        "    not_reached kprobe_exceptions_notify",
    ]


def test_a_kernel_hit_on_6_x() -> None:
    machine = Exceptions("g-bare")
    machine.install()

    assert story(machine, 1, user=False) == [
        "exc_debug_kernel",
        "  dr6=0xffff0ff0",
        "  local_db_save",
        "    dr7=0x400",
        "  notify_die",
        "    notifier_call hw_breakpoint_exceptions_notify",
        "      hw_breakpoint_handler",
        "        perf_bp_event",
        "          overflow_handler",
        "    not_reached kprobe_exceptions_notify",
        "  local_db_restore",
        "    dr7=0xd0602",
    ]


def test_a_user_hit_on_2_6_37() -> None:
    machine = Exceptions("d4")
    machine.install()

    assert story(machine, 1, user=True) == [
        "do_debug",
        "  dr6=0xffff0ff0",
        "  shadow9=0x1",
        "  notify_die",
        "    notifier_call hw_breakpoint_exceptions_notify",
        "      hw_breakpoint_handler",
        "        dr7=0x400",
        "        shadow9=0x0",
        "        perf_bp_event",
        "          overflow_handler",
        "        dr7=0xd0602",
        "    not_reached kprobe_exceptions_notify",
    ]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("user", [True, False])
def test_dr7_is_as_before_afterwards(variant: str, user: bool) -> None:
    machine = Exceptions(variant)
    machine.install()
    before = machine.unit.dr7

    machine.debug(1, user=user)

    assert machine.unit.dr7 == before


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_hit_is_counted_once(variant: str) -> None:
    machine = Exceptions(variant)
    event = machine.install()

    machine.debug(1)

    assert event.count == 1


@pytest.mark.parametrize(("variant", "reached"), [("g-bare", 0), ("d4", 0), ("d1", 1)])
def test_only_2_6_33_lets_an_owned_hit_pass(variant: str, reached: int) -> None:
    machine = Exceptions(variant)
    machine.install()

    machine.debug(1)

    assert len(machine.reached) == reached


@pytest.mark.parametrize(
    ("variant", "rf"), [("g-bare", True), ("d4", True), ("d1", False)]
)
def test_who_sets_rf_for_an_execute_hit(variant: str, rf: bool) -> None:
    machine = Exceptions(variant)
    machine.install(kind=BpType.X)

    machine.debug(1)

    assert bool(machine.regs.flags & RF) is rf


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_data_hit_needs_no_rf(variant: str) -> None:
    machine = Exceptions(variant)
    machine.install()

    machine.debug(1)

    assert not machine.regs.flags & RF


@pytest.mark.parametrize(("breaks", "count"), [(True, 0), (False, 1)])
def test_a_slot_without_owner_may_end_the_search(breaks: bool, count: int) -> None:
    machine = Exceptions(handler_break_on_null=breaks)
    first, second = machine.install(0x2000), machine.install(0x3000)
    machine.arch.arch_uninstall_hw_breakpoint(first, 0)

    machine.debug(0b11)

    assert second.count == count


@pytest.mark.parametrize(("early", "count"), [(True, 0), (False, 1)])
def test_a_step_may_keep_the_handler_from_looking(early: bool, count: int) -> None:
    machine = Exceptions(bs_early_return=early)
    event = machine.install()

    machine.debug(BS | 1)

    assert event.count == count


@pytest.mark.parametrize(("defers", "count"), [(True, 0), (False, 1)])
def test_an_execute_hit_with_a_step_may_be_left_for_later(
    defers: bool, count: int
) -> None:
    machine = Exceptions(handler_defers_stepped_execute=defers)
    event = machine.install(kind=BpType.X)

    machine.debug(BS | 1)

    assert event.count == count


@pytest.mark.parametrize(
    ("exit_rule", "dr7"),
    [(Dr7Exit.saved, 0xD0602), (Dr7Exit.cpu_dr7, 0x600), (Dr7Exit.none, 0xD0602)],
)
def test_what_the_handler_leaves_in_dr7(exit_rule: Dr7Exit, dr7: int) -> None:
    machine = Exceptions("d4", handler_dr7_exit=exit_rule)
    machine.install()
    machine.state.cpu_dr7 = 0x200  # somebody changed his mind meanwhile

    machine.debug(1)

    assert machine.unit.dr7 == dr7


@pytest.mark.parametrize(
    ("bits", "code"),
    [
        pytest.param(BS, TRAP_TRACE, id="step"),
        pytest.param(0, TRAP_BRKPT, id="icebp"),
    ],
)
def test_what_nobody_owns_is_a_sigtrap_for_the_user(bits: int, code: int) -> None:
    machine = Exceptions("g-bare")

    machine.debug(bits)

    assert machine.signals == [(SIGTRAP, code, machine.regs.ip)]


def test_a_hit_of_a_slot_without_owner_is_swallowed() -> None:
    # Linux: the handler returns NOTIFY_STOP although it has found nobody.
    machine = Exceptions("g-bare")

    machine.debug(0b100)

    assert (machine.signals, machine.reached) == ([], [])


@pytest.mark.parametrize("variant", ["g-bare", "d4"])
def test_a_perf_hit_sends_no_signal(variant: str) -> None:
    machine = Exceptions(variant)
    machine.install()

    machine.debug(1)

    assert machine.signals == []


def test_a_kernel_step_sends_no_signal_and_clears_tf() -> None:
    machine = Exceptions("g-bare")
    machine.regs.flags |= TF

    machine.debug(BS, user=False)

    assert (machine.signals, machine.regs.flags & TF) == ([], 0)


@pytest.mark.parametrize(("hypervisor", "touched"), [(False, True), (True, False)])
def test_under_a_hypervisor_an_idle_guest_saves_nothing(
    hypervisor: bool, touched: bool
) -> None:
    machine = Exceptions("g-bare", hypervisor=hypervisor)
    machine.unit.write(7, 0x2)  # armed behind the kernel's back

    assert any("dr7" in line for line in machine.debug(BS, user=False)) is touched


@pytest.mark.parametrize(
    ("variant", "dr6"), [("g-bare", 0xFFFF0FF0), ("d4", 0xFFFF0FF0), ("d1", 0xFFFF0FF0)]
)
def test_dr6_is_cleared_on_entry(variant: str, dr6: int) -> None:
    machine = Exceptions(variant)
    machine.install()

    machine.debug(1)

    assert machine.unit.dr6 == dr6
