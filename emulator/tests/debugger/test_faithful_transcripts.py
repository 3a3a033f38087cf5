"""A stock gdb at the serial line of the modelled kernel's own kgdb.

kgdb never tells gdb which watchpoint it was, so gdb shows a SIGTRAP at the next line.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.debugger.messages import FaceName
from emulator.engine import run
from emulator.events import Outcome
from emulator.tests.debugger.live import Session, with_gdb
from emulator.tests.debugger.programs import MANY, built, needs_gdb, recipe_of

pytestmark = [needs_gdb, pytest.mark.processes]

BEHIND_A, BEHIND_B = "counter_b++;", "}"


def _recipe(variant: str, **more: Any) -> Any:
    thread = {"name": "main", "image": "program", "mode": "kernel"}
    document = {
        "variant": {"base": variant},
        "kgdb": {},
        "tasks": [thread],
        "limits": MANY | {"instructions": 200_000},
        **more,
    }
    return recipe_of("two", kernel=True, **document)


def kgdb(*commands: str, variant: str = "g", **more: Any) -> Session:
    """A session with the counting thread; commands as typed."""
    recipe, images = _recipe(variant, **more)
    return with_gdb(
        recipe,
        images,
        commands,
        file=str(built("two", kernel=True)),
        face=FaceName.faithful,
    )


def stops(session: Session) -> list[str]:
    """The source lines at which gdb says that it stopped, after the first."""
    shown = [line.partition("\t") for line in session.lines if "\t" in line]
    return [source.strip() for number, _, source in shown if number.isdigit()][1:]


WATCH_BOTH = (
    "watch counter_a",
    "continue",
    "watch counter_b",
    "continue",
    "continue",
    "set var enough = 1",
    "detach",
)


@pytest.mark.parametrize("variant", ["c", "d4", "f"])
def test_a_second_watchpoint_stops(variant: str) -> None:
    assert stops(kgdb(*WATCH_BOTH, variant=variant)) == [BEHIND_A, BEHIND_B, BEHIND_A]


def test_a_second_watchpoint_never_stops_on_g() -> None:
    # The handler restores the DR7 that it read before kgdb armed the second one.
    assert stops(kgdb(*WATCH_BOTH, variant="g")) == [BEHIND_A] * 3


def test_a_watchpoint_is_swallowed_on_h() -> None:
    session = kgdb("watch counter_a", "continue", variant="h")

    assert stops(session) == []
    assert session.result.hits > 1000  # all told, none stopped


def test_a_software_breakpoint_stops_at_its_line() -> None:
    session = kgdb("break work", "continue", "print counter_a", "continue")

    assert stops(session) == ["counter_a++;"] * 2


def test_a_hardware_breakpoint_stops_before_its_line() -> None:
    session = kgdb("hbreak work", "continue", "print counter_a")

    assert "Breakpoint 1, work () at two.c:7" in session.output
    assert "$1 = 0" in session.lines


def test_stepi_goes_one_instruction() -> None:
    session = kgdb("break work", "continue", "print $pc", "stepi", "print $pc")
    first, second = (
        int(line.split(") ")[1].split(" ")[0], 16)
        for line in session.lines
        if line.startswith("$")
    )

    assert 0 < second - first <= 15


def test_threads_are_the_tasks_and_a_shadow_of_each_cpu() -> None:
    session = kgdb("info threads")

    assert "(shadowCPU0)" in session.output
    assert "Thread 100 (main)" in session.output


def test_ctrl_c_is_an_nmi() -> None:
    session = kgdb(
        "python import threading, os, signal",
        "python threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()",
        "continue",
        "print counter_a > 0",
        "set var enough = 1",
        "detach",
        limits=MANY,
    )

    assert "$1 = 1" in session.lines, session.output
    assert session.result.outcome is Outcome.completed


def test_the_log_played_back_gives_the_same_digest() -> None:
    session = kgdb(*WATCH_BOTH, variant="g")
    recipe, images = _recipe("g")

    again = run(recipe, images, lambda _batch: None, commands=session.log)

    assert again.digest == session.result.digest


def test_the_log_played_back_needs_no_remembered_trees() -> None:
    session = kgdb(*WATCH_BOTH, variant="h")
    recipe, images = _recipe("h")

    plain = run(
        recipe, images, lambda _batch: None, commands=session.log, remembers=False
    )

    assert plain.digest == session.result.digest


def test_a_run_without_kgdb_says_so() -> None:
    recipe, images = _recipe("g", kgdb=None)
    session = with_gdb(recipe, images, ["continue"], face=FaceName.faithful)

    assert session.states[0].state == "refused"
    assert session.states[0].reason == "this run has no kgdb to talk to"


def test_a_hit_that_the_recipe_does_not_want_asks_nobody() -> None:
    """The kernel stops each time; the person hears of one. What there is when gdb comes
    is forgotten (the packet "?"), so the script sets it later."""
    watch = {"owner": "kgdb", "type": "write", "length": 8, "at": "counter_a"}
    session = kgdb(
        "continue",
        "print counter_a % 10",
        "set var enough = 1",
        "detach",
        variant="d4",
        breakpoints=[
            watch | {"registered": False, "condition": "value % 10 == 3", "limit": 1}
        ],
        script=[{"at": {"retired": 100}, "do": "register", "breakpoint": 0}],
    )

    assert "$1 = 3" in session.lines, session.output
    assert stops(session) == [BEHIND_A]
    assert session.result.hits > 1
