"""The worker's end of connections over Redis."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from hwbpweb.redis import redis_client
from sessions_app import debug_wire
from sessions_app.debug_wire import (
    CloseCode,
    Kind,
    Word,
    inbox_key,
    json_bytes,
    outbox_key,
    pack_back,
    presence_key,
    unpack_back,
    unpack_word,
)
from sessions_app.runner import Waker
from sessions_app.services.debugger import DebugLink, Inbox, Outbox, link
from sessions_app.services.debugger.clients import (
    Asked,
    Caller,
    Gone,
    ListenWanted,
    Message,
    Opened,
    Said,
)
from sessions_app.tests.debugger.desk import until

pytestmark = pytest.mark.usefixtures("redis_server")
ALICE = {"who": "alice", "face": "full", "via": "gdb"}


class Link:
    """A link, what came in, and the web's side of the lists."""

    def __init__(self) -> None:
        self.run = uuid4()
        self.connection = uuid4()
        self.inbox = Inbox(Waker())
        self.outbox = Outbox(self.run)
        self.thread = DebugLink(self.run, self.inbox, self.outbox)
        self.thread.start()
        self.messages: list[Message] = []

    def say(self, kind: Kind, payload: bytes = b"", who: UUID | None = None) -> None:
        word = Word(who or self.connection, kind, payload)
        with redis_client() as client:
            client.rpush(inbox_key(self.run), word.pack())

    def until(self, kind: type) -> Any:
        def there() -> bool:
            self.messages += self.inbox.take()
            return any(isinstance(m, kind) for m in self.messages)

        assert until(there), self.messages
        return next(m for m in self.messages if isinstance(m, kind))

    def opened(self) -> Any:
        self.say(Kind.OPEN, json_bytes(ALICE))
        return self.until(Opened).client

    def back(self) -> list[tuple[Kind, bytes]]:
        """What a connection would get."""
        with redis_client() as client:
            entries = client.lrange(outbox_key(self.run, self.connection), 0, -1)
        return [unpack_back(entry) for entry in entries]


@pytest.fixture
def line() -> Iterator[Link]:
    made = Link()
    yield made
    made.thread.stop()
    made.outbox.close()


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.DATA, Kind.CLOSE, Kind.ASK])
def test_a_word_is_unpacked_as_it_was_packed(kind: Kind) -> None:
    word = Word(uuid4(), kind, bytes(range(256)))

    assert unpack_word(word.pack()) == word


def test_a_back_entry_is_unpacked_as_it_was_packed() -> None:
    assert unpack_back(pack_back(Kind.OUT, b"$OK#9a")) == (Kind.OUT, b"$OK#9a")


def test_a_connection_is_heard_with_its_name(line: Link) -> None:
    assert line.opened().caller == Caller("alice", "full", "gdb")


def test_its_bytes_are_heard(line: Link) -> None:
    client = line.opened()
    line.say(Kind.DATA, b"$g#67")

    said = line.until(Said)
    assert (said.client, said.data) == (client, b"$g#67")


def test_its_end_is_heard(line: Link) -> None:
    client = line.opened()
    line.say(Kind.CLOSE)

    assert line.until(Gone).client is client


def test_words_are_heard_at_once(line: Link) -> None:
    """Nothing here looks again after a while: it is woken."""
    line.opened()
    line.say(Kind.DATA, b"x")

    assert until(lambda: isinstance(line.until(Said), Said), 0.1)


def test_bytes_of_the_stub_go_to_their_connection(line: Link) -> None:
    line.opened().data(b"$OK#9a")

    assert line.back() == [(Kind.OUT, b"$OK#9a")]


def test_the_last_word_has_a_code_and_a_reason(line: Link) -> None:
    line.opened().end(CloseCode.REFUSED, "bob (gdb) controls this run")

    [(kind, payload)] = line.back()
    assert kind is Kind.END
    assert json.loads(payload) == {
        "code": 4409,
        "reason": "bob (gdb) controls this run",
    }


def test_a_connection_of_the_worker_before_is_told_to_come_again(line: Link) -> None:
    line.say(Kind.DATA, b"$g#67")

    assert until(lambda: line.back())
    [(kind, payload)] = line.back()
    assert (kind, json.loads(payload)["code"]) == (Kind.END, CloseCode.LOST)


def test_a_reader_that_does_not_come_is_given_up(line: Link) -> None:
    client = line.opened()

    taken = [client.data(b"x") for _ in range(4 * debug_wire.FULL + 1)]

    assert (taken[0], taken[-1]) == (True, False)


def test_a_web_process_that_died_is_missed(line: Link, monkeypatch: Any) -> None:
    monkeypatch.setattr(link, "TOUCH", 0)
    monkeypatch.setattr(link, "_LISTEN", 0.05)
    client = line.opened()

    assert line.until(Gone).client is client


def test_one_that_says_it_is_there_is_not_missed(line: Link, monkeypatch: Any) -> None:
    with redis_client() as client:
        client.set(presence_key(line.run, line.connection), "1", ex=20)
    monkeypatch.setattr(link, "TOUCH", 0)
    line.opened()
    line.say(Kind.DATA, b"x")
    line.until(Said)

    assert not any(isinstance(m, Gone) for m in line.messages)


@pytest.mark.parametrize(
    ("kind", "message"), [(Kind.ASK, Asked), (Kind.LISTEN, ListenWanted)]
)
def test_a_question_is_answered_to_who_asked(
    line: Link, kind: Kind, message: type
) -> None:
    line.say(kind, json_bytes({"do": "step", "who": "alice"}))

    asked = line.until(message)
    asked.reply({"ok": True})

    assert line.back() == [(Kind.ANSWER, b'{"ok":true}')]


def test_what_nobody_comes_for_fades(line: Link) -> None:
    line.opened().data(b"$OK#9a")

    with redis_client() as client:
        assert 0 < client.ttl(outbox_key(line.run, line.connection)) <= debug_wire.KEPT


def test_stopping_takes_no_time(line: Link) -> None:
    stopping = threading.Thread(target=line.thread.stop)
    stopping.start()
    stopping.join(0.5)

    assert not stopping.is_alive()


def came_too_late(line: Link, kind: Kind) -> tuple[Kind, bytes]:
    """The answer to a word that was taken from the list, and then the link was stopped."""
    while line.inbox.put(Gone(line), threading.Event()) and len(line.messages) < 63:
        line.messages.append(Gone(line))
    line.say(kind, json_bytes(ALICE))
    with redis_client() as client:
        assert until(lambda: not client.exists(inbox_key(line.run)))
    line.thread.stop()
    [(answer, payload)] = line.back()
    return answer, payload


def test_who_comes_when_the_worker_leaves_is_told_to_come_again(line: Link) -> None:
    kind, payload = came_too_late(line, Kind.OPEN)

    assert (kind, json.loads(payload)["code"]) == (Kind.END, CloseCode.LOST)


def test_who_asks_when_the_worker_leaves_is_answered(line: Link) -> None:
    kind, payload = came_too_late(line, Kind.ASK)

    assert (kind, json.loads(payload)["code"]) == (Kind.ANSWER, "run_not_active")


def test_a_lost_redis_is_found_again(line: Link, monkeypatch: Any) -> None:
    monkeypatch.setattr(link, "_LISTEN", 0.05)
    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)

    assert line.opened().caller.who == "alice"


def test_a_line_that_the_web_offers_is_taken(line: Link, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "line"))
        server.listen()
        line.say(Kind.OPEN, json_bytes(ALICE | {"line": str(tmp_path / "line")}))
        client = line.until(Opened).client
        client.line.send(b"+")
        with server.accept()[0] as web:
            assert web.recv(1) == b"+"
        client.gone()

    assert line.back() == []


def test_a_line_that_cannot_be_reached_is_told(line: Link, tmp_path: Path) -> None:
    line.say(Kind.OPEN, json_bytes(ALICE | {"line": str(tmp_path / "nowhere")}))

    assert line.until(Opened).client.line is None
    assert line.back() == [(Kind.LISTS, b"")]


def test_the_end_of_a_line_comes_with_the_last_word(line: Link, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "line"))
        server.listen()
        line.say(Kind.OPEN, json_bytes(ALICE | {"line": str(tmp_path / "line")}))
        line.until(Opened).client.end(CloseCode.DONE, "the run is over")
        with server.accept()[0] as web:
            assert web.recv(1) == b""
