"""One controls; the others hear why not; nobody hears what is for another."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from emulator.wire import FrameType
from sessions_app.debug_wire import CloseCode
from sessions_app.runner import LoggedLine
from sessions_app.services.debugger import switchboard
from sessions_app.services.debugger.clients import (
    Asked,
    Gone,
    ListenWanted,
    Opened,
    Said,
)
from sessions_app.tests.debugger.desk import Desk, Gdb, Memory

LINE = LoggedLine(0, 5, 7, "data", data=b"$?#3f")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def tell_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(switchboard, "TELL_EVERY", -1)


def test_a_connection_opens_the_childs_debugger(desk: Desk) -> None:
    desk.put(Opened(Gdb("alice", "faithful")))

    [(kind, payload)] = desk.frames()
    assert kind is FrameType.DEBUG_OPEN
    assert json.loads(payload) == {
        "who": "alice",
        "face": "faithful",
        "line": False,
    }


def test_its_bytes_reach_the_child_in_order(desk: Desk) -> None:
    gdb = desk.attach(Gdb())
    desk.put(Said(gdb, b"$g"), Said(gdb, b"#67"))

    assert desk.frames() == [
        (FrameType.DEBUG_DATA, b"$g"),
        (FrameType.DEBUG_DATA, b"#67"),
    ]


def test_the_childs_bytes_reach_it(desk: Desk) -> None:
    gdb = desk.attach(Gdb())

    desk.board.on_out(b"+$OK#9a")

    assert gdb.bytes_heard == b"+$OK#9a"


def test_a_second_one_is_refused_by_the_name_of_the_first(desk: Desk) -> None:
    desk.attach(Gdb("alice"))
    second = Gdb("bob")

    desk.put(Opened(second))

    assert desk.frames() == []
    assert second.ended == [(CloseCode.REFUSED, "alice (gdb) controls this run")]


def test_words_of_a_refused_one_go_nowhere(desk: Desk) -> None:
    desk.attach(Gdb("alice"))
    second = Gdb("bob")
    desk.put(Opened(second), Said(second, b"$k#6b"), Gone(second))

    assert desk.frames() == []


def test_who_leaves_makes_room(desk: Desk) -> None:
    first = desk.attach(Gdb("alice"))
    desk.put(Gone(first), Opened(Gdb("bob")))

    kinds = [kind for kind, _ in desk.frames()]
    assert kinds == [FrameType.DEBUG_CLOSE, FrameType.DEBUG_OPEN]


def test_late_words_for_the_one_before_are_not_heard_by_the_next(desk: Desk) -> None:
    first, second = desk.attach(Gdb("alice")), Gdb("bob")
    desk.put(Gone(first), Opened(second))
    desk.frames()

    desk.board.on_out(b"$for alice#00")
    desk.state("detached")
    desk.state("attached")
    desk.board.on_out(b"$for bob#00")

    assert second.bytes_heard == b"$for bob#00"


def test_one_who_came_and_went_unheard_attaches_nobody_else(desk: Desk) -> None:
    first, second = Gdb("alice"), Gdb("bob")
    desk.put(Opened(first), Gone(first), Opened(second))
    desk.frames()

    desk.state("attached")  # alice's
    desk.board.on_out(b"$for alice#00")

    assert second.bytes_heard == b""
    assert desk.board.facts == {}


def test_everybody_is_told_who_controls(desk: Desk) -> None:
    desk.attach(Gdb("alice"))
    desk.state("stopped", "hwbreak")
    desk.frames()

    assert desk.published[-1] == {
        "state": "stopped",
        "who": "alice",
        "face": "full",
        "via": "gdb",
        "reason": "hwbreak",
    }


def test_everybody_is_told_that_nobody_does(desk: Desk) -> None:
    gdb = desk.attach(Gdb("alice"))
    desk.frames()
    desk.put(Gone(gdb))
    desk.frames()

    assert desk.published[-1] == {}


def test_quick_stops_are_told_as_one(desk: Desk, monkeypatch: Any) -> None:
    desk.attach(Gdb("alice"))
    desk.frames()
    monkeypatch.setattr(switchboard, "TELL_EVERY", 60)
    told = len(desk.published)
    for _ in range(100):
        desk.state("running")
        desk.state("stopped", "hwbreak")
        desk.frames()

    assert len(desk.published) == told


@pytest.mark.parametrize(
    ("state", "holds"),
    [("attached", True), ("stopped", True), ("running", False), ("detached", False)],
)
def test_a_held_machine_spends_no_time(desk: Desk, state: str, holds: bool) -> None:
    desk.attach(Gdb())

    desk.state(state)

    assert desk.board.holds is holds


def test_a_vanished_debugger_holds_nothing(desk: Desk) -> None:
    gdb = desk.attach(Gdb())
    desk.state("stopped")
    desk.put(Gone(gdb))
    desk.frames()

    assert not desk.board.holds


def test_the_childs_refusal_is_passed_on(desk: Desk) -> None:
    gdb = Gdb(face="faithful")
    desk.put(Opened(gdb))
    desk.frames()

    desk.state("refused", "this run has no kgdb to talk to")

    assert gdb.ended == [(CloseCode.REFUSED, "this run has no kgdb to talk to")]


def test_a_broken_client_is_hung_up_on_and_closed(desk: Desk) -> None:
    gdb = desk.attach(Gdb())

    desk.state("hung_up", "reply not acknowledged")

    assert gdb.ended == [(CloseCode.BROKEN, "reply not acknowledged")]
    assert desk.frames() == [(FrameType.DEBUG_CLOSE, b"")]


def test_a_client_that_does_not_read_is_hung_up_on(desk: Desk) -> None:
    gdb = desk.attach(Gdb())
    gdb.takes = False

    desk.board.on_out(b"x" * 100)

    assert [code for code, _ in gdb.ended] == [CloseCode.BROKEN]
    assert desk.frames() == [(FrameType.DEBUG_CLOSE, b"")]


def test_a_command_is_stored_before_what_came_of_it(desk: Desk) -> None:
    desk.board.on_logged(LINE)
    desk.board.keep()

    assert desk.log.stored == [LINE]


def test_a_command_is_stored_before_everybody_hears_of_its_state() -> None:
    log = Memory()
    stored: list[int] = []

    def publish(facts: dict[str, Any]) -> None:
        stored.append(len(log.stored))

    desk = Desk(log=log, publish=publish)
    desk.attach(Gdb())
    desk.board.on_logged(LINE)
    desk.frames()

    assert stored[-1] == 1


def test_a_command_is_stored_before_its_answer_over_rest(desk: Desk) -> None:
    stored: list[int] = []
    answer = Asked(
        {"do": "detach", "who": "alice"}, lambda _: stored.append(len(desk.log.stored))
    )

    desk.board.on_logged(LINE)
    desk.put(answer)
    desk.frames()

    assert stored == [1]


def test_one_with_its_own_socket_brings_it_along(desk: Desk) -> None:
    ours, theirs = socket.socketpair()
    gdb = Gdb()
    gdb.line = ours
    desk.put(Opened(gdb))

    [(_, line)] = desk.board.frames()
    with ours, theirs, line:
        line.send(b"+")
        assert theirs.recv(1) == b"+"


def test_the_child_says_when_such_a_one_has_left(desk: Desk) -> None:
    gdb = desk.attach(Gdb())

    desk.state("gone")

    assert gdb.ended == [(CloseCode.DONE, "it has left")]
    assert desk.frames() == []


def test_the_end_is_told_to_the_one_who_controls(desk: Desk) -> None:
    gdb = desk.attach(Gdb())

    desk.board.finish("the run is over: completed")

    assert gdb.ended == [(CloseCode.DONE, "the run is over: completed")]


def test_who_comes_too_late_is_told_so(desk: Desk) -> None:
    late = Gdb()
    answers: list[dict[str, Any]] = []
    desk.put(Opened(late), Asked({"do": "step", "who": "alice"}, answers.append))

    desk.board.finish("the run is over: completed")

    assert late.ended == [(CloseCode.OVER, "the run is over: completed")]
    assert answers[0]["code"] == "run_not_active"


def test_control_over_rest_is_refused_while_gdb_controls(desk: Desk) -> None:
    desk.attach(Gdb("alice"))
    answers: list[dict[str, Any]] = []

    desk.put(Asked({"do": "step", "who": "alice"}, answers.append))
    desk.frames()

    assert answers[0]["code"] == "controlled"
    assert "alice (gdb)" in answers[0]["detail"]


def test_control_over_rest_attaches_by_name(desk: Desk) -> None:
    desk.put(Asked({"do": "step", "who": "alice"}, lambda answer: None))

    kind, payload = desk.frames()[0]
    assert (kind, json.loads(payload)["who"]) == (FrameType.DEBUG_OPEN, "alice")


def test_gdb_is_refused_while_the_browser_controls(desk: Desk) -> None:
    desk.put(Asked({"do": "step", "who": "alice"}, lambda answer: None))
    gdb = Gdb("alice")
    desk.put(Opened(gdb))
    desk.frames()

    assert gdb.ended == [
        (CloseCode.REFUSED, "alice (browser or REST) controls this run")
    ]


def test_detaching_what_is_not_attached_is_fine(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    desk.put(Asked({"do": "detach", "who": "alice"}, answers.append))
    desk.frames()

    assert answers == [{"ok": True, "result": {}, "debugger": {}}]


def test_a_port_that_cannot_be_had_is_said(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    desk.put(ListenWanted({"who": "alice", "face": "full"}, answers.append))
    desk.frames()

    assert (answers[0]["ok"], answers[0]["code"]) == (False, "no_port")
