"""Control over REST and from the page, at the real child."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sessions_app.services.debugger.clients import Opened
from sessions_app.tests.debugger.desk import Gdb, LiveRun, until
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS, assembled, job_of

SYMBOLS = assembled(ENDLESS)[2]
AGAIN, COUNTER = SYMBOLS["again"], SYMBOLS["counter"]


@pytest.fixture
def live() -> Iterator[LiveRun]:
    run = LiveRun(job_of(ENDLESS))
    yield run
    run.cancel()


def registers(live: LiveRun, *names: str) -> list[int]:
    told = live.ask("read_registers", names=list(names))["result"]["registers"]
    return [int(told[name], 16) for name in names]


def test_attaching_tells_how_the_machine_stands(live: LiveRun) -> None:
    answer = live.ask("attach")

    assert answer["ok"]
    assert (answer["debugger"]["who"], answer["debugger"]["state"]) == (
        "alice",
        "stopped",
    )


def test_a_breakpoint_is_hit_at_its_address(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)

    answer = live.ask("continue", wait=True)

    assert answer["result"]["stop"] == "breakpoint"
    assert registers(live, "rip") == [AGAIN]


@pytest.mark.parametrize("kind", ["watch", "awatch"])
def test_a_watchpoint_names_the_data(live: LiveRun, kind: str) -> None:
    live.ask(kind, address=COUNTER, length=4)

    answer = live.ask("continue", wait=True)

    assert answer["result"]["stop"] == f"{kind} {COUNTER:#x}"


def test_a_step_is_one_instruction(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)
    live.ask("continue", wait=True)

    live.ask("step", wait=True)

    # add $1, %ecx has three bytes (SDM: 83 /0 ib).
    assert registers(live, "rip", "rcx") == [AGAIN + 3, 1]


def test_a_deleted_breakpoint_stops_nobody(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)
    live.ask("continue", wait=True)
    live.ask("delete", breakpoint=1)

    answer = live.ask("continue")
    live.ask("interrupt")

    assert answer["debugger"]["state"] == "running"
    assert live.desk.board.facts["breakpoints"] == []


def test_everybody_sees_the_breakpoints(live: LiveRun) -> None:
    live.ask("watch", address=COUNTER, length=4, place="counter")

    assert live.desk.board.facts["breakpoints"] == [
        {
            "number": 1,
            "kind": "watch",
            "address": f"{COUNTER:#x}",
            "length": 4,
            "place": "counter",
        }
    ]


def test_interrupt_stops_a_tight_loop(live: LiveRun) -> None:
    live.ask("continue")

    answer = live.ask("interrupt")

    assert answer["result"]["stop"] == "interrupted"


def test_interrupting_what_stands_still_is_fine(live: LiveRun) -> None:
    live.ask("attach")

    assert live.ask("interrupt")["ok"]


def test_memory_is_read(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)
    live.ask("continue", wait=True)
    live.ask("continue", wait=True)

    answer = live.ask("read_memory", address=COUNTER, length=8)

    assert answer["result"]["data"] == "0100000000000000"


def test_memory_is_written(live: LiveRun) -> None:
    live.ask("write_memory", address=COUNTER, data="0123456789abcdef")

    answer = live.ask("read_memory", address=COUNTER, length=8)

    assert answer["result"]["data"] == "0123456789abcdef"


def test_memory_that_is_not_mapped_is_refused(live: LiveRun) -> None:
    answer = live.ask("read_memory", address=0x10, length=8)

    assert (answer["ok"], answer["code"]) == (False, "debugger_refused")


def test_a_register_is_written(live: LiveRun) -> None:
    live.ask("write_registers", registers={"rbx": 0x1122334455667788})

    assert registers(live, "rbx") == [0x1122334455667788]


def test_all_registers_are_read_at_once(live: LiveRun) -> None:
    told = live.ask("read_registers")["result"]["registers"]

    assert {"rax", "rip", "eflags", "dr7", "cpu_dr7"} <= set(told)


def test_an_unknown_register_is_refused_with_the_known_ones(live: LiveRun) -> None:
    answer = live.ask("read_registers", names=["rip", "eax"])

    assert (answer["field"], answer["value"]) == ("names", "eax")
    assert "rax" in answer["allowed"]


def test_a_value_that_does_not_fit_is_refused(live: LiveRun) -> None:
    answer = live.ask("write_registers", registers={"eflags": 1 << 32})

    assert (answer["code"], answer["field"]) == ("too_wide", "registers.eflags")


def test_an_unknown_breakpoint_is_refused(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)

    answer = live.ask("delete", breakpoint=7)

    assert (answer["code"], answer["allowed"]) == ("no_breakpoint", "1")


def test_threads_are_told_with_their_cpu(live: LiveRun) -> None:
    told = live.ask("threads")["result"]["threads"]

    assert told[0]["where"] == "on CPU 0"


@pytest.mark.parametrize("do", ["step", "threads", "read_registers", "break"])
def test_a_running_machine_is_not_touched(live: LiveRun, do: str) -> None:
    live.ask("continue")

    answer = live.ask(do, address=AGAIN, length=1)

    assert (answer["code"], answer["field"]) == ("not_stopped", "do")


def test_somebody_else_is_refused_by_name(live: LiveRun) -> None:
    live.ask("attach", who="alice")

    answer = live.ask("step", who="bob")

    assert "alice" in answer["detail"]


def test_detaching_lets_the_machine_run_and_others_in(live: LiveRun) -> None:
    live.ask("break", address=AGAIN, length=1)
    live.ask("detach")
    gdb = Gdb("bob")
    live.put(Opened(gdb))

    assert until(lambda: live.desk.board.facts.get("who") == "bob")


def test_the_end_of_the_program_answers_who_waits() -> None:
    live = LiveRun(job_of(COUNTED))

    answer = live.ask("continue", wait=True)

    assert answer["result"]["stop"].startswith("ended")
    assert live.end().outcome == "completed"


def test_a_cancelled_run_answers_who_waits(live: LiveRun) -> None:
    live.ask("continue")
    live.desk.control.command("cancel")
    live.end()

    assert live.desk.board.facts == {}
