"""Numbers, bytes and thread ids in packets. All hexadecimal, without prefix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from emulator.errors import KernelError
from emulator.gdbstub.replies import EINVAL

_U64 = (1 << 64) - 1
_DIGITS = b"0123456789abcdefABCDEF"
_LONGEST = 16


def malformed(what: str) -> KernelError:
    """EINVAL for a packet that does not read."""
    return KernelError(EINVAL, f"malformed packet: {what}")


@dataclass(slots=True)
class Reader:
    """Reads a packet from left to right."""

    data: bytes
    at: int = 0

    def skip(self, byte: bytes) -> bool:
        """Pass over this byte; whether it was there."""
        found = self.data[self.at : self.at + 1] == byte
        self.at += found
        return found

    def expect(self, byte: bytes) -> None:
        """As skip; EINVAL when another stands there."""
        if not self.skip(byte):
            raise malformed(f"{byte.decode()!r} expected")

    def digits(self) -> bytes:
        """The hexadecimal digits that follow, perhaps none."""
        end = self.at
        while end < len(self.data) and self.data[end] in _DIGITS:
            end += 1
        found = self.data[self.at : end]
        self.at = end
        return found

    def number(self) -> int:
        """An unsigned number of 1 to 16 digits; EINVAL for anything else."""
        digits = self.digits()
        if not 0 < len(digits) <= _LONGEST:
            raise malformed("a number of 1 to 16 hexadecimal digits expected")
        return int(digits, 16)

    def long(self) -> int | None:
        """kgdb_hex2long: '-' negates, what does not fit into 64 bits falls off on the
        left; None without digits, and then a '-' is gone all the same."""
        negative = self.skip(b"-")
        digits = self.digits()
        if not digits:
            return None
        value = int(digits, 16)
        return (-value if negative else value) & _U64

    def rest(self) -> bytes:
        """Everything that follows."""
        return self.data[self.at :]

    def end(self) -> None:
        """EINVAL unless everything has been read."""
        if self.at < len(self.data):
            raise malformed("unexpected bytes at its end")


def from_hex(digits: bytes) -> bytes:
    """Pairs of digits as bytes; EINVAL for anything else."""
    if len(digits) % 2 or any(d not in _DIGITS for d in digits):
        raise malformed("pairs of hexadecimal digits expected")
    return bytes.fromhex(digits.decode())


def to_hex(data: bytes) -> bytes:
    """Two lower-case digits per byte."""
    return data.hex().encode()


class ThreadIdFormat(StrEnum):
    """How kgdb writes thread ids."""

    WIDE = "wide"
    """16 digits, the upper eight zero: until 2.6.34."""
    MINIMAL = "minimal"
    """Whole bytes without leading zero bytes: since 2.6.35."""

    def text(self, thread: int) -> bytes:
        """A thread id (struct task_struct's pid or -2 - cpu) as a 32-bit number."""
        digits = (thread & 0xFFFFFFFF).to_bytes(4, "big")
        if self is ThreadIdFormat.WIDE:
            return b"00000000" + to_hex(digits)
        return to_hex(digits.lstrip(b"\0") or b"\0")


def int32(value: int) -> int:
    """What is left of a long in an int."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value
