"""``hwbp gdb RUN``: gdb's pipe to a run, ``target remote | hwbp gdb RUN``.

What gdb writes goes into the run's websocket, what comes back goes to gdb. Words for
people go to stderr, which gdb shows.

gdb repeats a packet that is not acknowledged within 2 s, and is out of step when both
are answered. Until the stub's first word comes (the run may be queued) it is therefore
told '+' each second, which it takes for an acknowledgement and for patience, and what it
repeated already is sent once.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from hwbp.config import Server
from hwbp.errors import Refused, Status, Unreachable

_READ = 1 << 15
_DONE = 1000
#: Codes of docs/debugging.md that say no.
_REFUSALS = range(4400, 4500)
_PACKET = re.compile(rb"\$[^$#]*#[0-9a-fA-F]{2}")
_PATIENCE = 1.0

Read = Callable[[], bytes]
Write = Callable[[bytes], None]


def debug_url(server: Server, run: str, face: str) -> str:
    """The address of a run's debugger."""
    return f"{server.socket_url}/ws/runs/{run}/gdb/?{urlencode({'face': face})}"


def open_socket(server: Server, url: str) -> ClientConnection:
    """A websocket with the token. Raises Unreachable."""
    headers = {"Authorization": f"Bearer {server.token}"}
    try:
        return connect(url, additional_headers=headers, compression=None, max_size=None)
    except (OSError, InvalidHandshake, InvalidURI) as error:
        raise Unreachable(f"{server.url} cannot be reached: {error}") from error


class Tunnel:
    """Between gdb's pipe and a socket. read: b"" at the end."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write
        self._heard = threading.Event()
        """The stub has said something."""
        self._left = threading.Event()
        """gdb is gone."""
        self._writing = threading.Lock()
        self._sent: set[bytes] = set()

    def wait_patiently(self) -> None:
        """Begin to keep gdb waiting, until the stub speaks."""

        def tell() -> None:
            while not self._heard.is_set() and not self._left.is_set():
                with self._writing:
                    if not self._heard.is_set():
                        self._write(b"+")
                self._heard.wait(_PATIENCE)

        threading.Thread(target=tell, daemon=True).start()

    def carry(self, socket: ClientConnection) -> Status:
        """Pass bytes on until one side ends. Raises Refused, Unreachable."""
        threading.Thread(target=self._upwards, args=(socket,), daemon=True).start()
        try:
            while True:
                message = socket.recv()
                if isinstance(message, bytes):
                    self._hear(message)
        except ConnectionClosed as closed:
            return Status.DONE if self._left.is_set() else _ended(closed)
        except OSError:
            return Status.DONE  # gdb is gone
        finally:
            self._heard.set()

    def _hear(self, data: bytes) -> None:
        with self._writing:
            self._heard.set()
            self._write(data)

    def _upwards(self, socket: ClientConnection) -> None:
        try:
            while data := self._read():
                socket.send(data if self._heard.is_set() else self._once(data))
        except (OSError, ConnectionClosed):
            pass  # a gdb that is killed leaves a broken pipe; the end is the same
        finally:
            self._left.set()
            socket.close()

    def _once(self, data: bytes) -> bytes:
        def first(packet: re.Match[bytes]) -> bytes:
            known = packet[0] in self._sent
            self._sent.add(packet[0])
            return b"" if known else packet[0]

        return _PACKET.sub(first, data)


def _ended(closed: ConnectionClosed) -> Status:
    """What the server's last word means."""
    code = closed.rcvd.code if closed.rcvd else 1006
    reason = closed.rcvd.reason if closed.rcvd else ""
    if code == _DONE:
        sys.stderr.write(f"hwbp: {reason or 'the connection was closed'}\n")
        return Status.DONE
    if code in _REFUSALS:
        raise Refused(code, {"detail": reason})
    raise Unreachable(reason or "the connection was lost")


def run_gdb(server: Server, run: str, *, face: str) -> Status:
    """Be gdb's pipe. Raises Refused, Unreachable."""
    tunnel = Tunnel(lambda: os.read(0, _READ), _write_all)
    tunnel.wait_patiently()
    with open_socket(server, debug_url(server, run, face)) as socket:
        return tunnel.carry(socket)


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]
