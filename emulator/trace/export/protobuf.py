"""The little of the protobuf wire format that a trace needs: fields of four types.

Source: the published encoding, protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from functools import cache

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_MASK = (1 << 64) - 1


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    value &= _MASK
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@cache
def _tag(field: int, wire: int) -> bytes:
    return varint(field << 3 | wire)


def number(field: int, value: int) -> bytes:
    """An int32, int64, uint32, uint64, bool or enum."""
    return _tag(field, _VARINT) + varint(value)


def fixed64(field: int, value: int) -> bytes:
    """A fixed64."""
    return _tag(field, _FIXED64) + (value & _MASK).to_bytes(8, "little")


def message(field: int, *parts: bytes) -> bytes:
    """An embedded message of these fields."""
    body = b"".join(parts)
    return _tag(field, _BYTES) + varint(len(body)) + body


def text(field: int, value: str) -> bytes:
    """A string."""
    return message(field, value.encode())
