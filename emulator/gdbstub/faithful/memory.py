"""m, M, X: memory as the thread that stopped sees it."""

from __future__ import annotations

from emulator.errors import KernelError
from emulator.gdbstub.faithful.session import BUFMAX, FaithfulSession
from emulator.gdbstub.hexadecimal import Reader, from_hex, to_hex
from emulator.gdbstub.packet import unescape
from emulator.gdbstub.replies import EFAULT, EINVAL, ERANGE, OK, Data, Error, Reply

#: The kernel sets no limit and writes past its buffer. This length was seen to work;
#: what more would do depends on what lies behind the buffer.
LONGEST_READ = BUFMAX
#: The kernel's half of the address space, canonical: 48 address bits.
_KERNEL_HALF = 0xFFFF8000_00000000


def read(session: FaithfulSession, packet: bytes) -> Reply:
    """m addr,length."""
    reader = Reader(packet, 1)
    address = reader.long()
    length = reader.long() if address is not None and reader.skip(b",") else None
    if address is None or length is None or length > LONGEST_READ:
        return Error(EINVAL)
    try:
        return Data(to_hex(read_exactly(session, address, length)))
    except KernelError as error:
        kept = session.rules.read_errno_kept
        return Error(error.errno if kept else EINVAL, error.detail)


def write_hex(session: FaithfulSession, packet: bytes) -> Reply:
    """M addr,length:digits."""
    address, length, data = _to_write(packet)
    return _write(session, address, length, from_hex(data[: 2 * length]))


def write_binary(session: FaithfulSession, packet: bytes) -> Reply:
    """X addr,length:bytes, where } escapes."""
    address, length, data = _to_write(packet)
    return _write(session, address, length, unescape(data)[:length])


def read_exactly(session: FaithfulSession, address: int, length: int) -> bytes:
    """copy_from_kernel_nofault. ERANGE for an address that is not the kernel's, EFAULT
    when not all of it is mapped."""
    if length and session.rules.reads_kernel_only and address < _KERNEL_HALF:
        raise KernelError(ERANGE, f"{address:#x} is not an address of the kernel")
    memory = session.target.memory
    data = memory.read(session.current, address, length) if memory and length else b""
    if len(data) < length:
        raise KernelError(EFAULT, f"not all of {address:#x} + {length} is mapped")
    return data


def _to_write(packet: bytes) -> tuple[int, int, bytes]:
    reader = Reader(packet, 1)
    address = reader.long()
    length = reader.long() if address is not None and reader.skip(b",") else None
    if address is None or length is None or not reader.skip(b":"):
        raise KernelError(EINVAL, "addr,length: expected")
    return address, length, reader.rest()


def _write(session: FaithfulSession, address: int, length: int, data: bytes) -> Reply:
    memory = session.target.memory
    if memory is None or len(data) < length:
        # Linux: writes what the buffer held before behind the packet.
        return Error(EINVAL)
    if data:
        memory.write(session.current, address, data)
    return OK()
