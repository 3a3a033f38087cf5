"""Ends a select() in another thread."""

from __future__ import annotations

import contextlib
import os
import threading


class Waker:
    """A pipe to itself. Waking one that is not open is nothing: nobody sleeps there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None

    def open(self) -> int:
        """The descriptor that becomes readable."""
        ends = os.pipe()
        for end in ends:
            os.set_blocking(end, False)
        with self._lock:
            self._ends = ends
        return ends[0]

    def wake(self) -> None:
        """End the select(), now or the next one. From any thread."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if self._ends is not None:
                os.write(self._ends[1], b"\0")

    def drain(self) -> None:
        """Sleep again."""
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._ends[0], 4096)

    def close(self) -> None:
        """Give the pipe back."""
        with self._lock:
            ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)
