"""The first divergence in one plain sentence."""

from __future__ import annotations

import pytest

from emulator.events import Callee, EventFlag, EventKind, GuestField, Outcome
from emulator.tests.trace.compare.traces import (
    OTHER,
    Trace,
    compared,
    dr7_write,
    hits,
    sentence,
)
from emulator.trace.compare.phrases import Names, phrase
from emulator.trace.compare.told import Teller


def test_a_register_after_iret() -> None:
    right = hits(1, after={"dr7": 0x90602})

    assert sentence(hits(1), right) == "DR7 after IRET: left 0xd0602, right 0x90602"


def test_a_debug_register_is_told_before_a_general_one() -> None:
    right = hits(1, after={"rax": 9, "dr7": 0x90602, "r15": 1})

    assert sentence(hits(1), right).startswith("DR7 after IRET")


def test_the_shadow_of_dr7() -> None:
    right = hits(1, after={"cpu_dr7": 0x90202})

    assert sentence(hits(1), right) == "cpu_dr7 after IRET: left 0xd0202, right 0x90202"


def test_of_the_returns_at_one_point_the_innermost_is_told() -> None:
    """notify_die returns what hw_breakpoint_handler returned."""
    right = hits(1, ret=0)

    assert sentence(hits(1), right) == (
        "Return of hw_breakpoint_handler: left STOP, right DONE"
    )


def test_what_happened_inside_a_call_comes_before_its_return() -> None:
    right = hits(1, ret=0, handler=[dr7_write(0)])

    assert sentence(hits(1), right).startswith("right writes HW7")


def test_what_happened_before_a_call_comes_before_its_return() -> None:
    right = hits(1, ret=0)
    right.records[2] = right.records[2]._replace(value=0)  # DR6, before notify_die

    assert sentence(hits(1), right).startswith("DR6 as written by do_debug")


def test_one_flag_of_the_return_image() -> None:
    right = hits(1, rflags=0x10202)

    assert sentence(hits(1), right) == "RF in the return image: left 0, right 1"


def test_several_flags_of_the_return_image() -> None:
    right = hits(1, rflags=0x10302)

    assert sentence(hits(1), right) == (
        "RFLAGS of the return image: left 0x202, right 0x10302"
    )


def test_a_write_on_one_side() -> None:
    right = hits(1, handler=[dr7_write(0x400)])

    assert sentence(hits(1), right) == (
        "right writes HW7 0xd0602 → 0x400 in hw_breakpoint_handler, left does not"
    )


def test_a_write_of_another_value() -> None:
    left, right = (hits(1, handler=[dr7_write(v)]) for v in (0x400, 0x500))

    assert sentence(left, right) == (
        "HW7 as written by hw_breakpoint_handler: left 0x400, right 0x500"
    )


def test_a_flag_that_is_set_on_one_side() -> None:
    write = {
        "kind": int(EventKind.REGS_WRITE),
        "slot": int(GuestField.flags),
        "addr": 0x202,
        "value": 0x10202,
        "aux": int(Callee.hw_breakpoint_handler),
    }

    assert sentence(hits(1), hits(1, handler=[write])) == (
        "right writes regs->flags 0x202 → 0x10202 (sets RF) in hw_breakpoint_handler,"
        " left does not"
    )


def round_up(master: int, slave: int) -> Trace:
    """The other CPU's story stands inside the call that interrupted it, and goes on after
    what the master did meanwhile."""
    trace = Trace()
    root = trace.event(EventKind.INT3)
    call = trace.event(EventKind.CALL, root, aux=Callee.kgdb_roundup_cpus)
    nmi = trace.event(EventKind.INTERRUPT, call, value=2, cpu=1)
    trace.event(EventKind.DR_WRITE, root, slot=7, value=master)
    trace.event(EventKind.DR_WRITE, nmi, slot=6, value=slave, cpu=1)
    return trace


def test_what_another_cpu_did_later_is_told_later() -> None:
    assert sentence(round_up(1, 1), round_up(2, 2)).startswith("HW7 as written")
    assert sentence(round_up(1, 1), round_up(1, 2)).startswith("DR6 as written")


def test_an_event_with_words_of_its_own_is_told_in_them() -> None:
    left, right = Trace(), Trace()
    for trace, pid in ((left, 100), (right, 101)):
        trace.event(EventKind.CONTEXT_SWITCH, value=pid)

    assert sentence(left, right) == (
        "Context switch: left “from task 100 to task 0”,"
        " right “from task 101 to task 0”"
    )


def test_another_name() -> None:
    right = hits(1, entry=Callee.exc_debug_user)

    assert sentence(hits(1), right) == "left calls do_debug, right calls exc_debug_user"


def chain(kind: EventKind) -> Trace:
    trace = Trace()
    root = trace.event(EventKind.HIT)
    trace.event(kind, root, aux=Callee.kgdb_notify, ret=0)
    return trace


def test_a_notifier_that_was_not_reached() -> None:
    left, right = chain(EventKind.NOTIFIER_CALL), chain(EventKind.NOT_REACHED)

    assert (
        sentence(left, right)
        == "left calls kgdb_notify, right does not reach kgdb_notify"
    )


def test_a_function_that_returns_something_on_one_side_only() -> None:
    """Variant e: the overflow handler's answer is honoured."""
    left, right = Trace(), Trace()
    for trace, flags in ((left, 0), (right, int(EventFlag.VOID))):
        root = trace.event(EventKind.HIT)
        trace.event(EventKind.CALL, root, aux=Callee.overflow_handler, flags=flags)

    assert sentence(left, right) == "Return of overflow_handler: left 0, right void"


def test_a_priority() -> None:
    left, right = Trace(), Trace()
    for trace, word in ((left, 0), (right, (1 << 64) - 0x7FFFFFFF)):
        root = trace.event(EventKind.HIT)
        trace.event(EventKind.NOTIFIER_CALL, root, aux=Callee.kgdb_notify, addr=word)

    assert sentence(left, right) == "Priority of kgdb_notify: left 0, right −INT_MAX"


def test_a_call_at_another_point() -> None:
    made = Trace(), Trace()
    for trace, callees in zip(
        made,
        (
            (Callee.local_db_save, Callee.notify_die),
            (Callee.notify_die, Callee.local_db_save),
        ),
        strict=True,
    ):
        root = trace.event(EventKind.HIT)
        for callee in callees:
            trace.event(EventKind.CALL, root, aux=callee)

    assert sentence(*made) in (
        "left calls local_db_save here, right does so elsewhere",
        "right calls notify_die here, left does so elsewhere",
    )


def test_what_a_breakpoint_watches_for() -> None:
    """6.x registers an execute breakpoint with sizeof(long), 2.6.33 with 1."""
    left, right = Trace(), Trace()
    for trace, value in ((left, 0x408), (right, 0x10401)):
        trace.event(
            EventKind.BREAKPOINT_REGISTERED,
            aux=Callee.register_user_hw_breakpoint,
            slot=0,
            value=value,
        )

    assert sentence(left, right) == (
        "Breakpoint 0 in register_user_hw_breakpoint: left execute of length 8,"
        " right execute of length 1, disabled"
    )


def test_a_stop_of_one_side() -> None:
    left = Trace()
    left.event(EventKind.DEBUGGER_STOP, addr=0x401000, aux=5, value=1)

    assert sentence(left, Trace()) == (
        "left stops in the debugger at 0x401000 on CPU 0, right does not"
    )


def test_a_hit_on_one_side() -> None:
    left = hits(1)
    left.hit(20, value=2, addr=OTHER)

    assert sentence(left, hits(1)) == (
        "left hits 0x402008 from 0x40100c on CPU 0, right does not"
    )


def test_an_execute_hit_on_one_side() -> None:
    right = Trace()
    right.event(EventKind.HIT, flags=int(EventFlag.EXECUTE), addr=0x401000, cpu=1)

    assert sentence(Trace(), right) == (
        "right hits the execute breakpoint 0x401000 on CPU 1, left does not"
    )


def test_what_a_program_wrote() -> None:
    left, right = Trace(), Trace()
    for trace, text in ((left, b"one"), (right, b"two")):
        trace.texts.append((trace.event(EventKind.OUTPUT, value=3, aux=1), 1, text))

    assert sentence(left, right) == "Text of output: left 'one', right 'two'"


def test_how_the_runs_ended() -> None:
    left, right = Trace(), Trace()
    left.end(5)
    right.end(5, Outcome.livelock)

    assert sentence(left, right) == "Run ended: left completed, right livelock"


def test_a_drift() -> None:
    left, right = Trace(), Trace()
    left.hit(10)
    right.hit(12)

    assert sentence(left, right) == (
        "Retired instructions at the hit on 0x402000: left 10, right 12"
    )


def test_the_watched_bytes() -> None:
    left, right = Trace(), Trace()
    left.hit(10, value=1)
    right.hit(10, value=2)

    assert sentence(left, right) == "Watched bytes at 0x402000: left 0x1, right 0x2"


def test_a_count_of_perf() -> None:
    left, right = Trace(), Trace()
    for trace, count in ((left, 1), (right, 2)):
        root = trace.event(EventKind.HIT)
        trace.event(EventKind.CALL, root, aux=Callee.perf_bp_event, value=count)

    assert (
        sentence(left, right) == "Count of the event in perf_bp_event: left 1, right 2"
    )


@pytest.mark.parametrize("kind", [*EventKind, 999])
def test_every_kind_of_event_has_words(kind: int) -> None:
    """New kinds too, on one side and with each field changed."""
    lone, other, third = Trace(), Trace(), Trace()
    for trace, value in ((lone, 1), (third, 3)):
        trace.event(kind, value=value, addr=value, ret=value, aux=value, slot=value)

    assert sentence(lone, other).startswith("left ")
    assert "left" in sentence(lone, third)


def test_the_sides_can_have_other_names_and_addresses_too() -> None:
    teller = Teller(compared(hits(1), Trace()), Names("A", "B", lambda a: f"<{a:x}>"))

    assert teller.divergence(0).sentence == (
        "A hits <402000> from <40100c> on CPU 0, B does not"
    )


def test_a_phrase_has_both_sides_apart() -> None:
    found = compared(hits(1), hits(1, ret=0))

    told = phrase(Teller(found).row(0).first)
    assert (told.subject, told.left, told.right) == (
        "Return of hw_breakpoint_handler",
        "STOP",
        "DONE",
    )
