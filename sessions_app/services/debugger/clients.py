"""Who can be at the other end: what the switchboard asks of a connection."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sessions_app.debug_wire import CloseCode
from sessions_app.runner import Waker

_INBOX = 64
_LOOK = 0.25


@dataclass(frozen=True, slots=True)
class Caller:
    """Who speaks, to which face of the stub, and by which way."""

    who: str
    face: str = "full"
    via: str = "gdb"

    @property
    def words(self) -> str:
        """For those who are refused."""
        return f"{self.who} ({self.via})"


class Client(Protocol):
    """One connection. All methods are called in the run's thread."""

    @property
    def caller(self) -> Caller: ...
    @property
    def line(self) -> socket.socket | None:
        """Its own socket, by which it speaks with the child. Then no Said comes of it,
        and nothing for data()."""
        ...

    def data(self, data: bytes) -> bool:
        """Bytes of the stub. False: it does not take them, hang up."""
        ...

    def facts(self) -> dict[str, Any]:
        """What else everybody may know of it."""
        ...

    def told(self, facts: dict[str, Any]) -> None:
        """How the machine stands, as everybody sees it."""
        ...

    def end(self, code: CloseCode, reason: str) -> None:
        """The last word; nothing follows."""
        ...

    def gone(self) -> None:
        """It went by itself: nobody hears a last word."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection was made."""

    client: Client


@dataclass(frozen=True, slots=True)
class Said:
    """It sent bytes."""

    client: Client
    data: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """It is closed from the other side."""

    client: Client


#: Where the answer to a question goes.
Reply = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A control command of REST or of the page."""

    request: dict[str, Any]
    reply: Reply


@dataclass(frozen=True, slots=True)
class ListenWanted:
    """Somebody wants to connect over TCP."""

    request: dict[str, Any]
    reply: Reply


Message = Opened | Said | Gone | Asked | ListenWanted


class Inbox:
    """Messages from the threads of connections to the thread of the run. When it is full
    its writers wait: so does whoever sends to them."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._queue: queue.Queue[Message] = queue.Queue(_INBOX)

    def put(self, message: Message, stopped: threading.Event) -> bool:
        """Leave a message. False, and it is not left, when stopped is set."""
        while not stopped.is_set():
            try:
                self._queue.put(message, timeout=_LOOK)
            except queue.Full:
                continue
            self._waker.wake()
            return True
        return False

    def take(self) -> list[Message]:
        """All that is there."""
        found: list[Message] = []
        while len(found) < _INBOX:
            try:
                found.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return found
