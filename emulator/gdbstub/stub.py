"""The stub: bytes of one client in, bytes and wishes out. No sockets, threads or clock.

The caller owns the connection and the machine:

* while the machine stands still it passes what arrives to feed(), sends the output, and
  does the actions; after Resume, Detach or Restart the machine runs;
* while it runs feed() looks for Ctrl-C only;
* a stop is announced with stopped(), the end of the target with ended();
* connect() and disconnect() tell of clients coming and going, at any time at which the
  target may be touched.

Whatever a client sends, nothing here raises, and nothing grows beyond one packet
(Framing.limit) and OUTPUT_LIMIT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from emulator.errors import ClientBusy
from emulator.gdbstub.actions import (
    Action,
    Detach,
    Ended,
    HangUp,
    Interrupt,
    Kill,
    Restart,
    Resume,
    StopReason,
)
from emulator.gdbstub.outbox import Outbox
from emulator.gdbstub.packet import ACK, NAK, Framer, Framing, Problem, encode
from emulator.gdbstub.replies import NoAck, Reply, Style, write

#: Bytes of output of one feed(): gdb asks one thing at a time, whoever gets here does
#: not read what it asked for.
OUTPUT_LIMIT = 1 << 20
_ANSWERS = re.compile(rb"[+\-$]")


class Direction(StrEnum):
    """Of a packet."""

    IN = "in"
    OUT = "out"


class Packet(NamedTuple):
    """One logical packet: unframed, and once, however often it was sent."""

    direction: Direction
    data: bytes


@dataclass(slots=True)
class Exchange:
    """What came of one call."""

    output: bytearray = field(default_factory=bytearray)
    """To be sent to the client."""
    packets: list[Packet] = field(default_factory=list)
    """For the record, in order."""
    actions: list[Action] = field(default_factory=list)
    """For the machine, in order."""
    problems: dict[Problem, int] = field(default_factory=dict)
    """What was dropped and why, and how often."""

    def count(self, problem: Problem) -> None:
        """One more."""
        self.problems[problem] = self.problems.get(problem, 0) + 1


class Face(Protocol):
    """Which commands there are and what they answer."""

    @property
    def framing(self) -> Framing: ...
    @property
    def style(self) -> Style: ...
    @property
    def resends_on_anything(self) -> bool:
        """Between reply and '+' every other byte asks for the reply again, and a '$' is
        refused; otherwise only '-' does, and a '$' acknowledges."""
        ...

    def heard(self) -> None:
        """A packet came, whole or not."""
        ...

    def handle(self, packet: bytes) -> Reply:
        """One command."""
        ...

    def stopped(self, reason: StopReason) -> Reply | None:
        """The announcement of a stop, None when nobody listens."""
        ...

    def ended(self, end: Ended) -> Reply | None:
        """The announcement of the end, None when nobody listens."""
        ...

    def attached(self) -> None:
        """A client connects."""
        ...

    def left(self) -> tuple[Action, ...]:
        """The client is gone without a word."""
        ...


class Stub:
    """One target's stub, for one client at a time."""

    def __init__(self, face: Face, *, running: bool = False) -> None:
        """running: whether the machine runs at this moment."""
        self._face = face
        self._framer = Framer(face.framing)
        self._outbox = Outbox()
        self._running = running
        self._has_client = False

    @property
    def running(self) -> bool:
        """Whether the machine runs, as the stub knows it."""
        return self._running

    @property
    def has_client(self) -> bool:
        """Between connect() and disconnect()."""
        return self._has_client

    @property
    def kept(self) -> int:
        """Bytes of an unfinished packet."""
        return self._framer.size

    def connect(self) -> None:
        """A client. ClientBusy when there is one: the new connection is to be closed."""
        if self._has_client:
            raise ClientBusy("a debugger is attached already")
        self._has_client = True
        self._framer.clear()
        self._outbox.clear()
        self._outbox.acknowledged = True
        self._face.attached()

    def disconnect(self) -> Exchange:
        """The client is gone. What it had asked for before is still done."""
        done = Exchange()
        self._has_client = False
        self._framer.clear()
        for action in (*self._outbox.drain(), *self._face.left()):
            self._act(action, done)
        return done

    def feed(self, data: bytes) -> Exchange:
        """Bytes of the client, cut anywhere."""
        done = Exchange()
        self._framer.push(data)
        while self._step(done):
            if len(done.output) > OUTPUT_LIMIT:
                self._hang_up(Problem.TOO_MUCH_OUTPUT, done)
        return done

    def stopped(self, reason: StopReason) -> Exchange:
        """The machine stands still, for this reason."""
        done = Exchange()
        self._running = False
        announcement = self._face.stopped(reason)
        if announcement is not None:
            self._answer(announcement, done)
        return done

    def let_go(self) -> None:
        """The machine runs on without a word of the client."""
        self._running = True

    def ended(self, end: Ended) -> Exchange:
        """The target is gone; nobody waits for the client to acknowledge that."""
        done = Exchange()
        self._running = False
        announcement = self._face.ended(end)
        if announcement is not None:
            self._answer(announcement, done)
            self._outbox.clear()
        return done

    def _step(self, done: Exchange) -> bool:
        """Handle one thing that arrived; whether there was one."""
        if self._running:
            interrupted = self._framer.take_interrupt()
            if interrupted:
                done.actions.append(Interrupt())
            return False
        if self._outbox.waits:
            return self._take_answer(done)
        received = self._framer.take_packet()
        if received is None:
            return False
        self._face.heard()
        if received.problem is None:
            self._take_packet(received.data, done)
        else:
            self._refuse(received.problem, done)
        return True

    def _take_packet(self, data: bytes, done: Exchange) -> None:
        if self._outbox.acknowledged:
            done.output += ACK
        done.packets.append(Packet(Direction.IN, data))
        self._answer(self._face.handle(data), done)

    def _refuse(self, problem: Problem, done: Exchange) -> None:
        done.count(problem)
        silent = problem is Problem.BROKEN_OFF or (
            problem is Problem.TOO_LONG and not self._face.framing.refuses_too_long
        )
        if self._outbox.acknowledged and not silent:
            done.output += NAK

    def _take_answer(self, done: Exchange) -> bool:
        """What comes between a reply and the next packet."""
        if not self._face.resends_on_anything:
            self._framer.skip_to(_ANSWERS)
        byte = self._framer.peek()
        if not byte:
            return False
        if byte == b"$" and not self._face.resends_on_anything:
            self._send(self._outbox.acknowledge_all(), done)
            return True
        self._framer.drop()
        if byte == b"\x03":
            return True
        if byte == ACK:
            self._outbox.acknowledge()
        elif byte == b"$":
            # Linux: put_packet; the rest of that packet is skipped, the client repeats.
            self._outbox.acknowledge()
            done.output += NAK
            done.count(Problem.UNREADY)
        else:
            self._resend(done)
        self._send(self._outbox.advance(), done)
        return True

    def _resend(self, done: Exchange) -> None:
        again = self._outbox.resend()
        if again is None:
            self._hang_up(Problem.NOT_ACKNOWLEDGED, done)
        else:
            done.output += encode(again)

    def _answer(self, reply: Reply, done: Exchange) -> None:
        if isinstance(reply, NoAck):
            self._outbox.acknowledged = False
        self._outbox.put(write(reply, self._face.style))
        self._send(self._outbox.advance(), done)

    def _send(self, due: list[bytes | Action], done: Exchange) -> None:
        for item in due:
            if isinstance(item, bytes):
                done.output += encode(item)
                done.packets.append(Packet(Direction.OUT, item))
            else:
                self._act(item, done)

    def _act(self, action: Action, done: Exchange) -> None:
        done.actions.append(action)
        if isinstance(action, Resume | Detach | Kill | Restart):
            self._running = True

    def _hang_up(self, problem: Problem, done: Exchange) -> None:
        """Nothing more of this client is looked at; the caller closes and disconnects."""
        done.count(problem)
        self._framer.clear()
        for action in (*self._outbox.drain(), HangUp(problem.value)):
            self._act(action, done)
