"""c, s, C: leave the debugger. Threads cannot be switched."""

from __future__ import annotations

from emulator.gdbstub.actions import Resume, ResumeKind, ThreadResume
from emulator.gdbstub.faithful import leave
from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.hexadecimal import Reader
from emulator.gdbstub.replies import EINVAL, Console, Error, Leave, Reply

#: What C may carry: pass the exception on; the same and detach.
_PASS, _PASS_AND_DETACH = b"09", b"15"
#: The kernel's own words: they are part of the packets.
_UNKNOWN_SIGNAL = (
    "KGDB only knows signal 9 (pass) and 15 (pass and disconnect)\n"
    "Executing a continue without signal passing\n"
)


def resume(session: FaithfulSession, packet: bytes) -> Reply:
    """c and s, with an address or without."""
    return _resume(session, packet)


def resume_with_signal(session: FaithfulSession, packet: bytes) -> Reply:
    """C signal: 09 and 15 are the only two that mean something."""
    signal = packet[1:3]
    if signal == _PASS_AND_DETACH:
        session.pass_exception = True
        return leave.drop(session)
    if signal == _PASS:
        session.pass_exception = True
    elif session.rules.unknown_signal_continues:
        return Console(_UNKNOWN_SIGNAL, _resume(session, packet))
    else:
        return Error(EINVAL)
    return _resume(session, packet)


def _resume(session: FaithfulSession, packet: bytes) -> Leave | Error:
    thread = session.continue_thread
    if thread is not None and thread != session.current:
        return Error(EINVAL)
    all_others = ThreadResume(ResumeKind.CONTINUE)
    step = ThreadResume(ResumeKind.STEP, session.current)
    return Leave(
        Resume(
            actions=(step, all_others) if packet[:1] == b"s" else (all_others,),
            address=_address(session, packet),
            pass_exception=session.pass_exception,
        )
    )


def _address(session: FaithfulSession, packet: bytes) -> int | None:
    if packet[:1] == b"C" and not session.rules.signal_is_read_as_address:
        return None
    return Reader(packet, 1).long()
