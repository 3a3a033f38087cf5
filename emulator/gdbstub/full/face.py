"""The full face: names of commands, what qSupported says, and the reply to an error."""

from __future__ import annotations

import re
from contextlib import suppress

from emulator.errors import KernelError
from emulator.gdbstub.actions import Action, Detach, Ended, Resume, StopReason
from emulator.gdbstub.full.breakpoints import BREAKPOINTS
from emulator.gdbstub.full.ends import ENDS, remove_all
from emulator.gdbstub.full.memory import MEMORY
from emulator.gdbstub.full.monitor import MONITOR
from emulator.gdbstub.full.registers import REGISTERS
from emulator.gdbstub.full.resume import RESUME
from emulator.gdbstub.full.session import (
    PACKET_SIZE,
    Family,
    FullSession,
    Handler,
)
from emulator.gdbstub.full.stops import stop_reply
from emulator.gdbstub.full.threads import THREADS
from emulator.gdbstub.full.transfer import TRANSFER
from emulator.gdbstub.packet import Framing
from emulator.gdbstub.replies import Data, Error, Leave, Reply, Style, Unsupported
from emulator.gdbstub.target import StubTarget

_ERROR_MESSAGE = "error-message"


def _supported(session: FullSession, text: bytes) -> Reply:
    """qSupported: the client's features in, ours out."""
    items = text.removeprefix(b":").decode(errors="replace").split(";")
    session.client = frozenset(i[:-1] for i in items if i[1:].endswith("+"))
    offers = [o for family in _FAMILIES for o in family.announced(session.target)]
    return Data(";".join(offers).encode())


def _own(target: StubTarget) -> list[str]:
    return [f"PacketSize={PACKET_SIZE:x}", f"{_ERROR_MESSAGE}+"]


_QUERY = Family({b"qSupported": _supported}, _own)
_FAMILIES = (
    _QUERY,
    ENDS,
    RESUME,
    BREAKPOINTS,
    TRANSFER,
    MEMORY,
    REGISTERS,
    THREADS,
    MONITOR,
)
#: By name, see command_name.
HANDLERS: dict[bytes, Handler] = {
    name: handler for family in _FAMILIES for name, handler in family.handlers.items()
}
_AFTER_NAME = re.compile(rb"[,:;]")
#: What an error text may consist of: the rest has a meaning in packets.
_UNPRINTABLE = re.compile(rb"[^ -~]|[#$}*]")


def command_name(packet: bytes) -> bytes:
    """The name of a command: one letter, or for q, Q and v all up to a separator."""
    if packet[:1] not in (b"q", b"Q", b"v"):
        return packet[:1]
    return _AFTER_NAME.split(packet, maxsplit=1)[0]


class FullFace:
    """A stub for a gdb of today."""

    framing = Framing(limit=PACKET_SIZE, dollar_restarts=True, refuses_too_long=True)
    resends_on_anything = False

    def __init__(self, target: StubTarget) -> None:
        self._session = FullSession(target)
        self._attached = False
        self._owes_stop = False
        """The client waits for a stop: it let the machine run, and nothing else."""
        self.style = Style(self._error_text, console_bytes=PACKET_SIZE // 2 - 1)

    def heard(self) -> None:
        """Packets do not attach anybody, connections do."""

    def handle(self, packet: bytes) -> Reply:
        """One command."""
        name = command_name(packet)
        handler = HANDLERS.get(name)
        if handler is None:
            return Unsupported()
        try:
            reply = handler(self._session, packet[len(name) :])
        except KernelError as error:
            return Error.of(error)
        if isinstance(reply, Leave):
            self._owes_stop = isinstance(reply.action, Resume)
            self._attached = self._owes_stop
        return reply

    def stopped(self, reason: StopReason) -> Reply | None:
        """Told to a client that waits for it; another one asks."""
        self._session.new_stop(reason)
        waits, self._owes_stop = self._owes_stop, False
        return stop_reply(self._session) if waits else None

    def ended(self, end: Ended) -> Reply | None:
        """W and X."""
        waits, self._owes_stop = self._owes_stop, False
        if not waits:
            return None
        if end.signal:
            return Data(b"X%02x" % (end.signal & 0xFF))
        return Data(b"W%02x" % (end.status & 0xFF))

    def attached(self) -> None:
        """A new client knows nothing of the one before."""
        self._attached = True
        self._owes_stop = False
        self._session.client = frozenset()

    def left(self) -> tuple[Action, ...]:
        """The target runs on without breakpoints, unless it does already."""
        if not self._attached:
            return ()
        self._attached = self._owes_stop = False
        # Nobody is left to be told.
        with suppress(KernelError):
            remove_all(self._session.target)
        return (Detach(),)

    def _error_text(self, error: Error) -> bytes:
        """E and the errno in hexadecimal; in words for a client that reads them."""
        if error.detail and _ERROR_MESSAGE in self._session.client:
            return b"E." + _UNPRINTABLE.sub(b"?", error.detail.encode(errors="replace"))
        return b"E%02x" % (error.errno & 0xFF)
