"""Keeps a few programs running, and leaves none behind. Standard library only.

Each program is the leader of its own process group, so that its children can be ended
with it. Against the supervisor's own sudden death: the kernel kills the leaders
(PR_SET_PDEATHSIG, Linux), and the guardian kills the groups (everywhere).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec nothing may take a lock.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
#: After this long a program counts as well, and its next death is its first again.
SETTLED = 20.0
_TICK = 0.5


def die_with_parent(parent: int) -> None:
    """In a child between fork and exec: SIGKILL when the thread that forked dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@dataclass
class Program:
    """What to run, and how it wants to be ended."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 5.0
    last: bool = False
    """Ended after all others: they need it until then."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    delay: float = FIRST_DELAY
    start_at: float = field(default=0.0)

    @property
    def is_running(self) -> bool:
        """Whether its leader lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts, watches, restarts, ends. Use from the main thread: the kernel ties a
    child to the thread that forked it."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.programs: list[Program] = []
        self._say = say
        self._parent = os.getpid()
        self._signals = 0
        reading, self._wake = os.pipe()
        self._wakeups = reading
        for end in (reading, self._wake):
            os.set_blocking(end, False)
        script = Path(__file__).with_name("guardian.py")
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def catch_signals(self) -> None:
        """SIGINT and SIGTERM end the watch; SIGCHLD wakes it."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._caught)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _caught(self, number: int, _frame: object) -> None:
        self._signals += 1

    @property
    def is_ending(self) -> bool:
        """Whether a person or the system asked for the end."""
        return self._signals > 0

    def start(self, program: Program) -> None:
        """Start a program and watch it from now on."""
        if program not in self.programs:
            self.programs.append(program)
        parent = self._parent
        program.process = subprocess.Popen(
            program.command,
            env=dict(program.environ),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),
        )
        program.started = time.monotonic()
        self._tell(f"+{program.process.pid}")

    def _tell(self, line: str) -> None:
        stdin = self._guardian.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"{line}\n".encode())
            stdin.flush()

    def wait(self, seconds: float) -> None:
        """Until a signal (of a child too) or the time is over."""
        select.select([self._wakeups], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeups, 512)

    def watch(self) -> None:
        """Restart what dies, with growing pauses, until a signal asks for the end."""
        while not self.is_ending:
            for program in self.programs:
                self._look_after(program)
            self.wait(_TICK)

    def _look_after(self, program: Program) -> None:
        now = time.monotonic()
        if program.process is not None and not program.is_running:
            self._bury(program)
            if now - program.started > SETTLED:
                program.delay = FIRST_DELAY
            program.start_at = now + program.delay
            program.delay = min(2 * program.delay, LONGEST_DELAY)
        if program.process is None and now >= program.start_at:
            self.start(program)

    def _bury(self, program: Program) -> None:
        """The leader is dead: end what is left of its group."""
        assert program.process is not None
        group, status = program.process.pid, program.process.returncode
        _kill_group(group, signal.SIGKILL)
        self._tell(f"-{group}")
        program.process = None
        if not self.is_ending:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            pause = f"{program.delay:.1f} s"
            self._say(f"{program.name} ended ({how}); starting again in {pause}.")

    def end(self) -> None:
        """End all programs; a second signal ends them at once."""
        asked = self._signals
        for group in (
            [p for p in self.programs if not p.last],
            [p for p in self.programs if p.last],
        ):
            self._end(group, asked)
        stdin = self._guardian.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError):
            stdin.close()
        self._guardian.wait()

    def _end(self, programs: list[Program], asked: int) -> None:
        for program in programs:
            if program.process is not None and program.is_running:
                program.process.send_signal(program.stop_signal)
        deadline = time.monotonic() + max((p.stop_seconds for p in programs), default=0)
        while (
            any(p.is_running for p in programs)
            and time.monotonic() < deadline
            and self._signals <= asked
        ):
            self.wait(0.1)
        for program in programs:
            if program.process is not None:
                _kill_group(program.process.pid, signal.SIGKILL)
                program.process.wait()
                self._tell(f"-{program.process.pid}")
                program.process = None


def _kill_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
