"""Marks: the few events of a run that a timeline draws, and all its hits, in blocks.

A run has ten events for each hit and more. What is drawn of them (hits, accesses that passed
unseen, windows of a debugger, task switches, guests, what is wrong) is kept a second time, so
that a whole run can be drawn and searched without reading every chunk. Marks are records like
any other and follow from the chunks; they can be made again at any time.

A block has two parts: *lanes* with what a drawing needs, *rest* with the other columns.
The same input gives the same bytes. Input is not trusted, as in emulator.trace.codec.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import zstandard

from emulator.errors import CodecError
from emulator.events import CODEC_VERSION, RECORD_SIZE, EventFlag, EventKind
from emulator.trace.dtype import RECORD_DTYPE, Array

#: A writer closes a block at so many marks; a reader takes no more.
BLOCK_MARKS = 1 << 16

#: Kinds of events that are marks.
MARKED = (
    EventKind.HIT,
    EventKind.NOT_FIRED,
    EventKind.CONTEXT_SWITCH,
    EventKind.TASK_EXIT,
    EventKind.KGDB_ENTER,
    EventKind.KGDB_LEAVE,
    EventKind.VM_ENTRY,
    EventKind.VM_EXIT,
    EventKind.INVARIANT,
    EventKind.LIVELOCK,
    EventKind.RESTOPS,
    EventKind.FAULT,
)

_LEVEL = 3
_MAGIC = b"HWBM"
#: magic, codec version, part, marks.
_HEADER = struct.Struct("<4sHHI")
_LANES, _REST = 1, 2
_PARTS = {
    _LANES: (("seq", "retired"), ("task", "aux", "flags", "kind", "cpu", "slot")),
    _REST: (("rip", "addr", "value", "cause"), ("ret",)),
}
_IS_MARK = np.zeros(1 << 16, bool)
_IS_MARK[[int(kind) for kind in MARKED]] = True


@dataclass(frozen=True, slots=True)
class MarkBlock:
    """Two compressed parts of up to BLOCK_MARKS marks."""

    lanes: bytes
    rest: bytes


def marks_of(records: bytes) -> Array:
    """Those of consecutive records that are marks: an INVARIANT only the first time."""
    if len(records) % RECORD_SIZE:
        raise CodecError(f"{len(records)} bytes are not whole records")
    rows = np.frombuffer(records, RECORD_DTYPE)
    wanted = _IS_MARK[rows["kind"]]
    again = (rows["kind"] == EventKind.INVARIANT) & (
        (rows["flags"] & EventFlag.REPEAT) != 0
    )
    found: Array = rows[wanted & ~again]
    return found


def encode_marks(rows: Array) -> MarkBlock:
    """Compress marks in order of seq. Raises CodecError for none or too many."""
    if not 1 <= len(rows) <= BLOCK_MARKS:
        raise CodecError(f"{len(rows)} marks, 1 to {BLOCK_MARKS} allowed")
    return MarkBlock(_part(_LANES, rows), _part(_REST, rows))


def decode_lanes(lanes: bytes) -> dict[str, Array]:
    """The columns seq, retired, task, aux, flags, kind, cpu and slot. Raises CodecError
    for bytes that encode_marks did not make."""
    return _columns(lanes, _LANES)


def decode_marks(lanes: bytes, rest: bytes) -> Array:
    """The marks as encode_marks got them. Raises CodecError."""
    columns = decode_lanes(lanes) | _columns(rest, _REST)
    rows = np.empty(len(columns["seq"]), RECORD_DTYPE)
    if len(columns["rip"]) != len(rows):
        raise CodecError("lanes and rest are of different blocks")
    for name, column in columns.items():
        rows[name] = column
    return rows


def _part(part: int, rows: Array) -> bytes:
    wide, narrow = _PARTS[part]
    raw = b"".join(
        [_differences(rows[name]) for name in wide]
        + [np.ascontiguousarray(rows[name]).tobytes() for name in narrow]
    )
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    return _HEADER.pack(_MAGIC, CODEC_VERSION, part, len(rows)) + compressor.compress(
        raw
    )


def _differences(column: Array) -> bytes:
    """Each value less the one before, lowest bytes of all first: that compresses."""
    values = np.ascontiguousarray(column, "<u8")
    out = values.copy()
    out[1:] -= values[:-1]
    return out.view("u1").reshape(len(out), 8).T.tobytes()


def _columns(data: bytes, part: int) -> dict[str, Array]:
    wide, narrow = _PARTS[part]
    n, raw = _open(data, part)
    columns: dict[str, Array] = {}
    at = 0
    for name in wide:
        lanes = np.frombuffer(raw, "u1", 8 * n, at).reshape(8, n)
        differences = np.ascontiguousarray(lanes.T).view("<u8").reshape(n)
        columns[name] = np.cumsum(differences, dtype="<u8")
        at += 8 * n
    for name in narrow:
        kind = RECORD_DTYPE[name]
        columns[name] = np.frombuffer(raw, kind, n, at)
        at += n * kind.itemsize
    return columns


def _open(data: bytes, wanted: int) -> tuple[int, bytes]:
    if len(data) < _HEADER.size:
        raise CodecError("block shorter than its header")
    magic, version, part, n = _HEADER.unpack_from(data)
    if magic != _MAGIC or part != wanted:
        raise CodecError("this is no block of marks of that kind")
    if version != CODEC_VERSION:
        raise CodecError(f"codec version {version} is not known")
    if not 1 <= n <= BLOCK_MARKS:
        raise CodecError(f"{n} marks in one block")
    wide, narrow = _PARTS[part]
    expected = n * (8 * len(wide) + sum(RECORD_DTYPE[name].itemsize for name in narrow))
    return n, _inflate(data[_HEADER.size :], expected)


def _inflate(frame: bytes, expected: int) -> bytes:
    try:
        # The frame's own claim is checked first: it decides what is allocated.
        if zstandard.frame_content_size(frame) != expected:
            raise CodecError("the compressed frame has another length than its marks")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CodecError(f"the compressed frame is damaged: {error}") from error
