"""What each action of a script does to the machine and to the kernel model."""

from __future__ import annotations

from emulator.events import Callee, EventKind, Outcome
from emulator.tests.engine.runs import KERNEL_LOAD
from emulator.tests.runs.collect import Collected, Event
from emulator.tests.script.loops import (
    DATA,
    HEAD,
    STORE,
    TURN,
    TURNS,
    USER_DATA,
    after,
    answers,
    at_first,
    calls,
    scripted,
    wide,
)

KGDB = {"owner": "kgdb", "type": "write", "length": 4, "at": hex(DATA)}
SIGTRAP = 5
EINVAL, ENOSPC, EEXIST, ENOENT = 22, 28, 17, 2


# Moments.


def test_an_entry_after_a_hit_acts_after_its_return() -> None:
    run = scripted(after(3, "unregister", breakpoint=0))
    action, third = run.of(EventKind.ACTION)[0], run.hits()[2]

    assert action["retired"] == third["retired"]
    assert action["cause"] == 0


def test_an_entry_at_a_count_acts_between_two_instructions() -> None:
    entry = {"at": {"retired": 30}, "do": "unregister", "breakpoint": 0}

    assert scripted(entry).of(EventKind.ACTION)[0]["retired"] == 30


def test_an_entry_at_a_place_acts_before_its_instruction() -> None:
    at = {"symbol": hex(STORE), "count": 5}
    run = scripted({"at": at, "do": "unregister", "breakpoint": 0})

    assert len(run.hits()) == 4
    assert run.of(EventKind.ACTION)[0]["retired"] == HEAD + 4 * TURN


def test_an_entry_at_the_start_acts_before_all_instructions() -> None:
    run = scripted(at_first("unregister", breakpoint=0))

    assert run.hits() == []
    assert run.of(EventKind.ACTION)[0]["retired"] == 0


def test_entries_of_one_moment_act_in_order() -> None:
    run = scripted(
        after(1, "disable", breakpoint=0), after(1, "unregister", breakpoint=0)
    )

    assert [event["value"] for event in run.of(EventKind.ACTION)] == [0, 1]


# Breakpoints.


def test_register_starts_the_hits() -> None:
    later = wide(registered=False)
    entry = {"at": {"retired": HEAD + 10 * TURN}, "do": "register", "breakpoint": 0}

    assert len(scripted(entry, breakpoints=[later]).hits()) == TURNS - 10


def test_unregister_ends_them() -> None:
    assert len(scripted(after(7, "unregister", breakpoint=0)).hits()) == 7


def test_unregister_again_is_refused_and_the_run_goes_on() -> None:
    run = scripted(
        after(2, "unregister", breakpoint=0), after(2, "unregister", breakpoint=0)
    )

    assert answers(run) == [0, -EINVAL]
    assert run.result.outcome is Outcome.completed


def test_disable_and_enable_leave_the_slot_reserved() -> None:
    run = scripted(
        after(5, "disable", breakpoint=0),
        {"at": {"retired": HEAD + 50 * TURN}, "do": "enable", "breakpoint": 0},
    )

    assert len(run.hits()) == 5 + 50
    assert calls(run, Callee.release_bp_slot) == 0


def test_modify_moves_a_breakpoint() -> None:
    place = {"location": hex(DATA + 8), "type": "write", "length": 4}
    run = scripted(after(5, "modify", breakpoint=0, **place))

    assert {hit["addr"] for hit in run.hits()[:5]} == {DATA}
    assert {hit["addr"] for hit in run.hits()[5:]} == {DATA + 8}


def test_a_fifth_breakpoint_finds_no_slot() -> None:
    five = [wide(DATA + 16 * n, registered=n < 4) for n in range(5)]
    run = scripted(at_first("register", breakpoint=4), breakpoints=five)

    assert answers(run) == [-ENOSPC]


# Tasks.


def test_a_signal_ends_a_task_that_does_not_handle_it() -> None:
    at = {"symbol": hex(STORE), "count": 5}
    run = scripted(
        {"at": at, "do": "signal", "task": "task0", "signal": 9}, breakpoints=[]
    )

    assert run.result.outcome is Outcome.guest_fault
    assert run.result.tasks[0].exit == 9


def test_poke_and_peek_are_ptrace() -> None:
    task = {"task": "task0"}
    run = scripted(
        at_first("poke", **task, register=0, value=hex(USER_DATA)),
        at_first("poke", **task, register=7, value="0xd0101"),
        at_first("peek", **task, register=0),
        breakpoints=[],
        kernel=False,
    )

    assert answers(run) == [0, 0, 0]
    assert calls(run, Callee.ptrace_set_debugreg) == 2
    assert calls(run, Callee.ptrace_get_debugreg) == 1
    # Each hit is a SIGTRAP, at which a traced task stops for its tracer.
    stops = [event["value"] for event in run.of(EventKind.PTRACE_STOP)]
    assert stops.count(SIGTRAP) == len(run.hits()) == TURNS


def test_poke_of_a_fifth_register_is_refused() -> None:
    entry = at_first("poke", task="task0", register=4, value="0x1000")

    assert answers(scripted(entry, breakpoints=[]))[0] < 0


# The machine.


def test_perf_has_its_breakpoints_back_after_a_guest_ran() -> None:
    run = scripted(after(5, "vm_run", cpu=0))

    assert len(run.hits()) == TURNS
    assert [e["value"] for e in run.of(EventKind.VM_ENTRY)] == [0x400]


def test_kgdb_of_2_6_32_loses_its_breakpoints_to_a_guest() -> None:
    run = scripted(
        after(5, "vm_run", cpu=0),
        breakpoints=[KGDB],
        variant="a",
        machine={"cpus": 1, "memory": 32 << 20},
        kgdb={},
    )

    assert len(run.hits()) == 5


def test_suspend_brings_perfs_breakpoints_back() -> None:
    assert len(scripted(after(5, "suspend", cpu=0)).hits()) == TURNS


def test_kexec_disarms_the_processor() -> None:
    assert len(scripted(after(5, "kexec", cpu=0)).hits()) == 5


def test_write_register_goes_behind_the_kernels_back() -> None:
    run = scripted(after(5, "write_register", cpu=0, register=7, value="0x400"))
    broken = {violation.name for violation in run.result.violations}

    assert len(run.hits()) == 5
    assert broken == {"dr7_equals_cpu_dr7", "owner_is_armed"}


def test_what_the_kernel_believes_in_is_told_when_it_does_not_fire() -> None:
    run = scripted(
        after(5, "write_register", cpu=0, register=7, value="0x400"),
        checks={"not_fired": True},
    )

    assert len(run.of(EventKind.NOT_FIRED)) == TURNS - 5


# Notifiers.


def _asked(run: Collected, callee: Callee) -> list[Event]:
    return [e for e in run.of(EventKind.NOTIFIER_CALL) if e["aux"] == callee]


MINE = {"name": "mine", "priority": 0, "registered": False}


def test_a_notifier_is_asked_while_it_is_there() -> None:
    # 2.6.32 has no hw_breakpoint on the chain that would take them.
    armed = [
        at_first("write_register", cpu=0, register=0, value=hex(DATA)),
        at_first("write_register", cpu=0, register=7, value="0xd0402"),
    ]
    run = scripted(
        *armed,
        at_first("add_notifier", notifier=0),
        after(40, "remove_notifier", notifier=0),
        breakpoints=[],
        variant="a",
        notifiers=[{**MINE, "events": ["DIE_DEBUG"], "returns": "STOP"}],
    )

    assert answers(run) == [0, 0, 0, 0]
    # The first hit that nobody takes makes do_debug clear DR7.
    assert len(run.hits()) == 41
    assert len(_asked(run, Callee.recipe_notifier)) == 40


def test_a_notifier_cannot_be_removed_that_is_not_there() -> None:
    run = scripted(at_first("remove_notifier", notifier=0), notifiers=[MINE])

    assert answers(run) == [-ENOENT]


# kgdb.


def test_reboot_ends_the_run_there() -> None:
    run = scripted(after(4, "reboot"))

    assert len(run.hits()) == 4
    assert run.result.outcome is Outcome.completed


def test_reboot_tells_a_connected_debugger() -> None:
    stop = {"at": {"symbol": hex(STORE), "count": 2}, "do": "reboot"}
    packet = {"at": {"stop": 1}, "do": "packet", "data": "qC"}
    run = scripted(packet, stop, breakpoints=[KGDB], kgdb={})
    packets = [data for _, stream, data in run.texts if stream == 4]

    assert packets[-1] == b"W01"


def test_kgdb_cannot_end_an_early_time_that_it_never_had() -> None:
    run = scripted(at_first("kgdb_arch_late"), kgdb={})

    assert answers(run) == [-EINVAL]


# Words of the trace.


def test_what_an_action_causes_hangs_below_it() -> None:
    run = scripted(after(1, "unregister", breakpoint=0))
    action = run.of(EventKind.ACTION)[0]["seq"]
    below = [event["aux"] for event in run.events if event["cause"] == action]

    assert below == [Callee.unregister_hw_breakpoint]


def test_the_address_of_an_action_is_where_the_cpu_stood() -> None:
    at = {"symbol": hex(STORE), "count": 5}
    run = scripted({"at": at, "do": "unregister", "breakpoint": 0})

    assert run.of(EventKind.ACTION)[0]["rip"] == STORE
    assert KERNEL_LOAD < STORE
