"""g, G, p, P: the registers of the thread chosen by Hg."""

from __future__ import annotations

from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.hexadecimal import Reader, from_hex, to_hex
from emulator.gdbstub.replies import EINVAL, OK, Data, Error, Reply


def read_all(session: FaithfulSession, packet: bytes) -> Reply:
    """g: the whole image."""
    _fill(session)
    return Data(to_hex(bytes(session.image)))


def write_all(session: FaithfulSession, packet: bytes) -> Reply:
    """G image: only for the thread that stopped. The image keeps it in any case."""
    data = from_hex(packet[1:])
    if len(data) < session.image.size:
        # Linux: reads on into what the buffer held before.
        return Error(EINVAL)
    session.image.store(data[: session.image.size])
    if session.use_thread != session.current:
        return Error(EINVAL)
    _write(session, session.image.values())
    return OK()


def read_one(session: FaithfulSession, packet: bytes) -> Reply:
    """p n. Without a number it is register 0."""
    number = Reader(packet, 1).long() or 0
    if session.image.register(number) is None:
        return Error(EINVAL)
    _fill(session)
    return Data(to_hex(session.image.register(number) or b""))


def write_one(session: FaithfulSession, packet: bytes) -> Reply:
    """P n=value: only for the thread that stopped. Missing bytes are zero."""
    reader = Reader(packet, 1)
    number = reader.long() or 0
    allowed = (
        reader.skip(b"=")
        and session.use_thread == session.current
        and session.image.knows(number)
    )
    if not allowed:
        return Error(EINVAL)
    digits = reader.digits()
    session.image.store_single(from_hex(digits[: len(digits) & ~1]))
    _write(session, session.image.single(number))
    return OK()


def _fill(session: FaithfulSession) -> None:
    registers = session.target.registers
    thread = session.use_thread
    values = registers.read(thread) if registers else {}
    session.image.fill(values, running=session.is_running(thread))


def _write(session: FaithfulSession, values: dict[str, int]) -> None:
    if session.target.registers and values:
        session.target.registers.write(session.current, values)
