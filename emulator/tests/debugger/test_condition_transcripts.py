"""A stock gdb leaves its conditions to the target: what it sends, and where it stops."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.engine import run
from emulator.events import EventKind
from emulator.tests.debugger.live import Session, with_gdb
from emulator.tests.debugger.programs import built, needs_gdb, recipe_of
from emulator.trace.record import unpack_records

pytestmark = [needs_gdb, pytest.mark.processes]
TARGET = "set breakpoint condition-evaluation target"
HOST = "set breakpoint condition-evaluation host"
WATCH = {
    "owner": "perf_user",
    "task": "main",
    "type": "write",
    "length": 4,
    "at": "counter",
}


def gdb(*commands: str, **more: Any) -> Session:
    """A session with program.c; commands as typed."""
    recipe, images = recipe_of("program", **more)
    return with_gdb(recipe, images, commands, file=str(built("program")))


def stops(session: Session) -> int:
    """How often a breakpoint held the machine; gdb's own steps are not among them."""
    reasons = {"swbreak", "hwbreak", "watch"}
    return sum(t.state == "stopped" and t.reason in reasons for t in session.states)


def packets(session: Session, start: bytes) -> list[bytes]:
    """What gdb sent that begins so."""
    texts = {seq: data for batch in session.batches for seq, _, data in batch.texts}
    records = [r for batch in session.batches for r in unpack_records(batch.records)]
    sent = [r for r in records if r.kind == EventKind.PACKET and not r.aux]
    return [texts[r.seq] for r in sent if texts[r.seq].startswith(start)]


def arguments(session: Session) -> list[int]:
    """n of step(n), at each stop there."""
    return [
        int(n) for n in re.findall(r"Breakpoint \d+, step \(n=(\d+)\)", session.output)
    ]


def test_the_condition_is_the_targets() -> None:
    session = gdb(TARGET, "break step if n == 3", "continue", "print counter")

    assert arguments(session) == [3], session.output
    assert "$1 = 3" in session.lines
    assert stops(session) == 1
    (insertion,) = packets(session, b"Z0,")
    assert re.fullmatch(rb"Z0,[0-9a-f]+,1;X[0-9a-f]+,[0-9a-f]+", insertion)


def test_without_the_target_each_hit_is_a_stop() -> None:
    session = gdb(HOST, "break step if n == 3", "continue")

    assert (arguments(session), stops(session)) == ([3], 3), session.output
    assert packets(session, b"Z0,")[0].endswith(b",1")


def test_auto_leaves_conditions_to_the_target() -> None:
    session = gdb(
        "show breakpoint condition-evaluation", "break step if n == 2", "continue"
    )

    assert "is auto (currently target)" in session.output
    assert (arguments(session), stops(session)) == ([2], 1)


@pytest.mark.parametrize("mode", [TARGET, HOST])
def test_a_watchpoint_with_a_condition(mode: str) -> None:
    """gdb evaluates those of watchpoints itself, whatever it was told."""
    session = gdb(mode, "watch counter if counter > 5", "continue")

    assert "Hardware watchpoint 1: counter" in session.lines
    assert "New value = 6" in session.lines, session.output


def test_ignore_counts_stay_gdbs() -> None:
    session = gdb(TARGET, "break step if n > 1", "ignore 1 2", "continue")

    # True at 2, 3 and 4, and each of these is told.
    assert (arguments(session), stops(session)) == ([4], 3), session.output


def test_hardware_breakpoints_as_well() -> None:
    session = gdb(TARGET, "hbreak step if n == 4", "continue")

    assert (arguments(session), stops(session)) == ([4], 1), session.output
    assert packets(session, b"Z1,")[0].count(b";X") == 1


def test_auto_hw() -> None:
    session = gdb(
        TARGET, "set breakpoint auto-hw on", "break step if n == 5", "continue"
    )

    assert (arguments(session), stops(session)) == ([5], 1), session.output


EXPRESSIONS = [
    "n == 3",
    "n != 3 && counter > 2",
    "n < 3 || counter == 10",
    "!(n & 1)",
    "table[n - 1] == 3",
    "*(&table[0] + n - 1) > 2",
    "(char)(n + 253) < 0",
    "(unsigned char)(n + 254) == 1",
    "(n - 4) / 2 == -1",
    "(n - 6) % 3 == -1",
    "(-n >> 1) == -2",
    "(unsigned)-n >> 31 == (n != 0)",
    "n << 2 == 12 ? counter == 3 : n == 5",
    "$rdi == 2",
    "$rsp != 0 && ($rdi ^ 3) == 1",
    "(long)n * -4 == -8",
    "~n == -5",
    "(int)$eflags & 0x200",
    "(int)$dr7 == 0xd0602 && n == 2",
    "(int)$cpu_dr7 == 0xd0202 && $dr0 == (long)&counter && n > 3",
    "(short)(n * 20000) == -25536",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_target_says_what_gdb_says(expression: str) -> None:
    commands = [f"break step if {expression}", *["continue"] * 6]
    more = {"breakpoints": [WATCH]}

    by_target, by_gdb = gdb(TARGET, *commands, **more), gdb(HOST, *commands, **more)

    assert arguments(by_target) == arguments(by_gdb), by_target.output
    assert arguments(by_gdb), by_gdb.output
    # Nothing was told that gdb then threw away.
    assert stops(by_target) == len(arguments(by_gdb))
    assert b";X" in packets(by_target, b"Z0,")[0]


@pytest.mark.parametrize("expression", ["$eflags & 0x200", "$eax == 0", "$dr7 != 0"])
def test_what_gdb_makes_no_bytecode_of_it_evaluates_itself(expression: str) -> None:
    session = gdb(TARGET, f"break step if {expression} || n == 2", *["continue"] * 2)

    assert b";X" not in packets(session, b"Z0,")[0]
    assert arguments(session), session.output


def test_what_the_target_cannot_evaluate_is_gdbs_to_say() -> None:
    session = gdb(TARGET, "break step if *(int *)0 == 1", "continue")

    assert "Error in testing breakpoint condition:" in session.output
    assert "Cannot access memory at address 0x0" in session.output
    assert stops(session) == 1


def test_of_two_in_one_place_either_stops() -> None:
    session = gdb(
        TARGET, "break step if n == 2", "break step if n == 4", *["continue"] * 3
    )

    assert (arguments(session), stops(session)) == ([2, 4], 2), session.output
    assert packets(session, b"Z0,")[0].count(b"X") == 2


def test_a_condition_that_changes_while_it_is_inserted() -> None:
    session = gdb(
        TARGET,
        "set breakpoint always-inserted on",
        "break step if n == 2",
        "continue",
        "condition 1 n == 4",
        "continue",
        "condition 1",
        "continue",
    )

    assert (arguments(session), stops(session)) == ([2, 4, 5], 3), session.output


def test_the_log_played_back_gives_the_same_digest() -> None:
    session = gdb(
        TARGET, "break step if n == 3", "continue", "monitor want step limit 1"
    )
    recipe, images = recipe_of("program")

    again = run(recipe, images, lambda _batch: None, commands=session.log)

    assert again.digest == session.result.digest


# monitor want


def test_old_and_new_values_and_counts_of_the_expression_language() -> None:
    session = gdb(
        "monitor want counter if hits > 1 && value - old == 4",
        "watch counter",
        "continue",
    )

    assert "New value = 10" in session.lines, session.output
    assert stops(session) == 1


def test_ignored_hits_are_not_told() -> None:
    session = gdb("monitor want counter ignore 2", "watch counter", "continue")

    assert ("New value = 6" in session.lines, stops(session)) == (True, 1), (
        session.output
    )


def test_after_its_limit_a_breakpoint_is_silent_though_gdb_inserts_it_again() -> None:
    session = gdb(
        "monitor want counter limit 2",
        "watch counter",
        *["continue"] * 3,
        "monitor want",
    )

    assert stops(session) == 2
    assert "exited normally" in session.output


def test_wishes_are_listed_and_dropped() -> None:
    session = gdb(
        "monitor want",
        "monitor want counter ignore 1 limit 3 if value > task",
        "monitor want 0x10 limit 1",
        "monitor want counter",
        "monitor want",
    )
    at = re.search(r"0x[0-9a-f]+(?=: ignore)", session.output)
    assert at

    assert session.lines[-5:] == [
        "every hit is wanted",
        f"{at[0]}: ignore 1 limit 3 if value > task; 0 hits, 0 wanted",
        "0x10: limit 1; 0 hits, 0 wanted",
        f"{at[0]}: every hit is wanted",
        "0x10: limit 1; 0 hits, 0 wanted",
    ]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("counte if 1", 'unknown symbol "counte"; near names: counter'),
        ("counter if 1 +", "at character 4: expected a value, found the end"),
        ("counter if u8[nowhere]", 'unknown symbol "nowhere"'),
        ("counter ignore", "nothing: a number from 1 expected"),
        ("counter limit 0", "0: a number from 1 expected"),
        ("counter when 1", "when: ignore, limit or if expected"),
    ],
)
def test_a_wish_that_does_not_read(words: str, answer: str) -> None:
    assert answer in gdb(f"monitor want {words}").output
