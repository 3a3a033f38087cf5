"""Framing of the GDB remote serial protocol: bytes to packets and back.

::

    $ data # ck     a packet; ck = sum of the data bytes modulo 256, two hex digits
    +    -          the last packet arrived, or has to be sent again
    0x03            Ctrl-C, between packets only
    } x             in binary data: the byte x ^ 0x20

Source: "Overview" of appendix E of gdb's manual. Requests never use run-length encoding,
and no reply here does. What waits here is never longer than one packet: see Framing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

INTERRUPT = 0x03
ACK, NAK = b"+", b"-"
_ESCAPE, _FLIP = 0x7D, 0x20
#: '*' begins a run in replies, the others have a meaning of their own.
_ESCAPED = re.compile(rb"[#$}*]")


class Problem(StrEnum):
    """Why bytes of the client were dropped."""

    BAD_CHECKSUM = "bad checksum"
    TOO_LONG = "packet too long"
    BROKEN_OFF = "packet broken off by the next"
    UNREADY = "packet instead of an acknowledgement"
    NOT_ACKNOWLEDGED = "reply not acknowledged"
    TOO_MUCH_OUTPUT = "client asks faster than it reads"


@dataclass(frozen=True, slots=True)
class Framing:
    """How a face receives packets."""

    limit: int
    """The longest data of a packet in bytes; whatever is longer is dropped."""
    dollar_restarts: bool
    """A '$' inside a packet begins a new one (gdb escapes it in data, always)."""
    refuses_too_long: bool
    """A packet over the limit is answered with '-', not with silence."""


class Received(NamedTuple):
    """A packet, or why there is none."""

    data: bytes
    problem: Problem | None = None


def checksum(data: bytes) -> int:
    """The sum modulo 256."""
    return sum(data) & 0xFF


def encode(data: bytes) -> bytes:
    """The framed packet. Binary data in it must have been escaped."""
    return b"$%b#%02x" % (data, checksum(data))


def escape(data: bytes) -> bytes:
    """Binary data as it may stand in a packet."""
    return _ESCAPED.sub(lambda found: bytes((_ESCAPE, found[0][0] ^ _FLIP)), data)


def unescape(data: bytes) -> bytes:
    """Binary data of a packet. An escape at the very end stands for nothing."""
    first, *pieces = data.split(b"}")
    out = bytearray(first)
    rest = iter(pieces)
    for piece in rest:
        if piece:
            out += bytes((piece[0] ^ _FLIP,)) + piece[1:]
        elif (following := next(rest, None)) is not None:
            # "}}": the second one is the escaped byte.
            out += bytes((_ESCAPE ^ _FLIP,)) + following
    return bytes(out)


def _hex_digits(pair: bytes) -> int | None:
    try:
        return int(pair, 16) if pair.isalnum() else None
    except ValueError:
        return None


class Framer:
    """Cuts what arrives into packets. The user says each time what it waits for."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._waiting = bytearray()
        self._data = bytearray()
        self._begun = False
        """The '$' of a packet has been seen."""
        self._ended = False
        """Its '#' too."""

    @property
    def size(self) -> int:
        """Bytes kept."""
        return len(self._waiting) + len(self._data)

    def push(self, data: bytes) -> None:
        """Bytes from the client."""
        self._waiting += data

    def clear(self) -> None:
        """Forget everything: another client, or nobody listens."""
        self._waiting.clear()
        self._close()

    def skip_to(self, wanted: re.Pattern[bytes]) -> None:
        """Drop what comes before the first match, or everything."""
        found = wanted.search(self._waiting)
        del self._waiting[: found.start() if found else len(self._waiting)]

    def peek(self) -> bytes:
        """The next byte, or nothing."""
        return bytes(self._waiting[:1])

    def drop(self) -> None:
        """Remove the next byte."""
        # Not pop(0): that one moves everything behind it.
        del self._waiting[:1]

    def take_interrupt(self) -> bool:
        """Drop everything; whether a Ctrl-C was among it."""
        found = INTERRUPT in self._waiting
        self.clear()
        return found

    def take_packet(self) -> Received | None:
        """The next packet, skipping what is none; None when more bytes are needed."""
        if not self._begun and not self._begin():
            return None
        if not self._ended:
            problem = self._collect()
            if problem is not None:
                return Received(b"", problem)
        return self._end() if self._ended else None

    def _begin(self) -> bool:
        start = self._waiting.find(b"$")
        self._begun = start >= 0
        del self._waiting[: start + 1 if self._begun else len(self._waiting)]
        return self._begun

    def _collect(self) -> Problem | None:
        """Move data up to the '#', or all there is."""
        room = self._framing.limit + 1 - len(self._data)
        end = self._waiting.find(b"#", 0, room)
        size = end if end >= 0 else min(room, len(self._waiting))
        if self._framing.dollar_restarts:
            restart = self._waiting.find(b"$", 0, size)
            if restart >= 0:
                del self._waiting[:restart]
                self._close()
                return Problem.BROKEN_OFF
        self._data += self._waiting[:size]
        del self._waiting[:size]
        if end >= 0:
            self.drop()
            self._ended = True
        elif len(self._data) > self._framing.limit:
            self._close()
            return Problem.TOO_LONG
        return None

    def _end(self) -> Received | None:
        """Compare the two digits behind the '#'."""
        digits = bytes(self._waiting[:2])
        if self._framing.dollar_restarts and b"$" in digits:
            del self._waiting[: digits.index(b"$")]
            self._close()
            return Received(b"", Problem.BROKEN_OFF)
        if len(digits) < 2:
            return None
        del self._waiting[:2]
        data = self._close()
        if _hex_digits(digits) != checksum(data):
            return Received(b"", Problem.BAD_CHECKSUM)
        return Received(data)

    def _close(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        self._begun = self._ended = False
        return data
