"""One POST: what is taken for delivered, and what ends it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from sessions_app.services.webhooks import post as sending
from sessions_app.services.webhooks.address import read_url
from sessions_app.services.webhooks.post import NotDelivered, post
from sessions_app.tests.webhooks.receiver import Receiver, receiver

pytestmark = pytest.mark.usefixtures("loopback")


def sent(url: str) -> int:
    return post(read_url(url), b"{}", {"Content-Type": "application/json"})


@contextmanager
def talker(*pieces: bytes, forever: bytes = b"") -> Iterator[str]:
    """Accepts one connection and sends what it is told to, then a byte now and then."""
    done = threading.Event()

    def talk(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
            while forever and not done.wait(0.05):
                connection.sendall(forever)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_taken(status: int) -> None:
    with receiver(status) as there:
        assert sent(there.url) == status


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_refused(status: int) -> None:
    with receiver(status) as there, pytest.raises(NotDelivered) as refused:
        sent(there.url)

    assert refused.value.status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(there: Receiver, status: int) -> None:
    with receiver(status) as first:
        first.location = there.url
        with pytest.raises(NotDelivered, match="redirect"):
            sent(first.url)

    assert there.got == []


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"

    with pytest.raises(NotDelivered, match="nobody listens"):
        sent(url)


@pytest.mark.parametrize("host", ["nowhere.invalid", f"{'a' * 64}.example.org", "a..b"])
def test_a_name_that_is_none(host: str) -> None:
    with pytest.raises(NotDelivered, match="does not resolve"):
        sent(f"http://{host}/")


def test_an_address_of_the_inside_hears_nothing(settings: Any) -> None:
    with receiver() as there:
        settings.WEBHOOK_NETWORKS = []
        with pytest.raises(NotDelivered, match="no public address"):
            sent(there.url)

    assert there.got == []


def test_what_is_not_http() -> None:
    with (
        talker(b"220 mail.example.org ESMTP\r\n") as url,
        pytest.raises(NotDelivered, match="not HTTP"),
    ):
        sent(url)


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(NotDelivered, match="no answer within"),
    ):
        sent(f"http://127.0.0.1:{server.getsockname()[1]}/")


def test_an_answer_that_trickles_in_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never does."""
    monkeypatch.setattr(sending, "PATIENCE", 0.5)
    with (
        talker(b"HTTP/1.1 200 OK\r\nX-Long: ", forever=b"a") as url,
        pytest.raises(NotDelivered, match="no answer within"),
    ):
        sent(url)


def test_a_body_without_end_is_not_read() -> None:
    with talker(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"a" * 65536) as url:
        assert sent(url) == 200


def test_tls_with_a_stranger_is_refused() -> None:
    """A server that speaks no TLS, or whose certificate nobody signed."""
    with receiver() as there, pytest.raises(NotDelivered, match="TLS"):
        sent(there.url.replace("http://", "https://"))
