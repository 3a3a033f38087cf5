"""A switchboard with nothing real around it, and one in front of the real child."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.wire import FrameParser, FrameType
from sessions_app.debug_wire import CloseCode
from sessions_app.runner import Control, Job, LoggedLine, RunEnd, execute
from sessions_app.services.debugger.clients import (
    Asked,
    Caller,
    Gone,
    Inbox,
    Message,
    Opened,
    Said,
)
from sessions_app.services.debugger.switchboard import Switchboard


class Gdb:
    """A clients.Client that remembers."""

    def __init__(self, who: str = "alice", face: str = "full") -> None:
        self.line: socket.socket | None = None
        self.caller = Caller(who, face)
        self.heard: queue.Queue[bytes] = queue.Queue()
        self.ended: list[tuple[CloseCode, str]] = []
        self.takes = True

    def data(self, data: bytes) -> bool:
        self.heard.put(data)
        return self.takes

    def facts(self) -> dict[str, Any]:
        return {}

    def told(self, facts: dict[str, Any]) -> None:
        return

    def gone(self) -> None:
        return

    def end(self, code: CloseCode, reason: str) -> None:
        self.ended.append((code, reason))

    @property
    def bytes_heard(self) -> bytes:
        """All of it so far."""
        found = b""
        while not self.heard.empty():
            found += self.heard.get()
        return found


class Memory:
    """A log that stores into a list."""

    def __init__(self) -> None:
        self.new: list[LoggedLine] = []
        self.stored: list[LoggedLine] = []

    def add(self, line: LoggedLine) -> None:
        self.new.append(line)

    def store(self) -> None:
        self.stored += self.new
        self.new = []

    def store_aged(self) -> None:
        """Nothing gets old in a test."""


def no_port(caller: Caller, inbox: Inbox) -> Any:
    raise OSError(98, "Address already in use")


@dataclass
class Desk:
    """A switchboard whose frames a test reads."""

    control: Control = field(default_factory=Control)
    log: Memory = field(default_factory=Memory)
    published: list[dict[str, Any]] = field(default_factory=list)
    listen: Callable[[Caller, Inbox], Any] = no_port
    publish: Callable[[dict[str, Any]], None] | None = None

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.control.waker)
        publish = self.publish or self.published.append
        self.board = Switchboard(self.inbox, self.log, publish, self.listen)
        self._frames = FrameParser()
        self._running = threading.Event()

    def put(self, *messages: Message) -> None:
        """What connections say."""
        for message in messages:
            self.inbox.put(message, self._running)

    def frames(self) -> list[tuple[FrameType, bytes]]:
        """What the child gets."""
        sent = b"".join(frame for frame, _ in self.board.frames())
        return list(self._frames.feed(sent))

    def state(self, word: str, reason: str = "") -> None:
        """What the child says."""
        self.board.on_state({"state": word, "reason": reason})

    def attach(self, client: Gdb) -> Gdb:
        """Connect, and let the child agree."""
        self.put(Opened(client))
        self.frames()
        self.state("attached")
        return client


class Quiet:
    """A runner.Listener that counts."""

    def __init__(self) -> None:
        self.events = 0
        self.states: list[str] = []

    def on_batch(self, batch: Any) -> None:
        self.events += len(batch.records) // 64

    def on_state(self, state: str, retired: int) -> None:
        if self.states[-1:] != [state]:
            self.states.append(state)

    def on_idle(self) -> None:
        return


class LiveRun:
    """A job in a real child, with a switchboard in front of it."""

    def __init__(self, job: Job) -> None:
        self.desk = Desk()
        self.listener = Quiet()
        self._end: list[RunEnd] = []
        self._thread = threading.Thread(target=self._run, args=(job,), daemon=True)
        self._thread.start()

    def _run(self, job: Job) -> None:
        control, board = self.desk.control, self.desk.board
        self._end.append(execute(job, self.listener, control, debugger=board))
        board.finish("the run is over")

    def put(self, *messages: Message) -> None:
        self.desk.put(*messages)

    def say(self, client: Gdb, *packets: bytes) -> None:
        for packet in packets:
            self.put(Said(client, packet))

    def ask(self, do: str, who: str = "alice", **request: Any) -> dict[str, Any]:
        """The answer to a control command."""
        answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.put(Asked({"do": do, "who": who, **request}, answers.put))
        return answers.get(timeout=10)

    def leave(self, client: Gdb) -> None:
        self.put(Gone(client))

    def end(self, seconds: float = 20) -> RunEnd:
        """How it ended."""
        self._thread.join(seconds)
        assert self._end, "the run still goes on"
        return self._end[0]

    def cancel(self) -> RunEnd:
        """End it now."""
        self.desk.control.command("cancel")
        return self.end()


def until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether it comes true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
