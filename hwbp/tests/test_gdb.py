"""gdb's pipe: every byte, both ways, and every way to end."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from hwbp import gdb
from hwbp.config import Server
from hwbp.errors import Refused, Status, Unreachable
from hwbp.gdb import Tunnel, debug_url, open_socket
from hwbp.tests.server import socket_server


class Pipe:
    """gdb's side of the pipe."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.heard = bytearray()

    def read(self) -> bytes:
        return os.read(self._read, 100)

    def say(self, data: bytes) -> None:
        os.write(self._write, data)

    def leave(self) -> None:
        os.close(self._write)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for end in (made._read, made._write):
        try:
            os.close(end)
        except OSError:
            continue


def run(handle: Any, pipe: Pipe, face: str = "full") -> Status:
    with socket_server(handle) as url:
        server = Server(url, "secret")
        with open_socket(server, debug_url(server, "RUN", face)) as socket:
            return Tunnel(pipe.read, pipe.heard.extend).carry(socket)


def test_bytes_go_both_ways(pipe: Pipe) -> None:
    def echo(socket: ServerConnection) -> None:
        socket.send(b"+" + bytes(socket.recv()))
        socket.close(1000, "the run is over")

    pipe.say(b"$?#3f")
    run(echo, pipe)

    assert pipe.heard == b"+$?#3f"


def test_the_token_stands_in_a_header_and_not_in_the_address(pipe: Pipe) -> None:
    seen: list[Any] = []

    def look(socket: ServerConnection) -> None:
        seen.append(socket.request)
        socket.close(1000)

    run(look, pipe, "faithful")

    assert seen[0].headers["Authorization"] == "Bearer secret"
    assert seen[0].path == "/ws/runs/RUN/gdb/?face=faithful"


def test_words_for_people_do_not_reach_gdb(pipe: Pipe) -> None:
    def talk(socket: ServerConnection) -> None:
        socket.send('{"state": "attached"}')
        socket.send(b"$OK#9a")
        socket.close(1000)

    run(talk, pipe)

    assert pipe.heard == b"$OK#9a"


def test_gdb_may_leave(pipe: Pipe) -> None:
    closed = threading.Event()

    def wait(socket: ServerConnection) -> None:
        for _ in socket:
            continue
        closed.set()

    pipe.leave()

    assert run(wait, pipe) is Status.DONE
    assert closed.wait(5)


def test_a_gdb_that_is_killed_ends_it_too(pipe: Pipe) -> None:
    """It leaves unread bytes behind: reading fails instead of ending."""
    closed = threading.Event()

    def wait(socket: ServerConnection) -> None:
        for _ in socket:
            continue
        closed.set()

    def fail() -> bytes:
        raise ConnectionResetError

    pipe.read = fail

    assert run(wait, pipe) is Status.DONE
    assert closed.wait(5)


def test_a_pipe_that_broke_ends_it_too(pipe: Pipe) -> None:
    def fail(data: bytes) -> None:
        raise BrokenPipeError

    with socket_server(lambda socket: socket.send(b"$OK#9a")) as url:
        server = Server(url, "secret")
        with open_socket(server, debug_url(server, "RUN", "full")) as socket:
            assert Tunnel(pipe.read, fail).carry(socket) is Status.DONE


def test_what_gdb_repeated_before_the_first_answer_is_sent_once(pipe: Pipe) -> None:
    got = bytearray()

    def listen(socket: ServerConnection) -> None:
        got.extend(socket.recv())
        got.extend(socket.recv())
        socket.close(1000)

    pipe.say(b"+$qSupported:x+#cc$qSupported:x+#cc")
    threading.Timer(0.2, pipe.say, [b"$qSupported:x+#cc$?#3f"]).start()
    run(listen, pipe)

    assert got == b"+$qSupported:x+#cc$?#3f"


def test_what_gdb_repeats_later_is_sent_again(pipe: Pipe) -> None:
    got = bytearray()

    def listen(socket: ServerConnection) -> None:
        socket.send(b"+$#00")
        while len(got) < 8:
            got.extend(socket.recv())
        socket.close(1000)

    threading.Timer(0.2, pipe.say, [b"$?#3f$?#3f"]).start()
    run(listen, pipe)

    assert got == b"$?#3f" * 2


def test_gdb_is_kept_waiting_until_the_stub_speaks(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gdb, "_PATIENCE", 0.02)
    tunnel = Tunnel(pipe.read, pipe.heard.extend)

    def speak(socket: ServerConnection) -> None:
        time.sleep(0.2)
        socket.send(b"$OK#9a")
        time.sleep(0.1)
        socket.close(1000)

    with socket_server(speak) as url:
        server = Server(url, "secret")
        tunnel.wait_patiently()
        with open_socket(server, debug_url(server, "RUN", "full")) as socket:
            tunnel.carry(socket)

    assert re.fullmatch(rb"\+{3,}\$OK#9a", bytes(pipe.heard))


def test_the_end_of_the_run_is_no_error(
    pipe: Pipe, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(lambda socket: socket.close(1000, "the run is over"), pipe)

    assert (status, capsys.readouterr().err) == (Status.DONE, "hwbp: the run is over\n")


@pytest.mark.parametrize("code", [4401, 4403, 4404, 4409, 4410, 4422])
def test_a_refusal_is_said_in_the_servers_words(pipe: Pipe, code: int) -> None:
    with pytest.raises(Refused, match=r"bob \(gdb\) controls this run"):
        run(lambda s: s.close(code, "bob (gdb) controls this run"), pipe)


def test_a_lost_worker_is_said(pipe: Pipe) -> None:
    with pytest.raises(Unreachable, match="the worker was lost"):
        run(lambda s: s.close(1011, "the worker was lost"), pipe)


def test_a_connection_that_breaks_is_said(pipe: Pipe) -> None:
    def fall(socket: ServerConnection) -> None:
        socket.socket.shutdown(2)

    with pytest.raises(Unreachable, match="lost"):
        run(fall, pipe)


def test_nobody_there_is_said() -> None:
    server = Server("http://127.0.0.1:9", "secret")

    with pytest.raises(Unreachable):
        open_socket(server, debug_url(server, "RUN", "full"))
