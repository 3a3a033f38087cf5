"""A debugger at the real child: bytes, states, the command log, playing back."""

from __future__ import annotations

import importlib
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from hwbp.rsp import frame
from sessions_app.runner import PARKED, LoggedLine
from sessions_app.services.debugger.clients import Gone, Opened
from sessions_app.tests.debugger.desk import Gdb, LiveRun, until
from sessions_app.tests.debugger.programs import (
    COUNTED,
    ENDLESS,
    assembled,
    job_of,
    running_job_of,
)


class Client(Gdb):
    """A client that reads replies."""

    def until(self, words: bytes, seconds: float = 5) -> bytes:
        """What was heard up to and with these words."""
        heard = b""
        deadline = time.monotonic() + seconds
        while words not in heard:
            assert time.monotonic() < deadline, heard
            heard += self.bytes_heard
            time.sleep(0.002)
        return heard


@pytest.fixture
def endless() -> Iterator[LiveRun]:
    live = LiveRun(job_of(ENDLESS))
    yield live
    live.cancel()


def attached(live: LiveRun, who: str = "alice") -> Client:
    client = Client(who)
    live.put(Opened(client))
    live.say(client, frame(b"QStartNoAckMode"))
    client.until(b"OK#9a")
    return client


def test_a_held_run_waits_before_its_first_instruction(endless: LiveRun) -> None:
    client = attached(endless)
    _, _, symbols = assembled(ENDLESS)

    endless.say(client, frame(b"?"), frame(b"p10"))

    rip = symbols["_start"].to_bytes(8, "little").hex().encode()
    assert rip in client.until(rip)


def test_a_held_run_is_paused_until_a_debugger_comes(endless: LiveRun) -> None:
    assert until(lambda: endless.listener.states == ["running", "paused"])
    attached(endless)

    assert until(lambda: endless.listener.states[-1] == "running")


def test_a_stop_may_be_told_a_moment_after_the_wish_to_park(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execute = importlib.import_module("sessions_app.runner.execute")
    monkeypatch.setattr(execute, "STOP_TOLD", 60)
    live = LiveRun(running_job_of(ENDLESS))
    assert until(lambda: live.listener.states == ["running"])

    live.desk.control.command("park")
    live.desk.control.command("pause")

    assert live.end().outcome == PARKED


def parking_late() -> LiveRun:
    """Paused, and told to park where a log is played back that does not end."""
    far = {"cpu": 0, "retired": 10**15, "seq": 3, "do": "close"}
    job = replace(running_job_of(ENDLESS), commands=[far], wall_ms=3000)
    live = LiveRun(job)
    assert until(lambda: live.listener.states == ["running"])
    live.desk.control.command("pause")
    assert until(lambda: live.listener.states[-1] == "paused")
    live.desk.control.command("park")
    return live


def test_one_that_goes_on_to_where_it_can_be_parked_is_not_called_paused() -> None:
    live = parking_late()

    assert until(lambda: live.listener.states[-1] == "running")
    live.cancel()


def test_it_can_be_cancelled() -> None:
    assert parking_late().cancel().outcome == "cancelled"


def test_its_time_counts() -> None:
    assert parking_late().end().outcome == "wall_limit"


LONG = COUNTED.replace("1000", "2000000")


def place(line: LoggedLine) -> tuple[int, int, int]:
    return line.cpu, line.retired, line.seq


@pytest.fixture(scope="module")
def log() -> list[LoggedLine]:
    """Of a run that was parked after a while."""
    live = LiveRun(running_job_of(LONG))
    assert until(lambda: live.listener.states == ["running"])
    live.desk.control.command("pause")
    assert until(lambda: live.listener.states[-1] == "paused")
    live.desk.control.command("park")
    assert live.end().outcome == PARKED
    return live.desk.log.stored


def made_again(log: list[LoggedLine]) -> LiveRun:
    """By a child that waits where the log ends."""
    commands = [
        {"cpu": p.cpu, "retired": p.retired, "seq": p.seq, "do": p.do} for p in log
    ]
    return LiveRun(replace(running_job_of(LONG), commands=commands, stands=True))


def test_who_gave_up_meanwhile_does_not_let_it_go(log: list[LoggedLine]) -> None:
    """A gdb waits for some seconds only; the next one finds the machine all the same."""
    live = made_again(log)
    impatient, patient = Client("alice"), Client("bob")
    live.put(Opened(impatient), Gone(impatient), Opened(patient))
    live.say(patient, frame(b"QStartNoAckMode"))
    patient.until(b"OK#9a", 20)
    live.desk.board.keep()

    came = live.desk.log.stored[0]
    assert (came.who, place(came)) == ("bob", place(log[-1]))
    live.cancel()


def test_nor_does_one_whose_socket_ended(log: list[LoggedLine]) -> None:
    live = made_again(log)
    left = Client("alice")
    gdb, left.line = socket.socketpair()
    gdb.sendall(frame(b"QStartNoAckMode"))
    gdb.close()
    live.put(Opened(left))
    assert until(lambda: left.ended, 20)
    left.line.close()

    patient = attached(live, "bob")

    live.desk.board.keep()
    came = live.desk.log.stored[0]
    assert (came.who, place(came)) == ("bob", place(log[-1]))
    assert not patient.ended
    live.cancel()


def test_ctrl_c_stops_a_tight_loop_at_once(endless: LiveRun) -> None:
    client = attached(endless)
    waits = []
    for _ in range(5):
        endless.say(client, frame(b"vCont;c"))
        assert until(lambda: endless.desk.board.facts.get("state") == "running")
        began = time.monotonic()
        endless.say(client, b"\x03")
        client.until(b"T02")
        waits.append(time.monotonic() - began)

    # The best of five: others use this machine.
    assert min(waits) < 0.3, waits


def test_one_who_comes_while_the_machine_runs_stops_it() -> None:
    live = LiveRun(running_job_of(ENDLESS))
    assert until(lambda: live.listener.states == ["running"])
    client = attached(live)

    live.say(client, frame(b"?"))

    assert b"T05" in client.until(b"T05")
    live.cancel()


def test_a_second_one_is_refused_while_the_first_debugs(endless: LiveRun) -> None:
    attached(endless, "alice")
    second = Client("bob")
    endless.put(Opened(second))

    assert until(lambda: second.ended)
    assert second.ended[0][1] == "alice (gdb) controls this run"


def test_the_next_one_may_when_the_first_has_left(endless: LiveRun) -> None:
    first = attached(endless, "alice")
    endless.leave(first)

    attached(endless, "bob")

    assert until(lambda: endless.desk.board.facts.get("who") == "bob")


def test_the_time_that_a_debugger_holds_is_not_the_runs() -> None:
    held = LiveRun(replace(job_of(COUNTED), wall_ms=300))
    client = attached(held)
    time.sleep(0.8)
    held.leave(client)

    assert held.end().outcome == "completed"


def test_the_end_of_the_program_is_told_to_gdb() -> None:
    live = LiveRun(job_of(COUNTED))
    client = attached(live)

    live.say(client, frame(b"vCont;c"))

    assert b"$W" in client.until(b"$W")
    assert live.end().outcome == "completed"


def debugged(job: Any) -> tuple[LiveRun, list[dict[str, Any]]]:
    """A run whose counter was set to 5 at its third write, and its command log."""
    live = LiveRun(job)
    client = attached(live)
    counter = assembled(COUNTED)[2]["counter"]
    live.say(client, frame(b"Z2,%x,4" % counter))
    for _ in range(3):
        live.say(client, frame(b"vCont;c"))
        client.until(b"watch:")
    live.say(client, frame(b"M%x,4:05000000" % counter), frame(b"z2,%x,4" % counter))
    live.say(client, frame(b"vCont;c"))
    live.end()
    lines = []
    for line in live.desk.log.stored:
        told = asdict(line)
        told["data"] = line.data.hex()
        lines.append(told)
    return live, lines


WATCHED = [
    {
        "owner": "perf_user",
        "task": "main",
        "type": "write",
        "length": 4,
        "at": "counter",
    }
]


def test_what_gdb_did_played_back_has_the_same_digest() -> None:
    job = job_of(COUNTED, breakpoints=WATCHED)
    live, log = debugged(job)

    again = LiveRun(replace(job, paused=False, commands=log))

    assert again.end().digest == live.end().digest
    assert len(live.end().digest) == 64


def test_what_gdb_did_is_part_of_the_digest() -> None:
    job = job_of(COUNTED, breakpoints=WATCHED)
    live, _ = debugged(job)

    alone = LiveRun(replace(job, paused=False))

    assert alone.end().digest != live.end().digest


def test_each_message_is_in_the_log_with_its_position() -> None:
    _, log = debugged(job_of(COUNTED))

    assert log[0]["do"] == "open"
    assert (log[0]["who"], log[0]["retired"]) == ("alice", 0)
    positions = [line["retired"] for line in log]
    assert positions == sorted(positions)
    assert positions[-1] > 0
