"""Messages that arrive at once act one after another, also when one stops the machine."""

from __future__ import annotations

import threading

from emulator.debugger import Close, Data, Open
from emulator.engine import run
from emulator.scenarios import load
from emulator.tests.debugger.live import Wire


def ended(wire: Wire) -> bool:
    """Whether a run with this line to it ends."""
    scenario = load("watched-counter")
    done = threading.Event()

    def go() -> None:
        run(scenario.recipe, scenario.images, lambda batch: None, wire, link=wire)
        done.set()

    threading.Thread(target=go, daemon=True).start()
    return done.wait(10)


def test_a_packet_that_came_with_the_connection_is_answered() -> None:
    wire = Wire()
    for message in (Open("alice"), Data(b"$?#3f"), Data(b"+"), Close()):
        wire.put(message)

    assert ended(wire)
    assert wire.out.get(timeout=1).startswith(b"+$T05thread:")


def test_who_leaves_right_after_an_interrupt_lets_the_machine_go() -> None:
    wire = Wire()
    packets = [b"$QStartNoAckMode#b0", b"+", b"$c#63", b"\x03"]
    for message in (Open("alice"), *map(Data, packets), Close()):
        wire.put(message)

    assert ended(wire)
    assert "detached" in [told.state for told in wire.states]


def test_who_detached_may_come_again() -> None:
    wire = Wire()
    for message in (
        Open("alice"),
        Data(b"$QStartNoAckMode#b0"),
        Data(b"+"),
        Data(b"$D#44"),
        Close(),
        Open("bob"),
        Data(b"$QStartNoAckMode#b0"),
        Data(b"+"),
        Data(b"$D#44"),
        Close(),
    ):
        wire.put(message)

    assert ended(wire)
    assert [(told.who, told.state) for told in wire.states] == [
        ("alice", "attached"),
        ("alice", "stopped"),
        ("alice", "detached"),
        ("bob", "attached"),
        ("bob", "stopped"),
        ("bob", "detached"),
    ]


def test_who_comes_second_is_refused_with_the_name_of_the_first() -> None:
    wire = Wire()
    for message in (Open("alice"), Open("bob"), Close()):
        wire.put(message)

    assert ended(wire)
    refused = [told for told in wire.states if told.state == "refused"]
    assert [(told.who, told.reason) for told in refused] == [
        ("bob", "alice controls this run")
    ]
