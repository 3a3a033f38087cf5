"""?, D, k, R: the beginning and the end of a session."""

from __future__ import annotations

from emulator.errors import KernelError
from emulator.gdbstub.actions import Detach, Restart
from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.replies import OK, Data, Error, Leave, Reply, Unsupported


def status(session: FaithfulSession, packet: bytes) -> Reply:
    """?: only a debugger that has just come asks, so its breakpoints are forgotten."""
    remove_all(session)
    return Data(b"S%02x" % session.signal)


def detach(session: FaithfulSession, packet: bytes) -> Reply:
    """D and whatever begins so. The kernel leaves even when something was refused."""
    reply: OK | Error = OK()
    try:
        remove_all(session)
        session.connected = False
    except KernelError as error:
        reply = Error.of(error)
    return Leave(Detach(session.pass_exception), reply)


def kill(session: FaithfulSession, packet: bytes) -> Reply:
    """k: a kernel does not die of it, it runs on. No reply."""
    return drop(session)


def restart(session: FaithfulSession, packet: bytes) -> Reply:
    """R0: emergency restart. No other R is known."""
    if packet != b"R0":
        return Unsupported()
    session.connected = False
    return Leave(Restart(), OK())


def drop(session: FaithfulSession) -> Leave:
    """Detach without a word."""
    remove_all(session)
    session.connected = False
    return Leave(Detach(session.pass_exception))


def remove_all(session: FaithfulSession) -> None:
    """dbg_remove_all_break."""
    if session.target.breakpoints:
        session.target.breakpoints.remove_all()
