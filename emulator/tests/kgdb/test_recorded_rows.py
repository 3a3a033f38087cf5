"""What 6.1.192 and 6.12.117 did under kgdb, row by row (g: without c9bc1753b3cc, h: as
they are). Expected values are the recording's.
"""

from __future__ import annotations

import pytest

from emulator.events import Outcome
from emulator.tests.kgdb.lab import SYMBOLS, Lab, Reading, V

V0, V64 = f"Z2,{V:x},8", f"Z2,{V + 64:x},8"
NO_V0, NO_V64 = f"z2,{V:x},8", f"z2,{V + 64:x},8"
F0 = f"Z1,{SYMBOLS['f0']:x},1"
NO_F0 = f"z1,{SYMBOLS['f0']:x},1"
AFTER_STORE = SYMBOLS["st8"] + 3
BOTH = pytest.mark.parametrize("machine", ["bare", "hv"])
#: One watchpoint of 8 bytes in slot 0; two of them.
ONE, TWO = (0x00090602, 0x00090202), (0x0099060A, 0x0099020A)
STALE_ADDED = (0x00090602, 0x0099020A)


def registers(reading: Reading) -> tuple[int, int]:
    """HW7 and C7."""
    return reading.hw7, reading.c7


def both(lab: Lab) -> list[tuple[int, int]]:
    """HW7 and C7 of both CPUs."""
    return [registers(lab.reading(cpu)) for cpu in (0, 1)]


def armed(variant: str, machine: str, *packets: str) -> Lab:
    """Attached at an int3, these set, and gone on."""
    lab = Lab(f"{variant}-{machine}")
    lab.watch(*packets)
    return lab


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_an_int3_stop_arms_both_cpus(variant: str, machine: str) -> None:
    assert both(armed(variant, machine, V0)) == [ONE, ONE]


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_two_watchpoints_of_one_stop_are_armed_on_both_cpus(
    variant: str, machine: str
) -> None:
    assert both(armed(variant, machine, V0, V64)) == [TWO, TWO]


# W1


@BOTH
@pytest.mark.parametrize("thread", [0, 1, 2, 3])
def test_w1_g_one_stop_behind_the_store_on_either_cpu(
    machine: str, thread: int
) -> None:
    (stop,) = armed("g", machine, V0).write(thread)

    assert (stop.pid, stop.pc) == (0x22 + thread, AFTER_STORE)


@BOTH
def test_w1_g_a_store_of_4_bytes_inside_8_stops(machine: str) -> None:
    assert len(armed("g", machine, V0).write(0, 4, size=4)) == 1


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w1_a_read_does_not_stop(variant: str, machine: str) -> None:
    assert armed(variant, machine, V0).read(0) == []


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w1_a_neighbour_does_not_stop(variant: str, machine: str) -> None:
    assert armed(variant, machine, V0).write(0, 8) == []


@BOTH
def test_w1_h_is_lost(machine: str) -> None:
    assert armed("h", machine, V0).write(0) == []


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w1_registers_are_the_same_after_the_hit(variant: str, machine: str) -> None:
    lab = armed(variant, machine, V0)

    lab.write(0)

    assert both(lab) == [ONE, ONE]


# W2


@BOTH
def test_w2_g_stops_once_at_the_address(machine: str) -> None:
    lab = armed("g", machine, F0)

    assert [stop.pc for stop in lab.call(0)] == [SYMBOLS["f0"]]


@BOTH
def test_w2_h_is_lost_without_livelock(machine: str) -> None:
    lab = armed("h", machine, F0)

    assert lab.call(0) == []
    assert lab.system.kernel.outcome is None


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w2_registers_of_an_execute_breakpoint(variant: str, machine: str) -> None:
    assert both(armed(variant, machine, F0)) == [(0x602, 0x202)] * 2


# W3


def sticky_bs(lab: Lab) -> None:
    """The probe leaves BS set in DR6 before the store."""
    lab.system.machine.cpus[0].unit.write(6, 0xFFFF4FF0)


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w3_with_bs_in_dr6_one_stop(variant: str, machine: str) -> None:
    lab = armed(variant, machine, V0)
    sticky_bs(lab)

    assert len(lab.write(0)) == 1


@BOTH
def test_w3_h_leaves_virtual_dr6_alone(machine: str) -> None:
    lab = armed("h", machine, V0)
    sticky_bs(lab)
    lab.write(0)

    assert lab.vd6(0) == 0


# W4


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w4_only_the_hitting_cpu_counts(variant: str, machine: str) -> None:
    lab = armed(variant, machine, V0)

    lab.write(0)

    assert (lab.counts(0), lab.counts(1)) == ([1, 0, 0, 0], [0, 0, 0, 0])


# W5


@BOTH
def test_w5_g_steps_on_from_a_watchpoint(machine: str) -> None:
    lab = armed("g", machine, V0)
    lab.at_next_stop("s")
    lab.at_next_stop("s")

    stops = lab.write(0)

    assert [stop.pc - SYMBOLS["st8"] for stop in stops] == [3, 4, 5]


@BOTH
def test_w5_g_steps_on_from_an_execute_breakpoint(machine: str) -> None:
    lab = armed("g", machine, F0)
    for _ in range(3):
        lab.at_next_stop("s")

    stops = lab.call(0)

    assert [stop.pc - SYMBOLS["f0"] for stop in stops] == [0, 1, 2, 3]


# W6, W7: changes during a stop


def added_at_a_hit(machine: str, thread: int = 0) -> Lab:
    """g: a second watchpoint, set while the first one's hit is held."""
    lab = armed("g", machine, V0)
    lab.at_next_stop(V64)
    lab.write(thread)
    return lab


@BOTH
@pytest.mark.parametrize("thread", [0, 1], ids=["master-cpu0", "master-cpu1"])
def test_w6_w7_g_adding_leaves_both_cpus_stale(machine: str, thread: int) -> None:
    assert both(added_at_a_hit(machine, thread)) == [STALE_ADDED, STALE_ADDED]


@BOTH
def test_w6_g_the_new_address_is_there_all_the_same(machine: str) -> None:
    assert added_at_a_hit(machine).reading(0).addresses[:2] == (V, V + 64)


@BOTH
def test_w6_w7_g_removing_leaves_both_cpus_stale(machine: str) -> None:
    lab = armed("g", machine, V0, V64)
    lab.at_next_stop(NO_V64)

    lab.write(0)

    assert both(lab) == [(0x0099060A, 0x00090202)] * 2


@BOTH
def test_w7_g_slaves_are_stale_when_the_master_came_by_int3(machine: str) -> None:
    lab = armed("g", machine, V0)

    lab.watch(V64)

    assert both(lab) == [TWO, STALE_ADDED]


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w7_removing_at_an_int3_leaves_the_slave_stale(
    variant: str, machine: str
) -> None:
    lab = armed(variant, machine, V0, V64)

    lab.watch(NO_V64)

    assert both(lab) == [(0x00090602, 0x00090202), (0x0099060A, 0x00090202)]


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_a_slave_with_nothing_armed_gets_the_new_dr7(
    variant: str, machine: str
) -> None:
    assert registers(armed(variant, machine, V0).reading(1)) == ONE


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_a_master_that_came_by_int3_has_cpu_dr7(variant: str, machine: str) -> None:
    lab = armed(variant, machine, V0)

    lab.watch(V64)

    assert lab.reading(0).same


@BOTH
@pytest.mark.parametrize("thread", [2, 3], ids=["hitting-cpu", "slave"])
def test_g_a_watchpoint_added_at_a_hit_never_stops(machine: str, thread: int) -> None:
    assert added_at_a_hit(machine).write(thread, 64) == []


@BOTH
@pytest.mark.parametrize("thread", [2, 3], ids=["hitting-cpu", "slave"])
def test_g_and_is_not_even_counted(machine: str, thread: int) -> None:
    lab = added_at_a_hit(machine)

    lab.write(thread, 64)

    assert (lab.counts(0)[1], lab.counts(1)[1]) == (0, 0)


@BOTH
def test_h_a_watchpoint_added_at_an_int3_is_not_counted_on_the_slave(
    machine: str,
) -> None:
    lab = armed("h", machine, V0)
    lab.watch(V64)

    lab.write(1, 64)
    lab.write(0, 64)

    assert (lab.counts(0)[1], lab.counts(1)[1]) == (1, 0)


def removed_at_a_hit(machine: str) -> Lab:
    """g: the only watchpoint is taken out while its hit is held."""
    lab = armed("g", machine, V0)
    lab.at_next_stop(NO_V0)
    lab.write(0)
    return lab


@BOTH
def test_g_removed_at_a_hit_another_task_is_swallowed(machine: str) -> None:
    assert removed_at_a_hit(machine).write(2) == []


@BOTH
def test_g_removed_at_a_hit_the_task_that_had_it_still_stops(machine: str) -> None:
    lab = removed_at_a_hit(machine)

    assert (lab.enabled(), len(lab.write(0))) == (0, 1)


@BOTH
def test_h_removed_at_an_int3_the_slave_swallows_it(machine: str) -> None:
    lab = armed("h", machine, V0)
    lab.watch(NO_V0)

    assert lab.write(1) == []


@BOTH
def test_g_an_execute_breakpoint_removed_at_its_hit_spins_for_ever(
    machine: str,
) -> None:
    lab = armed("g", machine, F0)
    lab.at_next_stop(NO_F0)
    lab.call(0)

    lab.call(2)

    assert lab.system.kernel.outcome is Outcome.livelock


@BOTH
def test_h_an_execute_breakpoint_removed_at_an_int3_spins_on_the_slave(
    machine: str,
) -> None:
    lab = armed("h", machine, F0)
    lab.watch(NO_F0)

    lab.call(1)

    assert lab.system.kernel.outcome is Outcome.livelock


# What heals


@BOTH
def test_g_an_int3_heals_only_the_cpu_that_executes_it(machine: str) -> None:
    lab = added_at_a_hit(machine)

    lab.int3(0)

    assert both(lab) == [TWO, STALE_ADDED]


@BOTH
def test_g_int3_on_both_cpus_heals_both(machine: str) -> None:
    lab = added_at_a_hit(machine)
    lab.int3(0)
    lab.int3(1)

    assert both(lab) == [TWO, TWO]


@BOTH
def test_g_another_db_stop_heals_nothing(machine: str) -> None:
    lab = added_at_a_hit(machine)

    lab.write(2)

    assert both(lab) == [STALE_ADDED, STALE_ADDED]


def foreign_breakpoint(lab: Lab) -> None:
    """A perf install on all CPUs."""
    lab.system.model.breakpoints.register_wide_hw_breakpoint(0, lab.perf_attr(V + 128))


@BOTH
def test_g_a_later_perf_install_heals_all(machine: str) -> None:
    lab = added_at_a_hit(machine)

    foreign_breakpoint(lab)

    assert lab.reading(0).same
    assert lab.reading(1).same


def stale_without_enabled_bit(machine: str) -> Lab:
    """Nothing enabled in C7, the old watchpoint still in HW7, another task's turn."""
    lab = removed_at_a_hit(machine)
    lab.write(0)  # the first spurious stop
    return lab


def test_g_hv_the_first_spurious_stop_heals() -> None:
    assert stale_without_enabled_bit("hv").reading(0).same


def test_g_bare_the_spurious_stop_never_heals() -> None:
    assert not stale_without_enabled_bit("bare").reading(0).same


# W8 and the leak


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_w8_a_foreign_breakpoint_does_not_stop_before_a_hit(
    variant: str, machine: str
) -> None:
    lab = armed(variant, machine, V0)
    foreign_breakpoint(lab)

    assert lab.write(0, 128) == []


@BOTH
def test_w8_g_it_stops_in_the_task_that_had_a_hit_each_time(machine: str) -> None:
    lab = armed("g", machine, V0)
    foreign_breakpoint(lab)
    lab.write(0)

    assert [len(lab.write(0, 128)), len(lab.write(0, 128))] == [1, 1]


@BOTH
def test_w8_g_it_does_not_stop_in_another_task(machine: str) -> None:
    lab = armed("g", machine, V0)
    foreign_breakpoint(lab)
    lab.write(0)

    assert lab.write(2, 128) == []


@BOTH
def test_w8_h_it_never_stops(machine: str) -> None:
    lab = armed("h", machine, V0)
    foreign_breakpoint(lab)
    lab.write(0)

    assert lab.write(0, 128) == []


@BOTH
@pytest.mark.parametrize(("variant", "bits"), [("g", 7), ("h", 0)])
def test_virtual_dr6_after_one_hit_of_three_enabled(
    variant: str, bits: int, machine: str
) -> None:
    lab = armed(variant, machine, V0, V64, f"Z2,{V + 128:x},8")

    lab.write(0)

    assert lab.vd6(0) == bits


# gdb's habit, ? and D


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
def test_removing_and_setting_the_same_set_hides_it(variant: str, machine: str) -> None:
    lab = armed(variant, machine, V0)
    lab.at_next_stop(NO_V0, V0)

    lab.write(0)
    lab.watch(NO_V0, V0)

    assert both(lab) == [ONE, ONE]


@BOTH
@pytest.mark.parametrize("variant", ["g", "h"])
@pytest.mark.parametrize("packet", ["?", "D"])
def test_attach_and_detach_clear_hardware_breakpoints(
    variant: str, packet: str, machine: str
) -> None:
    lab = armed(variant, machine, V0)

    lab.watch(packet)

    assert lab.enabled() == 0
