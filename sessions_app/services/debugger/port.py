"""A TCP port on the worker's loopback, for a gdb on the same machine. One client at a time.

Only 127.0.0.1: there is no password, whoever has an account on the machine may connect.
Therefore a run has a port only after its owner asked for one.
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
from sessions_app.services.debugger.clients import (
    Caller,
    Gone,
    Inbox,
    Message,
    Opened,
    Said,
)

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_READ = 1 << 16
#: A client that leaves this much unread is hung up on.
_MOST_UNREAD = 1 << 20
_LOOK = 1.0


class TcpClient:
    """clients.Client behind an accepted connection."""

    def __init__(self, sock: socket.socket, caller: Caller, waker: Waker) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.caller = caller
        self._waker = waker
        self._lock = threading.Lock()
        self._pending = bytearray()
        self._ending = False

    def data(self, data: bytes) -> bool:
        """Bytes of the stub."""
        with self._lock:
            self._pending += data
            self._send()
            waiting = len(self._pending)
        if waiting:
            self._waker.wake()
        return waiting <= _MOST_UNREAD

    def facts(self) -> dict[str, Any]:
        """Its breakpoints are between it and the stub."""
        return {}

    def told(self, facts: dict[str, Any]) -> None:
        """TCP has no way to say it."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close once everything is sent; TCP has no way to say why."""
        logger.info("%s: %s", self.caller.words, reason)
        with self._lock:
            self._ending = True
        self._waker.wake()

    @property
    def unsent(self) -> bool:
        """Whether the socket is full."""
        return bool(self._pending)

    @property
    def over(self) -> bool:
        """Whether everything was said."""
        return self._ending and not self._pending

    def flush(self) -> None:
        """Send what the socket takes now."""
        with self._lock:
            self._send()

    def _send(self) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                while self._pending:
                    del self._pending[: self.sock.send(self._pending)]
            except ConnectionError:
                self._pending.clear()


class DebugPort(threading.Thread):
    """Accepts and reads; what is sent is sent by the run's thread as far as it goes."""

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
        self._selector.register(self._server, selectors.EVENT_READ, "server")
        self._selector.register(self._waker.open(), selectors.EVENT_READ, "wake")

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
                self._look()
            self._linger()
        finally:
            self._selector.close()
            self._server.close()
            self._waker.close()

    def _look(self) -> None:
        for key, events in self._selector.select(_LOOK):
            if key.data == "server":
                self._accept()
            elif key.data == "wake":
                self._waker.drain()
            elif events & selectors.EVENT_READ:
                self._read()
        client = self._client
        if client is None:
            return
        client.flush()
        if client.over:
            self._drop()
        else:
            write = selectors.EVENT_WRITE if client.unsent else 0
            self._selector.modify(client.sock, selectors.EVENT_READ | write, "client")

    def _accept(self) -> None:
        try:
            sock, _ = self._server.accept()
        except OSError:
            return  # gone before it was let in
        if self._client is not None:
            logger.info("a second client on the port of a run is refused")
            sock.close()
            return
        self._client = TcpClient(sock, self._caller, self._waker)
        self._selector.register(sock, selectors.EVENT_READ, "client")
        self._put(Opened(self._client))

    def _read(self) -> None:
        client = self._client
        if client is None:
            return
        try:
            data = client.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._put(Said(client, data))
        else:
            self._put(Gone(client))
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._selector.unregister(client.sock)
            client.sock.close()

    def _linger(self) -> None:
        """Give the last words a moment to leave."""
        client = self._client
        if client is not None:
            client.sock.settimeout(_LOOK)
            with contextlib.suppress(OSError):
                client.flush()
            self._drop()

    def _put(self, message: Message) -> None:
        self._inbox.put(message, self._stopped)


def open_port(caller: Caller, inbox: Inbox) -> DebugPort:
    """A port that accepts. Raises OSError."""
    port = DebugPort(caller, inbox)
    port.start()
    return port
