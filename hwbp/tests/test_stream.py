"""Frames as docs/events.md lays them out."""

from __future__ import annotations

import json
import struct

import pytest

from hwbp.stream import Hit, Kind, decode


def header(
    kind: int, count: int, first: int = 0, before: int = 0, version: int = 1
) -> bytes:
    return struct.pack("<BBHIQQ", version, kind, 7, count, first, before)


def record(seq: int, kind: int, slot: int = 0) -> bytes:
    """The offsets of docs/events.md, written one by one."""
    data = bytearray(64)
    struct.pack_into("<Q", data, 0, seq)
    struct.pack_into("<Q", data, 8, 1000 + seq)
    struct.pack_into("<Q", data, 24, 0x401000)
    struct.pack_into("<Q", data, 32, 0x402000)
    struct.pack_into("<Q", data, 40, 5)
    struct.pack_into("<H", data, 56, kind)
    data[58], data[59] = 1, slot
    return bytes(data)


def test_hits_are_numbered_on(before: int = 41) -> None:
    body = record(10, 1) + record(11, 3) + record(12, 1, slot=255)

    frame = decode(header(Kind.RECORDS, 3, first=10, before=before) + body)

    assert list(frame.hits()) == [
        Hit(42, 10, 1010, 1, 0, 0x401000, 0x402000, 5),
        Hit(43, 12, 1012, 1, None, 0x401000, 0x402000, 5),
    ]
    assert (frame.epoch, frame.last_seq) == (7, 12)


def test_a_state_is_json() -> None:
    body = json.dumps({"state": "running"}).encode()

    assert decode(header(Kind.STATE, len(body)) + body).state() == {"state": "running"}


def test_a_gap_has_a_last_event() -> None:
    assert decode(header(Kind.GAP, 100, first=11)).last_seq == 110


@pytest.mark.parametrize("data", [b"", b"\1" * 23, header(1, 0, version=2)])
def test_what_is_not_known_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="frame"):
        decode(data)
