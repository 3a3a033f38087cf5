"""One debugger at a time on one run: who it is, what it said and where, and the log that
makes the same run again without it (decisions D9).

Messages act between two instructions, or while the machine is held. What they do is the
business of one of two sides: emulator.debugger.outside, emulator.debugger.inside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from emulator.boot import System
from emulator.debugger.inside import InsideDebugger
from emulator.debugger.messages import (
    Close,
    Data,
    FaceName,
    Logged,
    Message,
    Open,
    Park,
)
from emulator.debugger.outside import OutsideDebugger
from emulator.gdbstub.stub import Direction, Exchange
from emulator.kgdb.serial_stub import tell_packet
from emulator.recorder import Recorder
from emulator.target.cpu import Cpu


class Link(Protocol):
    """The way to a debugger that is really there."""

    def take(self) -> list[Message]:
        """What has arrived since."""

    def wait(self, flush: Callable[[], None]) -> Message:
        """The next message; flush() when it lets one wait. Raises engine.Interrupted when
        the run is to end."""

    def park(self, flush: Callable[[], None]) -> NoReturn:
        """The machine stands, and the log says where: hand over and end."""

    def stand(self, flush: Callable[[], None]) -> Open | None:
        """The log that was played back ends where the machine was parked: who takes it
        over there; None when it is to run on. Raises engine.Interrupted."""

    def log(self, line: Logged) -> None:
        """Keep a command; called before it acts. It must be stored before what comes of it is
        (ADR 0011)."""

    def send(self, data: bytes) -> None:
        """Bytes for the debugger."""

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        """Who controls, and how the machine stands."""


class DebugSession:
    """Joins a run, its log and a link."""

    def __init__(
        self,
        system: System,
        recorder: Recorder,
        link: Link,
        played: Sequence[Logged],
    ) -> None:
        """played: the log to follow; empty for a run that is new."""
        self._recorder = recorder
        self._link = link
        self._played = deque(played)
        self._arrived: deque[Message] = deque()
        self._playing = bool(played)
        self._outside = OutsideDebugger(self, system, recorder)
        self._inside = InsideDebugger(self, system, recorder)
        self._client: Open | None = None
        self._parked = False
        """The machine is held for a client that has gone: the next one takes over."""

    # What the run asks.

    @property
    def waits(self) -> bool:
        """Something is due at a position that only a look at each boundary finds."""
        return bool(self._played) or self._is_near

    @property
    def _is_near(self) -> bool:
        return self._outside.steps or self._inside.breaks_in

    def events(self, most: int) -> int:
        """How many events may be recorded without a look: at most so many."""
        if self._is_near:
            return 0
        if self._played:
            return max(0, min(most, self._played[0].seq - self._recorder.seq))
        return most

    def room(self, cpu: Cpu, count: int) -> int:
        """How many instructions may run before something is due on this CPU: at least 1."""
        marks = self._outside.marks(cpu)
        if self._played and self._played[0].cpu == cpu.index:
            marks.append(self._played[0].retired)
        ahead = [mark - cpu.retired for mark in marks if mark > cpu.retired]
        return max(1, min([count, *ahead]))

    def boundary(self, cpu: Cpu) -> None:
        """Between two instructions of a CPU whose registers are loaded."""
        while self._played and self._played[0].position == self._here(cpu):
            message = self._played.popleft().message
            if isinstance(message, Park):
                self._unpark(cpu)
            else:
                self._act(cpu, message)
        if not self._played:
            self._playing = False
        self._outside.boundary(cpu)
        self._inside.boundary(cpu)

    def arrived(self, cpu: Cpu) -> None:
        """The link has something; registers are loaded."""
        if self._playing:
            return
        self._arrived.extend(self._link.take())
        while self._arrived:
            message = self._arrived.popleft()
            self._log(cpu, message)
            self._act(cpu, message)

    def probed(self, cpu: Cpu, address: int) -> None:
        """A CPU is about to execute an address with a probe."""
        self._outside.probed(cpu, address)

    def watched(self, cpu: Cpu, numbers: int) -> None:
        """A CPU has accessed what is watched."""
        self._outside.watched(cpu, numbers)

    def ended(self) -> None:
        """The run is over."""
        if self._client is None:
            return
        if self._client.face is FaceName.full:
            self._outside.ended()
        else:
            self._inside.ended()
        self.left()

    # What the sides ask.

    def next(self, cpu: Cpu) -> Data | Close:
        """The next message of the one who holds the machine."""
        while True:
            message = self._next(cpu)
            if isinstance(message, Park):
                self._parked = True
            elif isinstance(message, Open):
                self._come(cpu, message)
            else:
                self._parked = False
                return message

    def _next(self, cpu: Cpu) -> Message:
        """From the log or from whoever is there."""
        if self._played and self._played[0].position == self._here(cpu):
            return self._played.popleft().message
        if self._playing and (self._played or not self._parked):
            # The log ends while the machine is held: whoever it was went away.
            self._playing = bool(self._played)
            return Close()
        self._playing = False
        if self._parked:
            message: Message = self._link.stand(self._recorder.flush) or Close()
        elif self._arrived:
            # What came with the message that stopped the machine is next.
            message = self._arrived.popleft()
        else:
            message = self._link.wait(self._recorder.flush)
        self._log(cpu, message)
        return message

    def said(self, exchange: Exchange) -> None:
        """Packets are events; bytes go to whoever is there."""
        for packet in exchange.packets:
            out = packet.direction is Direction.OUT
            tell_packet(self._recorder, packet.data, to_debugger=out)
        self.send(bytes(exchange.output))

    def send(self, data: bytes) -> None:
        """Bytes for whoever is there."""
        if data and not self._playing:
            self._link.send(data)

    def tell(self, state: str, reason: str = "") -> None:
        """How the machine stands, for everybody who looks on."""
        if self._client is not None:
            self._tell_of(self._client, state, reason)

    def left(self) -> None:
        """The client debugs no more."""
        self.tell("detached")
        self._client = None

    # Messages.

    def _log(self, cpu: Cpu, message: Message) -> None:
        self._link.log(Logged(*self._here(cpu), message))
        if isinstance(message, Park):
            self._link.park(self._recorder.flush)

    def _unpark(self, cpu: Cpu) -> None:
        """The log has come to where the machine was parked, between two instructions."""
        if self._played:
            return
        self._playing = False
        found = self._link.stand(self._recorder.flush)
        for message in ([Close()] if self._client else []) + ([found] if found else []):
            self._log(cpu, message)
            self._act(cpu, message)

    def _here(self, cpu: Cpu) -> tuple[int, int, int]:
        return cpu.index, cpu.now, self._recorder.seq

    def _act(self, cpu: Cpu, message: Message) -> None:
        if isinstance(message, Open):
            self._open(cpu, message)
        elif self._client is None:
            return  # late words of somebody who was refused or has left
        elif isinstance(message, Data):
            self._side.data(cpu, message.data)
        else:
            self._side.close()

    @property
    def _side(self) -> OutsideDebugger | InsideDebugger:
        outside = self._client is not None and self._client.face is FaceName.full
        return self._outside if outside else self._inside

    def _open(self, cpu: Cpu, client: Open) -> None:
        if self._client is not None:
            self._refuse(client)
        elif client.face is FaceName.faithful and not self._inside.possible:
            self._tell_of(client, "refused", "this run has no kgdb to talk to")
        else:
            self._client = client
            self.tell("attached")
            self._side.open(cpu)

    def _come(self, cpu: Cpu, client: Open) -> None:
        """Somebody connects while the machine is held: for another, or for nobody."""
        holder = self._client
        if not self._parked or holder is None:
            self._refuse(client)
        elif client.face is not holder.face:
            # What one stub holds no other can go on with.
            words = f"the machine stands in the {holder.face} face: connect with that"
            self._tell_of(client, "refused", words)
        else:
            self._parked = False
            self._client = client
            self.tell("attached")
            self._side.take_over(cpu)

    def _refuse(self, client: Open) -> None:
        who = "" if self._client is None else self._client.who
        self._tell_of(client, "refused", f"{who} controls this run")

    def _tell_of(self, client: Open, state: str, reason: str) -> None:
        if not self._playing:
            self._link.tell(state, client.who, client.face.value, reason)
