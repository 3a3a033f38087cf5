"""A client of the GDB remote protocol without a transport: bytes in, bytes out.

A conversation is a generator: it yields a packet and gets the reply. So the same ones
serve over a pipe, a socket or a queue (hwbp.rsp_talks has them). One goes on at a time;
while the machine runs only a stop is expected.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

Talk = Generator[bytes, bytes, Any]
INTERRUPT = b"\x03"
#: A stub announces its PacketSize; ours says 16 KiB.
LONGEST = 1 << 20

_STOP_FIELD = re.compile(rb"([^:;]+):([^;]*);")
_WATCHES = ("watch", "rwatch", "awatch")
_RUN = re.compile(rb"(.)\*(.)", re.DOTALL)


class RspError(Exception):
    """Root of what can go wrong with a stub."""


class Refused(RspError):
    """The stub answered a command with an error."""


class Broken(RspError):
    """What arrived is not the protocol."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the machine stands still."""

    signal: int = 0
    thread: int | None = None
    kind: str = ""
    """hwbreak, swbreak, watch, rwatch, awatch, or nothing."""
    address: int | None = None
    """Of the data, for watches."""
    exited: bool = False

    @property
    def words(self) -> str:
        """For people."""
        if self.exited:
            return f"ended with {self.signal}"
        if self.kind in _WATCHES and self.address is not None:
            return f"{self.kind} {self.address:#x}"
        if self.kind:
            return "breakpoint"
        return "interrupted" if self.signal == 2 else f"signal {self.signal}"


def frame(data: bytes) -> bytes:
    """A packet with its checksum. Binary data in it must have been escaped."""
    return b"$%b#%02x" % (data, sum(data) & 0xFF)


def expand(data: bytes) -> bytes:
    """Undo run-length encoding."""
    return _RUN.sub(lambda run: run[1] * (run[2][0] - 28), data)


def parse_stop(packet: bytes) -> Stop | None:
    """A stop reply, or None for another packet. Raises Broken."""
    if packet[:1] not in (b"S", b"T", b"W", b"X"):
        return None
    try:
        number = int(packet[1:3], 16)
        if packet[:1] in (b"W", b"X"):
            return Stop(number, exited=True)
        found = _STOP_FIELD.findall(packet[3:] + b";")
        fields = {name.decode("latin-1"): value for name, value in found}
        thread = int(fields["thread"], 16) if "thread" in fields else None
        kind = next((k for k in (*_WATCHES, "hwbreak", "swbreak") if k in fields), "")
        address = int(fields[kind], 16) if kind in _WATCHES else None
    except ValueError as error:
        raise Broken(f"no stop reply: {packet[:80]!r}") from error
    return Stop(number, thread, kind, address)


class Framer:
    """Cuts what a stub sends into packets; acknowledgements are passed over."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes | None]:
        """Packets that are complete now; None for one with a wrong checksum."""
        self._waiting += data
        found: list[bytes | None] = []
        while True:
            start = self._waiting.find(b"$")
            end = self._waiting.find(b"#", start)
            if start < 0:
                self._waiting.clear()
                return found
            if end < 0 or len(self._waiting) < end + 3:
                self._keep(start)
                return found
            body = bytes(self._waiting[start + 1 : end])
            digits = bytes(self._waiting[end + 1 : end + 3])
            del self._waiting[: end + 3]
            right = digits.lower() == b"%02x" % (sum(body) & 0xFF)
            found.append(expand(body) if right else None)

    def _keep(self, start: int) -> None:
        del self._waiting[:start]
        if len(self._waiting) > LONGEST:
            raise Broken(f"a packet of more than {LONGEST} bytes")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a conversation: a value, or why there is none."""

    value: Any = None
    error: RspError | None = None


Done = Callable[[Outcome], None]


class Session:
    """One connection to a stub whose machine stands still at first."""

    def __init__(self, on_stop: Callable[[Stop], None]) -> None:
        self.running = False
        """Whether the machine was let go and has not stopped since."""
        self._on_stop = on_stop
        self._framer = Framer()
        self._acknowledges = True
        self._out = bytearray()
        self._queue: deque[tuple[Talk, Done]] = deque()
        self._talk: tuple[Talk, Done] | None = None

    def take_output(self) -> bytes:
        """What is to be sent."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def begin(self, talk: Talk, done: Done) -> None:
        """Have a conversation after those before it; done is told how it ended."""
        self._queue.append((talk, done))
        self._next()

    def resume(self, packet: bytes) -> None:
        """Let the machine run: c, s, vCont. Its stop comes to on_stop."""
        if self.running or self._talk is not None:
            raise Broken("the machine can be let go only when it stands still")
        self.running = True
        self._out += frame(packet)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._out += INTERRUPT

    def no_more_acknowledgements(self) -> None:
        """The stub agreed to QStartNoAckMode."""
        self._acknowledges = False

    def feed(self, data: bytes) -> None:
        """Bytes of the stub, cut anywhere. Raises Broken."""
        for packet in self._framer.feed(data):
            if packet is None:
                self._out += b"-"
                continue
            if self._acknowledges:
                self._out += b"+"
            self._take(packet)

    def close(self, reason: str) -> None:
        """The connection is gone: nothing will be answered any more."""
        waiting = [*([self._talk] if self._talk else []), *self._queue]
        self._talk = None
        self._queue.clear()
        for talk, done in waiting:
            talk.close()
            done(Outcome(error=Broken(reason)))

    def _take(self, packet: bytes) -> None:
        if self._talk is not None:
            self._advance(packet)
        elif self.running and (stop := parse_stop(packet)) is not None:
            self.running = False
            self._on_stop(stop)
            self._next()

    def _next(self) -> None:
        if self._talk is None and self._queue and not self.running:
            self._talk = self._queue.popleft()
            self._advance(None)

    def _advance(self, reply: bytes | None) -> None:
        assert self._talk is not None
        talk, done = self._talk
        try:
            packet = next(talk) if reply is None else talk.send(reply)
        except StopIteration as end:
            self._finish(done, Outcome(end.value))
        except RspError as error:
            self._finish(done, Outcome(error=error))
        else:
            self._out += frame(packet)

    def _finish(self, done: Done, outcome: Outcome) -> None:
        self._talk = None
        done(outcome)
        self._next()
