"""A stock gdb debugs a run: what it prints, command by command."""

from __future__ import annotations

import pytest

from emulator.engine import run
from emulator.events import EventKind, Outcome
from emulator.tests.debugger.live import Session, with_gdb
from emulator.tests.debugger.programs import MANY, built, needs_gdb, recipe_of
from emulator.trace.record import unpack_records

pytestmark = [needs_gdb, pytest.mark.processes]


def gdb(*commands: str, name: str = "program", **more: object) -> Session:
    """A session with the C program; commands as typed."""
    recipe, images = recipe_of(name, **more)
    return with_gdb(recipe, images, commands, file=str(built(name)))


def has(session: Session, *wanted: str) -> bool:
    """These lines, in this order, others between them."""
    lines = iter(session.lines)
    return all(any(text in line for line in lines) for text in wanted)


def test_break_shows_the_source_line_and_arguments() -> None:
    session = gdb("break step", "continue", "info args")

    assert has(session, "Breakpoint 1, step (n=1)", "counter += n;", "n = 1"), (
        session.output
    )


def test_hbreak_stops_at_the_address() -> None:
    session = gdb("hbreak twice", "continue", "print x")

    assert has(session, "Breakpoint 1, twice (x=1)", "= 1"), session.output


def test_watch_names_the_watchpoint_with_old_and_new_value() -> None:
    session = gdb("watch counter", "continue", "continue")

    assert has(
        session,
        "Hardware watchpoint 1: counter",
        "Old value = 0",
        "New value = 1",
        "Hardware watchpoint 1: counter",
        "Old value = 1",
        "New value = 3",
    ), session.output


def test_rwatch_stops_at_reads_alone() -> None:
    session = gdb("rwatch table[2]", "continue")

    assert has(
        session, "Hardware read watchpoint 1: table[2]", "Value = 3", "total +="
    ), session.output


def test_awatch_tells_reads_and_writes_apart() -> None:
    session = gdb("awatch counter", "continue", "continue")

    assert has(
        session,
        "Hardware access (read/write) watchpoint 1: counter",
        "Value = 0",
        "Hardware access (read/write) watchpoint 1: counter",
        "Old value = 0",
        "New value = 1",
    ), session.output


def test_stepi_goes_one_instruction() -> None:
    session = gdb("break *main", "continue", "print $pc", "stepi", "print $pc")

    first, second = (
        int(line.split(") ")[1].split(" ")[0], 16)
        for line in session.lines
        if line.startswith("$")
    )
    assert 0 < second - first <= 15


def test_next_and_finish_follow_source_lines() -> None:
    session = gdb("break step", "continue", "next", "step", "finish")

    assert has(
        session,
        "counter += n;",
        "return twice(counter);",
        "twice (x=1)",
        "Value returned is $1 = 2",
    ), session.output


def test_backtrace_names_every_frame() -> None:
    session = gdb("break twice", "continue", "backtrace")

    assert has(session, "#0  twice", "in step (n=1)", "in main ()"), session.output


def test_set_var_changes_what_the_program_computes() -> None:
    session = gdb(
        "break step", "continue", "set var counter = 100", "delete", "continue"
    )
    printed = b"".join(
        data
        for batch in session.batches
        for _, stream, data in batch.texts
        if stream == 1
    )

    # Five calls with counter 101, 103, 106, 110, 115, each doubled, and table[2].
    assert printed == b"total %d\n" % (2 * (101 + 103 + 106 + 110 + 115) + 3)


def test_set_register_changes_where_it_goes_on() -> None:
    session = gdb(
        "break step", "continue", "set var $rdi = 7", "print/x $rdi", "info line *$pc"
    )

    assert has(session, "= 0x7"), session.output


def test_examine_reads_memory_and_code() -> None:
    session = gdb("break step", "continue", "x/4dw &table", "x/1i $pc")

    assert has(session, "<table>:\t1\t2\t3\t4", "<step+"), session.output


def test_debug_registers_are_shown_in_words() -> None:
    watch = {
        "owner": "perf_user",
        "task": "main",
        "type": "write",
        "length": 4,
        "at": "counter",
    }
    session = gdb(
        "break step", "continue", "info registers dr7 cpu_dr7", breakpoints=[watch]
    )

    assert has(
        session, "0xd0602             [ G0 GE RW0=1", "0xd0202             [ G0 GE"
    ), session.output


def test_monitor_tells_slots_and_chain() -> None:
    session = gdb("monitor slots", "monitor chain", "monitor dr")

    assert has(
        session,
        "CPU 0: none of its own",
        "hw_breakpoint_exceptions_notify",
        "CPU 0: DR7",
    ), session.output


def test_detach_lets_the_program_end() -> None:
    session = gdb("break step", "continue", "detach")

    assert session.result.outcome is Outcome.completed
    assert session.states[-1].state == "detached"


def test_the_program_ends_with_its_status() -> None:
    session = gdb("continue")

    assert has(session, "exited normally"), session.output


TWO_TASKS = {
    "tasks": [
        {"name": "first", "image": "program", "comm": "one"},
        {"name": "second", "image": "program", "comm": "two"},
    ]
}


def test_threads_are_tasks_with_names() -> None:
    session = gdb("break step", "continue", "info threads", **TWO_TASKS)

    assert has(session, 'Thread 100 "one"', 'Thread 101 "two"'), session.output


def test_a_sleeping_thread_can_be_looked_at() -> None:
    session = gdb("break step", "continue", "thread 2", "print $pc", **TWO_TASKS)

    assert has(session, "Switching to thread 2", "_start"), session.output


def test_ctrl_c_stops_a_tight_loop() -> None:
    session = gdb(
        "break main",
        "continue",
        "python import threading, os, signal",
        "python threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()",
        "continue",
        "print turns > 0",
        "set var enough = 1",
        "detach",
        name="spin",
        limits=MANY,
    )

    assert has(session, "received signal SIGINT", "main () at spin.c", "= 1"), (
        session.output
    )


# What gdb does is part of the run.


@pytest.mark.parametrize(
    "commands",
    [
        ("break step", "continue", "set var counter = 100", "stepi", "finish"),
        ("watch counter", "continue", "continue", "delete", "continue"),
        ("continue",),
    ],
    ids=["writes", "watches", "just-there"],
)
def test_the_log_played_back_gives_the_same_digest(commands: tuple[str, ...]) -> None:
    session = gdb(*commands)
    recipe, images = recipe_of("program")

    again = run(recipe, images, lambda _batch: None, commands=session.log)

    assert again.digest == session.result.digest


def test_the_log_played_back_needs_remembered_trees_no_more_than_the_run() -> None:
    watch = {
        "owner": "perf_user",
        "task": "main",
        "type": "access",
        "length": 4,
        "at": "counter",
    }
    session = gdb("break step", "continue", "continue", breakpoints=[watch])
    recipe, images = recipe_of("program", breakpoints=[watch])

    plain = run(
        recipe, images, lambda _batch: None, commands=session.log, remembers=False
    )

    assert plain.digest == session.result.digest


def test_every_packet_is_an_event() -> None:
    session = gdb("break step", "continue", "detach")
    records = [r for batch in session.batches for r in unpack_records(batch.records)]
    texts = {seq: data for batch in session.batches for seq, _, data in batch.texts}
    packets = [texts[r.seq] for r in records if r.kind == EventKind.PACKET]

    assert packets[0].startswith(b"qSupported")
    assert any(data.startswith(b"Z0,") for data in packets)
    assert packets[-2:] == [b"D;1", b"OK"] or packets[-2:] == [b"D", b"OK"]


def test_a_debugger_that_only_looks_leaves_hits_as_they_were() -> None:
    watch = {
        "owner": "perf_user",
        "task": "main",
        "type": "write",
        "length": 4,
        "at": "counter",
    }
    session = gdb("break twice", "continue", "detach", breakpoints=[watch])
    recipe, images = recipe_of("program", breakpoints=[watch])
    alone = run(recipe, images, lambda _batch: None)

    assert (session.result.hits, session.result.retired) == (alone.hits, alone.retired)
