"""One POST to an address that was checked: short, bounded, no redirects."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from sessions_app.services.webhooks.address import (
    AddressForbidden,
    Target,
    resolve,
)

#: Seconds for connecting, sending and the answer together, whatever trickles in.
PATIENCE = 10.0
#: Bytes of the answer's body that are taken, and thrown away.
_MAX_ANSWER = 16 << 10
_REDIRECTS = range(300, 400)


class NotDelivered(Exception):
    """Why it was not taken, in words for the owner; status when there was an answer."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send and return the status, 200 to 299. Raises NotDelivered."""
    try:
        places = resolve(target)
    except AddressForbidden as error:
        raise NotDelivered(str(error)) from error
    except OSError as error:
        raise NotDelivered("the host's name does not resolve") from error
    status = _status(target, places, body, headers)
    if status in _REDIRECTS:
        raise NotDelivered("a redirect is not followed", status)
    if not 200 <= status < 300:
        raise NotDelivered("the receiver refused it", status)
    return status


def _status(
    target: Target,
    places: list[tuple[socket.AddressFamily, str]],
    body: bytes,
    headers: Mapping[str, str],
) -> int:
    cut = threading.Event()
    try:
        with _connected(target, places) as raw, _deadline(raw, cut):
            return _exchange(target, raw, body, headers, cut)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if cut.is_set() or isinstance(error, TimeoutError):
            raise NotDelivered(f"no answer within {PATIENCE:.0f} s") from error
        raise NotDelivered(_words(error)) from error


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'failed'}"[:200]
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, OSError):
        return f"the connection failed: {error.strerror or 'closed'}"[:200]
    return "the answer is not HTTP"


@contextmanager
def _connected(
    target: Target, places: list[tuple[socket.AddressFamily, str]]
) -> Iterator[socket.socket]:
    """A connection to the first that answers."""
    wrong: OSError | None = None
    for family, place in places[:4]:
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.settimeout(PATIENCE / 2)
        try:
            raw.connect((place, target.port))
        except OSError as error:
            raw.close()
            wrong = error
            continue
        with raw:
            yield raw
        return
    raise wrong or OSError("the host has no address")


@contextmanager
def _deadline(raw: socket.socket, cut: threading.Event) -> Iterator[None]:
    """The connection ends in time: a timeout of a socket is for each read alone, and a
    receiver may send a byte every few seconds. Through a second descriptor, because TLS
    takes the first over."""
    with raw.dup() as other:

        def end() -> None:
            cut.set()
            with suppress(OSError):
                other.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(PATIENCE, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _exchange(
    target: Target,
    raw: socket.socket,
    body: bytes,
    headers: Mapping[str, str],
    cut: threading.Event,
) -> int:
    raw.settimeout(PATIENCE)
    stream = raw
    if target.scheme == "https":
        context = ssl.create_default_context()
        stream = context.wrap_socket(raw, server_hostname=target.host)
    with stream:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = stream
        connection.putrequest(
            "POST", target.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in (
            ("Host", target.authority),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *headers.items(),
        ):
            connection.putheader(name, value)
        connection.endheaders(body)
        with connection.getresponse() as answer:
            if cut.is_set():  # headers that were cut off look like headers that ended
                raise TimeoutError
            with suppress(OSError, http.client.HTTPException):
                answer.read(_MAX_ANSWER)
            return answer.status
