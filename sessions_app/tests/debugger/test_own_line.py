"""A debugger whose socket the child has: its bytes, its end, its log."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from hwbp.rsp import frame
from sessions_app.debug_wire import CloseCode
from sessions_app.services.debugger.clients import Caller, Opened
from sessions_app.services.debugger.port import TcpClient
from sessions_app.tests.debugger.desk import LiveRun, until
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS, assembled, job_of


class Told(TcpClient):
    """Remembers why it was ended."""

    code: CloseCode | None = None

    def end(self, code: CloseCode, reason: str) -> None:
        self.code = self.code or code
        super().end(code, reason)


class Wired:
    """A gdb at one end of a connection, what the port makes of it at the other."""

    def __init__(self, live: LiveRun, who: str = "alice") -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.gdb = socket.create_connection(server.getsockname(), timeout=5)
            accepted, _ = server.accept()
        accepted.setblocking(False)
        self.client = Told(accepted, Caller(who, "full", "TCP"))
        live.put(Opened(self.client))
        self.say(b"QStartNoAckMode")
        self.until(b"OK#9a")

    def close(self) -> None:
        """Both ends."""
        self.gdb.close()
        self.client.end(CloseCode.DONE, "the test is over")

    def say(self, packet: bytes) -> None:
        self.gdb.sendall(frame(packet))

    def until(self, words: bytes) -> bytes:
        """What was heard up to and with these words."""
        heard = b""
        while words not in heard:
            found = self.gdb.recv(1 << 16)
            assert found, heard
            heard += found
        return heard


Connect = Callable[..., Wired]


@pytest.fixture
def connect() -> Iterator[Connect]:
    made: list[Wired] = []

    def connected(live: LiveRun, who: str = "alice") -> Wired:
        made.append(Wired(live, who))
        return made[-1]

    yield connected
    for wired in made:
        wired.close()


@pytest.fixture
def endless() -> Iterator[LiveRun]:
    live = LiveRun(job_of(ENDLESS))
    yield live
    live.cancel()


def test_it_is_answered(endless: LiveRun, connect: Connect) -> None:
    wired = connect(endless)
    wired.say(b"p10")

    rip = assembled(ENDLESS)[2]["_start"].to_bytes(8, "little").hex().encode()
    assert rip in wired.until(rip)


def test_ctrl_c_stops_the_machine(endless: LiveRun, connect: Connect) -> None:
    wired = connect(endless)
    wired.say(b"vCont;c")
    assert until(lambda: endless.desk.board.facts.get("state") == "running")

    wired.gdb.sendall(b"\x03")

    assert wired.until(b"T02")


def test_each_message_is_logged(endless: LiveRun, connect: Connect) -> None:
    wired = connect(endless)
    wired.say(b"vCont?")
    wired.until(b"vCont;c")

    def there() -> bool:
        endless.desk.board.keep()
        return len(endless.desk.log.stored) == 3

    assert until(there)
    assert [line.do for line in endless.desk.log.stored] == ["open", "data", "data"]


def test_when_it_leaves_the_next_may_come(endless: LiveRun, connect: Connect) -> None:
    first = connect(endless, "alice")
    first.gdb.close()
    assert until(lambda: first.client.over)
    assert first.client.code is CloseCode.DONE

    connect(endless, "bob")

    assert until(lambda: endless.desk.board.facts.get("who") == "bob")


def test_when_it_leaves_a_running_machine_it_is_missed(
    endless: LiveRun, connect: Connect
) -> None:
    wired = connect(endless)
    wired.say(b"vCont;c")
    assert until(lambda: endless.desk.board.facts.get("state") == "running")

    wired.gdb.close()

    assert until(lambda: wired.client.over)


def test_the_machine_runs_on_without_it(connect: Connect) -> None:
    live = LiveRun(job_of(COUNTED))
    wired = connect(live)
    wired.say(b"Z0,%x,1" % assembled(COUNTED)[2]["again"])
    wired.gdb.close()

    assert live.end().outcome == "completed"


def test_the_end_of_the_program_is_told(connect: Connect) -> None:
    live = LiveRun(job_of(COUNTED))
    wired = connect(live)

    wired.say(b"vCont;c")

    assert b"$W00#b7" in wired.until(b"#b7")
    assert live.end().outcome == "completed"
    assert wired.gdb.recv(1) == b""


def test_one_that_is_ended_here_is_gone_for_the_child(connect: Connect) -> None:
    live = LiveRun(job_of(COUNTED))
    wired = connect(live)

    wired.client.end(CloseCode.DONE, "no more")

    assert live.end().outcome == "completed"


def test_one_that_never_reads_is_hung_up_on(endless: LiveRun, connect: Connect) -> None:
    wired = connect(endless)
    again = assembled(ENDLESS)[2]["again"]
    wired.gdb.setblocking(False)
    deadline = time.monotonic() + 20
    packets = frame(b"m%x,1000" % again) * 50
    while not wired.client.over and time.monotonic() < deadline:
        try:
            wired.gdb.send(packets)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break

    assert until(lambda: wired.client.over)
    assert wired.client.code is CloseCode.BROKEN
