"""g, G, p, P: registers of the chosen thread, as target.xml describes them."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.gdbstub.full.session import Family, FullSession
from emulator.gdbstub.hexadecimal import Reader, from_hex, malformed, to_hex
from emulator.gdbstub.registers import Register, offered_registers
from emulator.gdbstub.replies import EINVAL, OK, Data, Error, Reply, Unsupported

#: A digit of a register whose value is not known.
_UNKNOWN = b"x"


def described(session: FullSession) -> tuple[Register, ...]:
    """By gdb's number."""
    registers = session.target.registers
    return offered_registers(registers.names) if registers else ()


def value_text(register: Register, values: Mapping[str, int]) -> bytes:
    """Little-endian digits."""
    value = values.get(register.name)
    if value is None:
        return _UNKNOWN * (2 * register.size)
    low = value & ((1 << register.bits) - 1)
    return to_hex(low.to_bytes(register.size, "little"))


def _read_all(session: FullSession, text: bytes) -> Reply:
    registers = session.target.registers
    if registers is None:
        return Unsupported()
    values = registers.read(session.thread)
    return Data(b"".join(value_text(r, values) for r in described(session)))


def _read_one(session: FullSession, text: bytes) -> Reply:
    registers = session.target.registers
    register = _numbered(session, text)
    if registers is None or register is None:
        return Error(EINVAL, "no such register")
    return Data(value_text(register, registers.read(session.thread)))


def _write_all(session: FullSession, text: bytes) -> Reply:
    """G: registers of unknown value are left alone."""
    registers = session.target.registers
    if registers is None:
        return Unsupported()
    values: dict[str, int] = {}
    at = 0
    for register in described(session):
        digits = text[at : at + 2 * register.size]
        at += 2 * register.size
        if digits and digits.strip(_UNKNOWN):
            values[register.name] = _value(register, digits)
    if at != len(text):
        raise malformed(f"an image of {at} digits expected")
    registers.write(session.thread, values)
    return OK()


def _write_one(session: FullSession, text: bytes) -> Reply:
    """P n=value."""
    number, _, digits = text.partition(b"=")
    registers = session.target.registers
    register = _numbered(session, number)
    if registers is None or register is None:
        return Error(EINVAL, "no such register")
    registers.write(session.thread, {register.name: _value(register, digits)})
    return OK()


def _value(register: Register, digits: bytes) -> int:
    data = from_hex(digits)
    if len(data) != register.size:
        raise malformed(f"{register.name} has {register.size} bytes")
    return int.from_bytes(data, "little")


def _numbered(session: FullSession, text: bytes) -> Register | None:
    reader = Reader(text)
    number = reader.number()
    reader.end()
    known = described(session)
    return known[number] if number < len(known) else None


REGISTERS = Family(
    {b"g": _read_all, b"G": _write_all, b"p": _read_one, b"P": _write_one}
)
