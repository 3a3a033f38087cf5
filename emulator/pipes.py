"""The child's ways out: frames to and from the worker, and a debugger's own line.

Beside emulator.child and emulator.pipe_control the only file of the package that knows
descriptors and locks.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import threading
from collections import deque
from contextlib import suppress

from emulator.wire import FrameParser, FrameType

_READ = 1 << 16
#: Descriptors that may come with one piece of stdin.
_MOST_LINES = 4
#: A debugger that leaves this many bytes unread is hung up on.
_MOST_UNREAD = 1 << 20


class Pipes:
    """stdin and stdout as frames; nothing else may write to stdout."""

    def __init__(self) -> None:
        self._in = os.dup(0)
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._parser = FrameParser()
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        # A worker passes descriptors along: its end is a socket. Others give a pipe.
        passes = stat.S_ISSOCK(os.fstat(self._in).st_mode)
        self._socket = socket.socket(fileno=self._in) if passes else None
        self._lines: deque[int] = deque()

    def frames(self) -> list[tuple[FrameType, bytes]] | None:
        """The next frames; None at the end of stdin. Raises WireError."""
        data = self._read()
        if not data:
            return None
        return list(self._parser.feed(data))

    def _read(self) -> bytes:
        if self._socket is None:
            return os.read(self._in, _READ)
        data, lines, _, _ = socket.recv_fds(self._socket, _READ, _MOST_LINES)
        self._lines.extend(lines)
        return data

    def line(self) -> Line | None:
        """The socket that came with the frame just read."""
        return Line(self._lines.popleft()) if self._lines else None

    def send(self, frame: bytes) -> None:
        """Write one frame whole, after those that wait. A parent that is gone ends this
        process."""
        with self._lock:
            self._waiting.append(frame)
            view = memoryview(b"".join(self._waiting))
            self._waiting.clear()
            while view:
                try:
                    view = view[os.write(self._out, view) :]
                except BrokenPipeError:
                    os._exit(0)

    def send_later(self, frame: bytes) -> None:
        """The frame leaves with the next one, or with flush()."""
        with self._lock:
            self._waiting.append(frame)

    def flush(self) -> None:
        """Let leave what waits."""
        if self._waiting:
            self.send(b"")


class Line:
    """A socket to a debugger, of which the worker has no part but its end."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._unsent = bytearray()
        self.was_given_up = False
        """The debugger does not read."""

    def fileno(self) -> int:
        """For poll()."""
        return self._socket.fileno()

    @property
    def is_full(self) -> bool:
        """Something waits for room in the socket."""
        return bool(self._unsent)

    @property
    def has_left(self) -> bool:
        """The debugger has closed its end, whatever it said before; where the system
        cannot tell, reading does."""
        ended = getattr(select, "POLLRDHUP", 0)
        poll = select.poll()
        poll.register(self._socket, ended)
        return bool(poll.poll(0))

    def read(self) -> bytes | None:
        """What has come; None when nothing has, b"" when nothing more will."""
        try:
            return self._socket.recv(_READ)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Send what the socket takes, keep the rest for flush(). A debugger that does
        not read is hung up on: read() tells of its end."""
        self._unsent += data
        self.flush()
        if len(self._unsent) > _MOST_UNREAD:
            self._unsent.clear()
            self.was_given_up = True
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def flush(self) -> None:
        """Send what is left."""
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()

    def close(self) -> None:
        """This end is done."""
        self._socket.close()
