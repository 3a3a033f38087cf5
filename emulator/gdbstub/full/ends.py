"""?, D, k, vKill, qAttached, QStartNoAckMode: the beginning and the end of a session."""

from __future__ import annotations

from emulator.gdbstub.actions import Detach, Kill
from emulator.gdbstub.full.session import Family, FullSession
from emulator.gdbstub.full.stops import stop_reply
from emulator.gdbstub.replies import OK, Data, Leave, NoAck, Reply
from emulator.gdbstub.target import StubTarget


def remove_all(target: StubTarget) -> None:
    """No breakpoint may outlive the debugger that knows of it."""
    if target.breakpoints:
        target.breakpoints.remove_all()


def _status(session: FullSession, text: bytes) -> Reply:
    return stop_reply(session)


def _detach(session: FullSession, text: bytes) -> Reply:
    remove_all(session.target)
    return Leave(Detach(), OK())


def _kill(session: FullSession, text: bytes) -> Reply:
    remove_all(session.target)
    return Leave(Kill())


def _kill_with_reply(session: FullSession, text: bytes) -> Reply:
    remove_all(session.target)
    return Leave(Kill(), OK())


def _attached(session: FullSession, text: bytes) -> Reply:
    """1: the target was there before, so gdb detaches when it quits."""
    return Data(b"1")


def _no_ack(session: FullSession, text: bytes) -> Reply:
    return NoAck()


def _announced(target: StubTarget) -> list[str]:
    return ["QStartNoAckMode+"]


ENDS = Family(
    {
        b"?": _status,
        b"D": _detach,
        b"k": _kill,
        b"vKill": _kill_with_reply,
        b"qAttached": _attached,
        b"QStartNoAckMode": _no_ack,
    },
    _announced,
)
