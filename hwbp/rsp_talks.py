"""Conversations with a stub: each is a generator that hwbp.rsp.Session drives."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from hwbp.rsp import Broken, Refused, Session, Stop, parse_stop

_PIECE = 0x1000
_ERROR_TEXT = b"E."
_ESCAPE = re.compile(rb"}(.)", re.DOTALL)
#: Up to this many registers are asked for one by one.
_FEW = 4
_FEATURES = b"qSupported:swbreak+;hwbreak+;error-message+;vContSupported+"


class Point(IntEnum):
    """The number of Z and z packets."""

    SOFTWARE = 0
    BREAK = 1
    WATCH = 2
    RWATCH = 3
    AWATCH = 4


@dataclass(frozen=True, slots=True)
class Register:
    """As the target describes it."""

    name: str
    number: int
    bits: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A CPU's task, or one that sleeps; the idle one of CPU n is -2 - n."""

    id: int
    name: str
    where: str


def _checked(reply: bytes) -> bytes:
    """Raises Refused for an error reply."""
    if reply.startswith(_ERROR_TEXT):
        raise Refused(reply[2:].decode(errors="replace"))
    if reply[:1] == b"E" and len(reply) == 3:
        raise Refused(f"error {reply[1:].decode(errors='replace')}")
    return reply


def _ok(reply: bytes) -> None:
    if _checked(reply) != b"OK":
        raise Refused("not supported" if not reply else reply.decode(errors="replace"))


def _hex(reply: bytes) -> bytes:
    try:
        return bytes.fromhex(_checked(reply).decode("ascii"))
    except ValueError as error:
        raise Broken(f"no hexadecimal data: {reply[:80]!r}") from error


def handshake(session: Session) -> Generator[bytes, bytes, Stop]:
    """Say hello; why the machine stands still."""
    yield _FEATURES
    if (yield b"QStartNoAckMode") == b"OK":
        session.no_more_acknowledgements()
    stop = parse_stop(_checked((yield b"?")))
    if stop is None:
        raise Broken("no stop reply to ?")
    return stop


def _transfer(what: bytes) -> Generator[bytes, bytes, bytes]:
    """A whole qXfer document."""
    data = bytearray()
    while True:
        piece = _checked((yield b"%b%x,%x" % (what, len(data), _PIECE)))
        data += _ESCAPE.sub(lambda found: bytes((found[1][0] ^ 0x20,)), piece[1:])
        if piece[:1] != b"m":
            return bytes(data)


def describe() -> Generator[bytes, bytes, tuple[Register, ...]]:
    """The registers of the target."""
    text = yield from _transfer(b"qXfer:features:read:target.xml:")
    try:
        found = [e for e in ET.fromstring(text).iter() if e.tag.endswith("reg")]
    except ET.ParseError as error:
        raise Broken(f"target.xml does not read: {error}") from error
    registers = []
    number = 0
    for element in found:
        number = int(element.get("regnum", number))
        bits = int(element.get("bitsize", "64"))
        registers.append(Register(element.get("name", ""), number, bits))
        number += 1
    return tuple(registers)


def threads() -> Generator[bytes, bytes, tuple[Thread, ...]]:
    """All threads with what they are called and where they are."""
    ids: list[int] = []
    reply = yield b"qfThreadInfo"
    while reply[:1] == b"m":
        ids += [_signed(int(word, 16)) for word in reply[1:].split(b",")]
        reply = yield b"qsThreadInfo"
    found = []
    for number in ids:
        text = _hex((yield b"qThreadExtraInfo,%x" % (number & 0xFFFFFFFF))).decode()
        name, _, where = text.partition(", ")
        found.append(Thread(number, name, where))
    return tuple(found)


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


def _choose(thread: int | None) -> Generator[bytes, bytes, None]:
    if thread is not None:
        _ok((yield b"Hg%x" % (thread & 0xFFFFFFFF)))


def read_registers(
    described: Sequence[Register],
    names: Collection[str] | None = None,
    thread: int | None = None,
) -> Generator[bytes, bytes, dict[str, int | None]]:
    """Values by name, of all registers or of some; None for what is not known. Of the
    thread that stopped, or of another one."""
    yield from _choose(thread)
    wanted = [r for r in described if names is None or r.name in names]
    if len(wanted) > _FEW:
        image = _checked((yield b"g"))
        return _cut(image, described, {r.name for r in wanted})
    values: dict[str, int | None] = {}
    for register in wanted:
        values[register.name] = _value(_checked((yield b"p%x" % register.number)))
    return values


def _cut(
    image: bytes, described: Sequence[Register], names: Collection[str]
) -> dict[str, int | None]:
    values: dict[str, int | None] = {}
    at = 0
    for register in sorted(described, key=lambda r: r.number):
        digits = image[at : at + register.bits // 4]
        at += register.bits // 4
        if register.name in names:
            values[register.name] = _value(digits)
    return values


def _value(digits: bytes) -> int | None:
    known = digits.strip(b"x")
    return int.from_bytes(_hex(digits), "little") if known else None


def write_registers(
    registers: Mapping[str, Register],
    values: Mapping[str, int],
    thread: int | None = None,
) -> Generator[bytes, bytes, None]:
    """Set some. registers has all of the target by name."""
    yield from _choose(thread)
    for name, value in values.items():
        register = registers[name]
        digits = value.to_bytes(register.bits // 8, "little").hex().encode()
        _ok((yield b"P%x=%b" % (register.number, digits)))


def read_memory(
    address: int, length: int, thread: int | None = None
) -> Generator[bytes, bytes, bytes]:
    """Bytes from an address on; fewer where the mapping ends."""
    yield from _choose(thread)
    data = bytearray()
    while len(data) < length:
        wanted = min(_PIECE, length - len(data))
        try:
            piece = _hex((yield b"m%x,%x" % (address + len(data), wanted)))
        except Refused:
            if data:
                break
            raise
        data += piece
        if len(piece) < wanted:
            break
    return bytes(data)


def write_memory(
    address: int, data: bytes, thread: int | None = None
) -> Generator[bytes, bytes, None]:
    """All of it, or an error; then perhaps some."""
    yield from _choose(thread)
    for at in range(0, len(data), _PIECE):
        piece = data[at : at + _PIECE]
        _ok((yield b"M%x,%x:%b" % (address + at, len(piece), piece.hex().encode())))


def insert(kind: Point, address: int, length: int) -> Generator[bytes, bytes, None]:
    """A breakpoint or watchpoint of the debugger."""
    _ok((yield b"Z%d,%x,%x" % (kind, address, length)))


def remove(kind: Point, address: int, length: int) -> Generator[bytes, bytes, None]:
    """Take it away."""
    _ok((yield b"z%d,%x,%x" % (kind, address, length)))


def continue_packet() -> bytes:
    """For Session.resume: all run."""
    return b"vCont;c"


def step_packet(thread: int | None) -> bytes:
    """For Session.resume: one instruction of a thread while the others stay; without a
    thread, of the one that stopped while the others run."""
    return b"s" if thread is None else b"vCont;s:%x" % (thread & 0xFFFFFFFF)
