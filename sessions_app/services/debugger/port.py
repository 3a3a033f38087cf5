"""A TCP port on the worker's loopback, for a gdb on the same machine. One client at a time.

Only 127.0.0.1: there is no password, whoever has an account on the machine may connect.
Therefore a run has a port only after its owner asked for one.

Who connects speaks with the child itself, which gets the socket. Here it is accepted, and
ended when it has to go.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from typing import Any

from sessions_app.debug_wire import CloseCode
from sessions_app.runner import Waker
from sessions_app.services.debugger.clients import Caller, Inbox, Opened

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"


class TcpClient:
    """clients.Client behind an accepted connection."""

    def __init__(self, sock: socket.socket, caller: Caller) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = sock
        self.caller = caller
        self.over = False
        """It has been ended: the next one may come."""

    def data(self, data: bytes) -> bool:
        """Nothing comes this way: the child has the socket."""
        return False

    def facts(self) -> dict[str, Any]:
        """Its breakpoints are between it and the stub."""
        return {}

    def told(self, facts: dict[str, Any]) -> None:
        """TCP has no way to say it."""

    def gone(self) -> None:
        """The child sees that, and says so."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close behind what was sent, for the child too; TCP has no way to say why."""
        if self.over:
            return
        logger.info("%s: %s", self.caller.words, reason)
        with contextlib.suppress(OSError):  # the other side was faster
            self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()
        self.over = True


class DebugPort(threading.Thread):
    """Accepts."""

    def __init__(self, caller: Caller, inbox: Inbox) -> None:
        """Raises OSError when there is no port."""
        super().__init__(name="debug-port", daemon=True)
        self._caller = caller
        self._inbox = inbox
        self._stopped = threading.Event()
        self._waker = Waker()
        self._selector = selectors.DefaultSelector()
        self._server = socket.create_server((HOST, 0), backlog=4)
        self._client: TcpClient | None = None
        self._server.setblocking(False)
        self._selector.register(self._server, selectors.EVENT_READ)
        self._selector.register(self._waker.open(), selectors.EVENT_READ)

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect."""
        host, port = self._server.getsockname()
        return str(host), int(port)

    def stop(self) -> None:
        """End and wait; what was said is still sent."""
        self._stopped.set()
        self._waker.wake()
        self.join()

    def run(self) -> None:
        """The thread."""
        try:
            while not self._stopped.is_set():
                self._selector.select()
                self._accept()
        finally:
            if self._client is not None:
                self._client.end(CloseCode.OVER, "the port is closed")
            self._selector.close()
            self._server.close()
            self._waker.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._server.accept()
        except OSError:
            return  # the waker; or gone before it was let in
        if self._client is not None and not self._client.over:
            logger.info("a second client on the port of a run is refused")
            sock.close()
            return
        sock.setblocking(False)
        self._client = TcpClient(sock, self._caller)
        self._inbox.put(Opened(self._client), self._stopped)


def open_port(caller: Caller, inbox: Inbox) -> DebugPort:
    """A port that accepts. Raises OSError."""
    port = DebugPort(caller, inbox)
    port.start()
    return port
