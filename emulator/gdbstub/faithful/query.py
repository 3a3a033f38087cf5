"""q: told apart by one letter, then by name. Without kdb there is no qRcmd."""

from __future__ import annotations

from emulator.gdbstub.faithful import threads
from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.replies import EINVAL, Error, Reply, Unsupported


def query(session: FaithfulSession, packet: bytes) -> Reply:
    """q…"""
    match packet[1:2]:
        case b"C":
            return threads.current(session, packet)
        case b"f" | b"s" if packet[2:].startswith(b"ThreadInfo"):
            return threads.listed(session, packet)
        case b"T" if packet[1:].startswith(b"ThreadExtraInfo,"):
            return threads.extra_info(session, packet)
        case b"f" | b"s" | b"T" if session.rules.query_mismatch_is_error:
            return Error(EINVAL)
        case _:
            return Unsupported()
