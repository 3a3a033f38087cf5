"""The TCP port of a run: loopback, one client, whose socket is the child's; a clean end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from sessions_app.debug_wire import CloseCode
from sessions_app.runner import Waker
from sessions_app.services.debugger.clients import Caller, Inbox, Message, Opened, Said
from sessions_app.services.debugger.port import DebugPort, TcpClient, open_port
from sessions_app.tests.debugger.desk import Gdb, until

CALLER = Caller("alice", "full", "TCP")


class Room:
    """A port, and who came in through it."""

    def __init__(self) -> None:
        self.inbox = Inbox(Waker())
        self.port: DebugPort = open_port(CALLER, self.inbox)
        self.messages: list[Message] = []

    def connect(self) -> socket.socket:
        return socket.create_connection(self.port.address, timeout=5)

    def client(self) -> TcpClient:
        """The next one that was let in."""

        def there() -> bool:
            self.messages += self.inbox.take()
            return bool(self.messages)

        assert until(there)
        opened = self.messages.pop(0)
        assert isinstance(opened, Opened)
        assert isinstance(opened.client, TcpClient)
        return opened.client


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.port.stop()


def test_the_port_is_on_the_loopback_only(room: Room) -> None:
    assert room.port.address[0] == "127.0.0.1"


def test_a_client_is_the_one_who_asked_for_the_port(room: Room) -> None:
    with room.connect():
        assert room.client().caller == CALLER


def test_its_socket_is_for_the_child(room: Room) -> None:
    with room.connect() as gdb:
        room.client().line.send(b"+$OK#9a")

        assert gdb.recv(100) == b"+$OK#9a"


def test_a_second_client_is_closed_at_once(room: Room) -> None:
    with room.connect(), room.connect() as second:
        assert second.recv(1) == b""


def test_the_next_client_is_let_in_when_the_first_is_ended(room: Room) -> None:
    with room.connect():
        room.client().end(CloseCode.DONE, "it has left")

        with room.connect():
            assert not room.client().over


def test_the_end_comes_after_the_last_words(room: Room) -> None:
    with room.connect() as gdb:
        client = room.client()
        client.line.send(b"$W00#b7")
        client.end(CloseCode.DONE, "the run is over")

        assert (gdb.recv(100), gdb.recv(100)) == (b"$W00#b7", b"")


def test_an_end_reaches_the_child_too(room: Room) -> None:
    with room.connect():
        client = room.client()
        with client.line.dup() as of_the_child:
            client.end(CloseCode.DONE, "the run is over")

            assert of_the_child.recv(100) == b""


def test_a_stopped_port_is_gone(room: Room) -> None:
    address = room.port.address
    room.port.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)


def test_who_is_there_when_the_port_stops_is_ended(room: Room) -> None:
    with room.connect() as gdb:
        room.client()
        room.port.stop()

        assert gdb.recv(100) == b""


def test_a_full_inbox_makes_the_sender_wait() -> None:
    inbox, stopped, gdb = Inbox(Waker()), threading.Event(), Gdb()
    for _ in range(64):
        inbox.put(Said(gdb, b"x"), stopped)
    waits = threading.Thread(target=inbox.put, args=(Said(gdb, b"y"), stopped))
    waits.start()

    waits.join(0.1)
    blocked = waits.is_alive()
    inbox.take()
    waits.join(2)

    assert (blocked, waits.is_alive()) == (True, False)
