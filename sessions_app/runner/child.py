"""The parent's end of a limited child process: pipes, limits, death. What goes to the
child goes over a socket, so that descriptors can go with it.

The child gets an empty environment, its own limits and no files but its pipes. It dies
with its parent: by PR_SET_PDEATHSIG on Linux, and everywhere because it ends when its
stdin does.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sessions_app.runner.waker import Waker

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
CHILD = (sys.executable, "-E", "-s", "-m", "emulator.child")

#: Python, its libraries, the translator's buffers: address space beyond guest memory.
MARGIN = 2 << 30
_READ = 1 << 20
_WRITE = 1 << 16
_PIPE = 1 << 20
_LOG_TAIL = 4096
_PR_SET_PDEATHSIG = 1

# Loaded before any fork: between fork and exec nothing may take a lock.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What the kernel enforces on the child; address_space in bytes, cpu in seconds."""

    address_space: int
    files: int = 64
    cpu: int | None = None


def _before_exec(limits: ChildLimits, parent: int) -> Callable[[], None]:
    wanted = {
        resource.RLIMIT_AS: limits.address_space,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.files,
    }
    if limits.cpu is not None:
        wanted[resource.RLIMIT_CPU] = limits.cpu

    def lower() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        for number, value in wanted.items():
            hard = resource.getrlimit(number)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            # macOS refuses RLIMIT_AS; the recipe's own limits still hold there.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(number, (value, value))

    return lower


@dataclass(slots=True)
class _Piece:
    """Bytes for the child, and a socket that goes with the first of them."""

    data: memoryview
    line: socket.socket | None = None

    def close(self) -> None:
        """The child has it now, or never gets it."""
        if self.line is not None:
            self.line.close()
            self.line = None


def _widen(pipe: int) -> None:
    """Let the child go on while its parent waits for the database, where that is possible."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


class Child:
    """A started child. Not thread-safe: one thread reads, writes and waits."""

    def __init__(self, command: Sequence[str], limits: ChildLimits) -> None:
        self._command = command
        self._limits = limits
        self._outgoing: deque[_Piece] = deque()
        self._selector = selectors.DefaultSelector()
        self._log = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._in: socket.socket | None = None
        self._closing = False
        self._waker: Waker | None = None

    def start(self) -> None:
        """Fork and execute. Call from the main thread where that is possible: the
        kernel takes the death of the forking thread for the death of the parent."""
        self._in, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                self._command,
                cwd=PROJECT_DIR,
                env={},
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                preexec_fn=_before_exec(self._limits, os.getpid()),
            )
        self._process = process
        self._in.setblocking(False)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        _widen(self._out)
        self._selector.register(self._out, selectors.EVENT_READ, "out")
        self._selector.register(self._err, selectors.EVENT_READ, "err")

    def listen_to(self, waker: Waker) -> None:
        """Let another thread end a read() early, for something is to be sent."""
        self._waker = waker
        self._selector.register(waker.open(), selectors.EVENT_READ, "wake")

    @property
    def unsent(self) -> int:
        """Bytes queued that the child has not taken yet."""
        return sum(len(piece.data) for piece in self._outgoing)

    @property
    def pid(self) -> int:
        """Process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_tail(self) -> str:
        """The last of what the child wrote to stderr."""
        return self._log.decode("utf-8", "replace").strip()

    @property
    def _out(self) -> int:
        assert self._process is not None and self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def _err(self) -> int:
        assert self._process is not None and self._process.stderr is not None
        return self._process.stderr.fileno()

    def send(self, data: bytes, line: socket.socket | None = None) -> None:
        """Bytes for the child's stdin: what it takes now, the rest by read(). line: a
        socket that the child gets with the first of them; it is closed here."""
        piece = _Piece(memoryview(data), line)
        if self._closing or not data:
            piece.close()
            return
        self._outgoing.append(piece)
        if len(self._outgoing) > 1:
            return
        # Most of what is sent is taken at once: then nobody needs to look again.
        self._write()
        if self._outgoing and self._in is not None:
            self._selector.register(self._in, selectors.EVENT_WRITE, "in")

    def read(self, timeout: float) -> bytes | None:
        """Up to 1 MiB of stdout; b"" when the time is over or the waker was called,
        None at its end."""
        received = b""
        for key, _ in self._selector.select(timeout):
            if key.data == "in":
                self._write()
                if not self._outgoing:
                    self._selector.unregister(key.fileobj)
            elif key.data == "err":
                self._take_log()
            elif key.data == "wake":
                assert self._waker is not None
                self._waker.drain()
            else:
                received = os.read(self._out, _READ)
                if not received:
                    self._selector.unregister(self._out)
                    return None
        return received

    def _write(self) -> None:
        """What the child takes of what waits."""
        assert self._in is not None
        try:
            while self._outgoing:
                self._outgoing[0] = self._written(self._in, self._outgoing[0])
                if not self._outgoing[0].data:
                    self._outgoing.popleft()
        except BlockingIOError:
            return
        except OSError:
            # The child is gone or does not listen; its end is seen at stdout.
            self._drop_outgoing()
            self._closing = True

    @staticmethod
    def _written(to: socket.socket, piece: _Piece) -> _Piece:
        data = piece.data[:_WRITE]
        if piece.line is None:
            sent = to.send(data)
        else:
            sent = socket.send_fds(to, [data], [piece.line.fileno()])
            piece.close()
        return _Piece(piece.data[sent:])

    def _drop_outgoing(self) -> None:
        for piece in self._outgoing:
            piece.close()
        self._outgoing.clear()

    def _take_log(self) -> None:
        data = os.read(self._err, _READ)
        if not data:
            self._selector.unregister(self._err)
        self._log = (self._log + data)[-_LOG_TAIL:]

    def kill(self) -> None:
        """End it now."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def wait(self, timeout: float) -> int:
        """The exit status (negative: the signal); kills a child that does not end."""
        assert self._process is not None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """Kill what still runs and release the pipes."""
        self._selector.close()
        self._drop_outgoing()
        if self._in is not None:
            self._in.close()
        if self._waker is not None:
            self._waker.close()
        if self._process is None:
            return
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
