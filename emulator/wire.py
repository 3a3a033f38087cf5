"""Frames between a worker and the child that emulates (decisions D10).

Both directions: a header ``<BI`` (type u8, payload length u32), then the payload.
Sans-IO: functions take and return bytes; who reads and writes is up to the caller.
A frame longer than MAX_PAYLOAD is refused before anything is read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from emulator.errors import WireError

HEADER = struct.Struct("<BI")
MAX_PAYLOAD = 256 << 20
_BATCH = struct.Struct(
    "<QIIII"
)  # first_seq, records, snapshots, texts bytes, hits before
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_TEXT = struct.Struct("<QHI")  # seq, stream, length


class FrameType(IntEnum):
    """Types of frames. 1..31 worker to child, 32.. child to worker."""

    RECIPE = 1  # canonical JSON of the recipe
    IMAGE = 2  # 32 bytes SHA-256, then the bytes
    START = 3  # empty
    PAUSE = 4
    RESUME = 5
    CANCEL = 6
    COMMANDS = 7  # before START: JSON list of LOGGED lines, to be played back
    DEBUG_OPEN = 8  # JSON {"who", "face": "full"|"faithful", "line": has it a socket}
    DEBUG_DATA = 9  # bytes of the debugger, cut anywhere
    DEBUG_CLOSE = 10  # its connection is gone
    PARK = 11  # log the position, hand over, end: another child goes on from there
    STAND = 12  # before START: where the log ends with a park, wait for a debugger
    BATCH = 32  # see Batch
    STATE = (
        33  # JSON {"state": "running"|"paused"|"parked", "retired", "events", "hits"}
    )
    END = 34  # JSON of the outcome, see docs/architecture.md
    ERROR = 35  # JSON {"code", "detail", "field"}: the recipe was refused
    DEBUG_OUT = 36  # bytes for the debugger
    DEBUG_STATE = 37  # JSON {"state", "who", "face", "reason"}, see docs/debugging.md
    LOGGED = (
        38  # JSON: a debugger's command and its position; comes before what came of it
    )


@dataclass(slots=True)
class Batch:
    """Consecutive events with their snapshots and side texts."""

    first_seq: int
    hits_before: int
    records: bytes
    snapshots: bytes = b""
    texts: list[tuple[int, int, bytes]] = field(default_factory=list)
    """(seq, stream, bytes); stream 1 = stdout, 2 = stderr, 3 = remark in UTF-8."""


def pack(kind: FrameType, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: FrameType, value: object) -> bytes:
    """One frame whose payload is JSON."""
    return pack(kind, _COMPACT.encode(value).encode())


def encode_texts(texts: list[tuple[int, int, bytes]]) -> bytes:
    """The side table as bytes: seq u64, stream u16, length u32, the bytes; repeated."""
    return b"".join(_TEXT.pack(s, k, len(t)) + t for s, k, t in texts)


def decode_texts(data: bytes) -> list[tuple[int, int, bytes]]:
    """Inverse of encode_texts. Raises WireError on truncated input."""
    out: list[tuple[int, int, bytes]] = []
    at = 0
    while at < len(data):
        if at + _TEXT.size > len(data):
            raise WireError("side table ends in the middle of an entry")
        seq, stream, length = _TEXT.unpack_from(data, at)
        at += _TEXT.size
        if at + length > len(data):
            raise WireError("side table ends in the middle of a text")
        out.append((seq, stream, bytes(data[at : at + length])))
        at += length
    return out


def encode_batch(batch: Batch) -> bytes:
    """The payload of a BATCH frame."""
    texts = encode_texts(batch.texts)
    head = _BATCH.pack(
        batch.first_seq,
        len(batch.records),
        len(batch.snapshots),
        len(texts),
        batch.hits_before,
    )
    return b"".join((head, batch.records, batch.snapshots, texts))


def decode_batch(payload: bytes) -> Batch:
    """Inverse of encode_batch. Raises WireError when the lengths do not add up."""
    if len(payload) < _BATCH.size:
        raise WireError("batch shorter than its header")
    first, records, snapshots, texts, hits = _BATCH.unpack_from(payload)
    if _BATCH.size + records + snapshots + texts != len(payload):
        raise WireError("batch lengths do not add up")
    at = _BATCH.size
    return Batch(
        first,
        hits,
        payload[at : at + records],
        payload[at + records : at + records + snapshots],
        decode_texts(payload[at + records + snapshots :]),
    )


class FrameParser:
    """Collects bytes and yields whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameType, bytes]]:
        """Add bytes; yield each complete (type, payload). Raises WireError."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._buffer)
            if length > MAX_PAYLOAD:
                raise WireError(
                    f"frame of {length} bytes, at most {MAX_PAYLOAD} allowed"
                )
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            try:
                yield FrameType(kind), payload
            except ValueError as error:
                raise WireError(f"unknown frame type {kind}") from error
