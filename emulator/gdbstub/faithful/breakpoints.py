"""Z and z: breakpoints, nothing checked but the syntax. What follows is ignored."""

from __future__ import annotations

from emulator.gdbstub.faithful.memory import read_exactly
from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.hexadecimal import Reader, int32
from emulator.gdbstub.replies import EINVAL, OK, Error, Reply, Unsupported
from emulator.gdbstub.target import BreakpointKind

#: The int3 itself.
BREAK_INSTR_SIZE = 1


def change(session: FaithfulSession, packet: bytes) -> Reply:
    """Z type,addr,length and z type,addr,length."""
    breakpoints = session.target.breakpoints
    kind = _kind(packet)
    if kind is None or breakpoints is None:
        return Unsupported()
    reader = Reader(packet, 2)
    address = reader.long() if reader.skip(b",") else None
    length = reader.long() if address is not None and reader.skip(b",") else None
    if address is None or length is None:
        return Error(EINVAL)
    if packet[:1] == b"z":
        breakpoints.remove(kind, address, int32(length))
        return OK()
    if kind is BreakpointKind.SOFTWARE:
        read_exactly(session, address, BREAK_INSTR_SIZE)
    breakpoints.insert(kind, address, int32(length))
    return OK()


def _kind(packet: bytes) -> BreakpointKind | None:
    digit = packet[1:2]
    return BreakpointKind(int(digit)) if b"0" <= digit <= b"4" else None
