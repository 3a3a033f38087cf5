"""The TCP port of a run: loopback, one client, every byte, a clean end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from sessions_app.debug_wire import CloseCode
from sessions_app.runner import Waker
from sessions_app.services.debugger.clients import (
    Caller,
    Gone,
    Inbox,
    Message,
    Opened,
    Said,
)
from sessions_app.services.debugger.port import DebugPort, TcpClient, open_port
from sessions_app.tests.debugger.desk import until

CALLER = Caller("alice", "full", "TCP")


class Room:
    """A port, and what came in through it."""

    def __init__(self) -> None:
        self.inbox = Inbox(Waker())
        self.port: DebugPort = open_port(CALLER, self.inbox)
        self.messages: list[Message] = []

    def connect(self) -> socket.socket:
        return socket.create_connection(self.port.address, timeout=5)

    def until(self, kind: type, count: int = 1) -> list[Message]:
        """Messages of a kind, once there are so many."""

        def there() -> bool:
            self.messages += self.inbox.take()
            return len([m for m in self.messages if isinstance(m, kind)]) >= count

        assert until(there)
        return [m for m in self.messages if isinstance(m, kind)]

    def client(self) -> TcpClient:
        [opened] = self.until(Opened)
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


def test_its_bytes_are_heard(room: Room) -> None:
    with room.connect() as gdb:
        gdb.sendall(b"$?#3f")
        [said] = room.until(Said)

    assert isinstance(said, Said)
    assert said.data == b"$?#3f"


def test_its_end_is_heard(room: Room) -> None:
    room.connect().close()

    assert room.until(Gone)


def test_bytes_of_the_stub_arrive(room: Room) -> None:
    with room.connect() as gdb:
        room.client().data(b"+$OK#9a")

        assert gdb.recv(100) == b"+$OK#9a"


def test_what_the_socket_does_not_take_at_once_arrives_later(room: Room) -> None:
    data = bytes(range(256)) * 2000
    with room.connect() as gdb:
        client = room.client()
        took = [client.data(data) for _ in range(20)]
        received = bytearray()
        while took[0] and len(received) < len(data):
            received += gdb.recv(1 << 16)

    assert received[: len(data)] == data


def test_a_client_that_never_reads_is_given_up(room: Room) -> None:
    with room.connect():
        client = room.client()

        assert until(lambda: not client.data(b"x" * (1 << 18)))


def test_a_second_client_is_closed_at_once(room: Room) -> None:
    with room.connect(), room.connect() as second:
        assert second.recv(1) == b""


def test_the_next_client_is_let_in_when_the_first_has_left(room: Room) -> None:
    room.connect().close()
    room.until(Gone)

    with room.connect() as gdb:
        gdb.sendall(b"$?#3f")
        assert room.until(Said)


def test_the_end_comes_after_the_last_words(room: Room) -> None:
    with room.connect() as gdb:
        client = room.client()
        client.data(b"$W00#b7")
        client.end(CloseCode.DONE, "the run is over")

        assert (gdb.recv(100), gdb.recv(100)) == (b"$W00#b7", b"")


def test_a_stopped_port_is_gone(room: Room) -> None:
    address = room.port.address
    room.port.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)


def test_last_words_leave_before_the_port_stops(room: Room) -> None:
    with room.connect() as gdb:
        client = room.client()
        client.data(b"$W00#b7")
        client.end(CloseCode.DONE, "the run is over")
        room.port.stop()

        assert gdb.recv(100) == b"$W00#b7"


def test_a_full_inbox_makes_the_sender_wait() -> None:
    inbox, stopped = Inbox(Waker()), threading.Event()
    client = TcpClient(socket.socket(), CALLER, Waker())
    for _ in range(64):
        inbox.put(Said(client, b"x"), stopped)
    waits = threading.Thread(target=inbox.put, args=(Said(client, b"y"), stopped))
    waits.start()

    waits.join(0.1)
    blocked = waits.is_alive()
    inbox.take()
    waits.join(2)
    client.sock.close()

    assert (blocked, waits.is_alive()) == (True, False)
