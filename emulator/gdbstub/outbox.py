"""Packets on their way out: one in flight until the client acknowledges it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from emulator.gdbstub.actions import Action

#: gdb gives up after three; a line that needs more than this is no line.
MOST_RESENDS = 16


class Outbox:
    """What has been said but not heard. Actions wait for the packets before them:
    the machine goes on when the client knows."""

    def __init__(self) -> None:
        self.acknowledged = True
        """Whether the client sends acknowledgements."""
        self._queue: deque[bytes | Action] = deque()
        self._in_flight: bytes | None = None
        self._resends = 0

    @property
    def waits(self) -> bool:
        """An acknowledgement has to come first."""
        return self._in_flight is not None

    def put(self, items: Iterable[bytes | Action]) -> None:
        """Queue packets and actions."""
        self._queue.extend(items)

    def advance(self) -> list[bytes | Action]:
        """What is to be sent and done now."""
        due: list[bytes | Action] = []
        while self._queue and self._in_flight is None:
            item = self._queue.popleft()
            due.append(item)
            if isinstance(item, bytes) and self.acknowledged:
                self._in_flight, self._resends = item, 0
        return due

    def acknowledge(self) -> None:
        """The client has it."""
        self._in_flight = None

    def acknowledge_all(self) -> list[bytes | Action]:
        """The client goes on without acknowledging: the rest, unasked."""
        due = list(self._queue)
        self.clear()
        return due

    def resend(self) -> bytes | None:
        """The packet in flight again, or None when that was done often enough."""
        self._resends += 1
        return self._in_flight if self._resends <= MOST_RESENDS else None

    def clear(self) -> None:
        """Forget everything."""
        self._queue.clear()
        self._in_flight = None

    def drain(self) -> list[Action]:
        """Forget the packets; the actions that waited for them."""
        due = [item for item in self._queue if not isinstance(item, bytes)]
        self.clear()
        return due
