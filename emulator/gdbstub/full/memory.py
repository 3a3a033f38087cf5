"""m, M, X and x: memory as the chosen thread sees it. A read may come back shorter."""

from __future__ import annotations

from emulator.gdbstub.full.session import PACKET_SIZE, Family, FullSession
from emulator.gdbstub.hexadecimal import Reader, from_hex, malformed, to_hex
from emulator.gdbstub.packet import escape, unescape
from emulator.gdbstub.replies import OK, Data, Reply, Unsupported
from emulator.gdbstub.target import StubTarget

#: Two digits per byte.
_LONGEST_HEX = PACKET_SIZE // 2
#: The 'b', then at worst an escape before every byte.
_LONGEST_BINARY = (PACKET_SIZE - 1) // 2


def _read_hex(session: FullSession, text: bytes) -> Reply:
    """m addr,length."""
    data = _read(session, text, _LONGEST_HEX)
    return Unsupported() if data is None else Data(to_hex(data))


def _read_binary(session: FullSession, text: bytes) -> Reply:
    """x addr,length: 'b' and the bytes."""
    data = _read(session, text, _LONGEST_BINARY)
    return Unsupported() if data is None else Data(b"b" + escape(data))


def _read(session: FullSession, text: bytes, limit: int) -> bytes | None:
    reader = Reader(text)
    address, length = _range(reader)
    reader.end()
    memory = session.target.memory
    if memory is None:
        return None
    return memory.read(session.thread, address, min(length, limit)) if length else b""


def _write_hex(session: FullSession, text: bytes) -> Reply:
    """M addr,length:digits."""
    reader = Reader(text)
    address, length = _range(reader)
    reader.expect(b":")
    return _write(session, address, length, from_hex(reader.rest()))


def _write_binary(session: FullSession, text: bytes) -> Reply:
    """X addr,length:bytes. gdb probes with a length of 0."""
    reader = Reader(text)
    address, length = _range(reader)
    reader.expect(b":")
    return _write(session, address, length, unescape(reader.rest()))


def _write(session: FullSession, address: int, length: int, data: bytes) -> Reply:
    if len(data) != length:
        raise malformed(f"{length} bytes announced, {len(data)} sent")
    memory = session.target.memory
    if memory is None:
        return Unsupported()
    if data:
        memory.write(session.thread, address, data)
    return OK()


def _range(reader: Reader) -> tuple[int, int]:
    address = reader.number()
    reader.expect(b",")
    return address, reader.number()


def _announced(target: StubTarget) -> list[str]:
    return ["binary-upload+"] if target.memory else []


MEMORY = Family(
    {b"m": _read_hex, b"x": _read_binary, b"M": _write_hex, b"X": _write_binary},
    _announced,
)
