"""The stub of a kernel: one letter, one handler; everything else is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.errors import KernelError
from emulator.gdbstub.actions import Action, Ended, StopReason
from emulator.gdbstub.faithful import (
    breakpoints,
    leave,
    memory,
    query,
    registers,
    resume,
    threads,
)
from emulator.gdbstub.faithful.session import BUFMAX, FaithfulSession
from emulator.gdbstub.packet import Framing
from emulator.gdbstub.replies import Data, Error, Reply, Style, Unsupported
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.target import StubTarget

_Handler = Callable[[FaithfulSession, bytes], Reply]

#: By the first letter.
HANDLERS: Mapping[bytes, _Handler] = {
    b"?": leave.status,
    b"g": registers.read_all,
    b"G": registers.write_all,
    b"m": memory.read,
    b"M": memory.write_hex,
    b"X": memory.write_binary,
    b"D": leave.detach,
    b"k": leave.kill,
    b"R": leave.restart,
    b"q": query.query,
    b"H": threads.choose,
    b"T": threads.is_alive,
    b"z": breakpoints.change,
    b"Z": breakpoints.change,
    b"C": resume.resume_with_signal,
    b"c": resume.resume,
    b"s": resume.resume,
}
#: Those that not every kernel has.
SINGLE: Mapping[bytes, _Handler] = {
    b"p": registers.read_one,
    b"P": registers.write_one,
}
#: The digits of an errno: one for the tens, one for the ones.
_DIGITS = b"0123456789abcdef"


def error_text(error: Error) -> bytes:
    """E and two decimal digits; from 100 on the tens are a letter."""
    tens, ones = divmod(error.errno, 10)
    return bytes((ord("E"), _DIGITS[tens & 0xF], _DIGITS[ones]))


class FaithfulFace:
    """kgdb. Every packet is acknowledged, none is longer than its buffer."""

    framing = Framing(
        # The buffer ends with a NUL, and the '#' of a longer packet is not seen.
        limit=BUFMAX - 2,
        dollar_restarts=False,
        refuses_too_long=False,
    )
    style = Style(error_text, console_bytes=(BUFMAX - 2) // 2)
    #: Between reply and acknowledgement kgdb reads bytes, not packets.
    resends_on_anything = True

    def __init__(self, target: StubTarget, rules: FaithfulRules) -> None:
        self._session = FaithfulSession(target, rules)
        self._handlers = dict(HANDLERS)
        if rules.single_registers:
            self._handlers.update(SINGLE)

    def heard(self) -> None:
        """A '$' came."""
        self._session.connected = True

    def handle(self, packet: bytes) -> Reply:
        """One command."""
        handler = self._handlers.get(packet[:1])
        if handler is None:
            return Unsupported()
        try:
            return handler(self._session, packet)
        except KernelError as error:
            return Error.of(error)

    def stopped(self, reason: StopReason) -> Reply | None:
        """Entry into the debugger. It says so only to a debugger that was there before;
        the kind of stop is not told."""
        self._session.stop(reason.signal)
        if not self._session.connected:
            return None
        thread = self._session.rules.thread_ids.text(self._session.current)
        return Data(b"T%02xthread:%b;" % (reason.signal & 0xFF, thread))

    def ended(self, end: Ended) -> Reply | None:
        """gdbstub_exit, at a restart."""
        if not self._session.connected:
            return None
        self._session.connected = False
        return Data(b"W%02x" % (end.status & 0xFF))

    def attached(self) -> None:
        """A client: the kernel notices only when it sends something."""

    def left(self) -> tuple[Action, ...]:
        """The client is gone: the kernel does not notice."""
        return ()
