"""A run with a debugger's line to it: a real gdb over a socket, or bytes from a test."""

from __future__ import annotations

import queue
import socket
import subprocess
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from emulator.debugger import Close, Data, Logged, Message, Open
from emulator.debugger.messages import FaceName
from emulator.engine import RunResult, run
from emulator.recipe import Recipe
from emulator.wire import Batch

GDB = "/usr/bin/gdb"


@dataclass(slots=True)
class Told:
    """One state that viewers hear of."""

    state: str
    who: str
    reason: str


class Wire:
    """emulator.debugger.Link and engine.Control between two threads."""

    def __init__(self) -> None:
        self.pending = False
        self.log_lines: list[Logged] = []
        self.states: list[Told] = []
        self.out: queue.Queue[bytes | None] = queue.Queue()
        """For the client; None closes its connection."""
        self._in: queue.Queue[Message] = queue.Queue()

    # The client's side.

    def put(self, message: Message) -> None:
        """A message arrives."""
        self._in.put(message)
        self.pending = True

    # engine.Control and Link

    def checkpoint(self, flush: Any) -> None:
        """Never waits."""
        self.pending = False

    def take(self) -> list[Message]:
        """What has arrived."""
        found = []
        while not self._in.empty():
            found.append(self._in.get())
        return found

    def wait(self, flush: Any) -> Message:
        """The next one."""
        return self._in.get(timeout=60)

    def log(self, line: Logged) -> None:
        """Kept for playing back."""
        self.log_lines.append(line)

    def send(self, data: bytes) -> None:
        """To the client."""
        self.out.put(data)

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        """Kept."""
        self.states.append(Told(state, who, reason))
        if state in ("refused", "hung_up"):
            self.out.put(None)


@dataclass(slots=True)
class Session:
    """What came of a run with a gdb attached."""

    output: str
    result: RunResult
    log: list[Logged]
    states: list[Told]
    batches: list[Batch] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """gdb's output, stripped, without empty lines."""
        return [line.strip() for line in self.output.splitlines() if line.strip()]


def _serve(connection: socket.socket, wire: Wire) -> None:
    """Bytes both ways until the client goes."""

    def write() -> None:
        while (data := wire.out.get()) is not None:
            try:
                connection.sendall(data)
            except OSError:
                return
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=write, daemon=True).start()
    with suppress(ConnectionError):  # a gdb that is refused may leave so
        while data := connection.recv(65536):
            wire.put(Data(data))
    wire.put(Close())


def with_gdb(
    recipe: Recipe,
    images: dict[str, bytes],
    commands: Sequence[str],
    *,
    file: str = "",
    face: FaceName = FaceName.full,
) -> Session:
    """Run the recipe with gdb attached from its first instruction; commands as typed.

    The run goes on without gdb when that has ended.
    """
    wire, batches = Wire(), []
    wire.put(Open("alice", face))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def accept() -> None:
        with closing(listener), closing(listener.accept()[0]) as connection:
            _serve(connection, wire)

    threading.Thread(target=accept, daemon=True).start()
    results: list[RunResult] = []
    engine = threading.Thread(
        target=lambda: results.append(
            run(recipe, images, batches.append, wire, link=wire)
        ),
        daemon=True,
    )
    engine.start()
    arguments = [GDB, "-nx", "-q", "-batch", "-ex", "set confirm off"]
    arguments += ["-ex", "set pagination off", "-ex", "set style enabled off"]
    # After 2 s gdb asks again, and takes the first answer for that of its next question.
    arguments += ["-ex", "set remotetimeout 30"]
    if file:
        arguments.append(file)
    for command in (f"target remote 127.0.0.1:{port}", *commands):
        arguments += ["-ex", command]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=90)
    engine.join(60)
    return Session(
        done.stdout + done.stderr, results[0], wire.log_lines, wire.states, batches
    )
