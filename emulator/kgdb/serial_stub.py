"""gdb_serial_stub: the loop between a stop and the packet that ends it, over a line.
Linux: kernel/debug/gdbstub.c.

What is at the other end (a script, a person's gdb) is a Line. Every logical packet is an
event with its payload in the side table.
"""

from __future__ import annotations

from typing import Protocol

from emulator.events import EventKind
from emulator.gdbstub.actions import (
    Action,
    Detach,
    Ended,
    Interrupt,
    Kill,
    Restart,
    ResumeKind,
    StopReason,
)
from emulator.gdbstub.actions import Resume as ResumeAction
from emulator.gdbstub.stub import Direction, Exchange, Stub
from emulator.kgdb.ports import Answer, Resume, Stop
from emulator.recorder import Recorder

#: Stream of the side table that holds packets (docs/events.md).
PACKET_STREAM = 4


class Line(Protocol):
    """The serial line."""

    def stopped(self, stop: Stop) -> None:
        """The machine stands still; receive() will be asked."""

    def receive(self) -> bytes | None:
        """The next bytes of the debugger; None when nobody is there any more."""

    def send(self, data: bytes) -> None:
        """Bytes for the debugger."""

    def resumed(self, answer: Answer, *, interrupted: bool) -> None:
        """The machine goes on. interrupted: Ctrl-C came right behind the last packet."""


class SerialStub:
    """emulator.kgdb.ports.Debugger over a stub and a line."""

    def __init__(self, stub: Stub, line: Line, recorder: Recorder) -> None:
        self.stub = stub
        self.line = line
        """Whoever is at the other end; may change while the machine runs."""
        self._recorder = recorder

    def serve(self, stop: Stop) -> Answer:
        """Packets until one of them lets the machine go."""
        self.line.stopped(stop)
        exchange = self.stub.stopped(StopReason(signal=stop.signo))
        while True:
            self.say(exchange)
            for answer in map(answer_of, exchange.actions):
                if answer is not None:
                    also = any(isinstance(a, Interrupt) for a in exchange.actions)
                    self.line.resumed(answer, interrupted=also)
                    return answer
            data = self.line.receive()
            if data is None:
                self.stub.let_go()
                answer = Answer(Resume.CONTINUE)
                self.line.resumed(answer, interrupted=False)
                return answer
            exchange = self.stub.feed(data)

    def ended(self, status: int) -> None:
        """W and the status, for a debugger that is connected."""
        self.say(self.stub.ended(Ended(status)))

    def say(self, exchange: Exchange) -> None:
        """Record the packets, send the bytes."""
        for packet in exchange.packets:
            tell_packet(
                self._recorder,
                packet.data,
                to_debugger=packet.direction is Direction.OUT,
            )
        if exchange.output:
            self.line.send(bytes(exchange.output))


def tell_packet(recorder: Recorder, data: bytes, *, to_debugger: bool) -> None:
    """One packet as an event."""
    seq = recorder.emit(EventKind.PACKET, aux=int(to_debugger), value=len(data))
    recorder.text(seq, PACKET_STREAM, data)


def answer_of(action: Action) -> Answer | None:
    """How the machine goes on; None for what does not let it go."""
    if isinstance(action, ResumeAction):
        step = any(each.kind is ResumeKind.STEP for each in action.actions)
        how = Resume.STEP if step else Resume.CONTINUE
        if action.pass_exception:
            how = Resume.PASS
        return Answer(how, action.address)
    if isinstance(action, Detach):
        return Answer(Resume.DETACH, passes=action.pass_exception)
    if isinstance(action, Kill):
        return Answer(Resume.KILL)
    return Answer(Resume.RESTART) if isinstance(action, Restart) else None
