"""The chunk codec: consecutive events, compressed by column.

A chunk is three blocks. *hot* has the columns that filters and the hits table need,
*cold* the other columns and the snapshots, *side* the texts. A block is a header, then
one zstd frame (level 3, with checksum). Inside, each 64-bit column stands as differences
to the row before, lowest bytes of all rows first; that is what compresses. seq is not
stored: it counts up from the header's first_seq. cause is stored as the distance to seq.

The same input gives the same bytes. Input is not trusted: every length is derived from
the header's counts, which are bounded, and compared before anything is allocated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import zstandard

from emulator.errors import CodecError, WireError
from emulator.events import CODEC_VERSION, RECORD_SIZE, EventKind
from emulator.snapshot import SNAPSHOT_SIZE
from emulator.trace.dtype import RECORD_DTYPE, Array
from emulator.wire import decode_texts, encode_texts

#: A writer closes a chunk at CHUNK_EVENTS; a reader takes up to MAX_EVENTS.
CHUNK_EVENTS = 4096
MAX_EVENTS = 1 << 16
MAX_SNAPSHOTS = 1 << 18
MAX_SIDE = 64 << 20

_LEVEL = 3
_MAGIC = b"HWBP"
#: magic, codec version, block, events, snapshots, first_seq, hits_before, raw length.
_HEADER = struct.Struct("<4sHHIIQQQ")
_HOT, _COLD, _SIDE = 1, 2, 3

_HOT_WIDE = ("retired", "rip", "addr", "value")
_HOT_NARROW = ("kind", "flags", "cpu", "slot")
_COLD_NARROW = ("task", "ret", "aux")
_HOT_ROW = 8 * len(_HOT_WIDE) + 6
_COLD_ROW = 8 + 10
_SNAPSHOT_WORDS = SNAPSHOT_SIZE // 8
#: Masks have 63 usable bits in a database column; later kinds and CPUs share the last.
_LAST_BIT = 62
_LAST_SLOT_BIT = 30
_MAX_U64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class ChunkStats:
    """What a reader wants to know before it decodes. slot_mask, rip and addr are of
    hits only (min > max without hits); the rest is of all events."""

    n: int
    first_seq: int
    hits_before: int
    hits: int
    snapshots: int
    t0: int
    t1: int
    cpu_mask: int
    kind_mask: int
    slot_mask: int
    rip_min: int
    rip_max: int
    addr_min: int
    addr_max: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Three blocks and their statistics. side is empty without texts."""

    hot: bytes
    cold: bytes
    side: bytes
    stats: ChunkStats


@dataclass(frozen=True)
class HotColumns:
    """A decoded hot block: one array per column, all of the same length."""

    first_seq: int
    hits_before: int
    retired: Array
    rip: Array
    addr: Array
    value: Array
    kind: Array
    flags: Array
    cpu: Array
    slot: Array

    def __len__(self) -> int:
        return len(self.kind)

    @cached_property
    def hit_rows(self) -> Array:
        """Rows of the hits; hit number hits_before + 1 + i stands in row hit_rows[i]."""
        rows: Array = np.flatnonzero(self.kind == EventKind.HIT)
        return rows


def mask_bit(number: int) -> int:
    """The bit of a kind or CPU in a mask."""
    return 1 << min(number, _LAST_BIT)


def encode_chunk(
    records: bytes,
    snapshots: bytes = b"",
    texts: list[tuple[int, int, bytes]] | None = None,
    hits_before: int = 0,
) -> Chunk:
    """Compress consecutive records with their snapshots and texts.

    Raises CodecError for ragged input, no or too many records, or a gap in seq.
    """
    rows = _rows(records)
    shots = _shots(snapshots)
    first = int(rows["seq"][0])
    counts = (len(rows), len(shots), first, hits_before)
    side = encode_texts(texts or [])
    if len(side) > MAX_SIDE:
        raise CodecError(f"{len(side)} bytes of texts, at most {MAX_SIDE} allowed")
    return Chunk(
        hot=_block(_HOT, counts, _hot_columns(rows)),
        cold=_block(_COLD, counts, _cold_columns(rows, shots)),
        side=_block(_SIDE, counts, side) if side else b"",
        stats=chunk_stats(rows, len(shots), hits_before),
    )


def decode_hot(hot: bytes) -> HotColumns:
    """The filter columns. Raises CodecError for bytes that encode_chunk did not make."""
    n, _, first, before, raw = _open(hot, _HOT)
    at = 0
    columns: dict[str, Array] = {}
    for name in _HOT_WIDE:
        columns[name] = _restore(raw[at : at + 8 * n], n)
        at += 8 * n
    for name in _HOT_NARROW:
        kind = RECORD_DTYPE[name]
        columns[name] = np.frombuffer(raw, kind, n, at)
        at += n * kind.itemsize
    return HotColumns(first, before, **columns)


def decode_records(hot: bytes, cold: bytes) -> Array:
    """All records as a structured array; its tobytes() is what was encoded."""
    columns = decode_hot(hot)
    n, _, first, _, raw = _open(cold, _COLD)
    if n != len(columns) or first != columns.first_seq:
        raise CodecError("hot and cold block are of different chunks")
    rows = np.empty(n, RECORD_DTYPE)
    rows["seq"] = np.arange(n, dtype="<u8") + np.uint64(first)
    for name in (*_HOT_WIDE, *_HOT_NARROW):
        rows[name] = getattr(columns, name)
    distance = _restore(raw[: 8 * n], n)
    rows["cause"] = np.where(distance == 0, 0, rows["seq"] - distance)
    at = 8 * n
    for name in _COLD_NARROW:
        kind = RECORD_DTYPE[name]
        rows[name] = np.frombuffer(raw, kind, n, at)
        at += n * kind.itemsize
    return rows


def decode_snapshots(cold: bytes) -> bytes:
    """The snapshots of a chunk as they were given to encode_chunk."""
    n, count, _, _, raw = _open(cold, _COLD)
    if not count:
        return b""
    flat = raw[_COLD_ROW * n :]
    columns = [
        _restore(flat[i * 8 * count : (i + 1) * 8 * count], count)
        for i in range(_SNAPSHOT_WORDS)
    ]
    return np.stack(columns, axis=1).astype("<u8").tobytes()


def decode_side(side: bytes) -> list[tuple[int, int, bytes]]:
    """The texts of a chunk: (seq, stream, bytes)."""
    if not side:
        return []
    try:
        return decode_texts(_open(side, _SIDE)[4])
    except WireError as error:
        raise CodecError(error.detail) from error


def _rows(records: bytes) -> Array:
    if not records or len(records) % RECORD_SIZE:
        raise CodecError(f"{len(records)} bytes are not whole records")
    rows = np.frombuffer(records, RECORD_DTYPE)
    if len(rows) > MAX_EVENTS:
        raise CodecError(f"{len(rows)} records, at most {MAX_EVENTS} allowed")
    if np.any(np.diff(rows["seq"]) != 1):
        raise CodecError("the records do not follow each other in seq")
    return rows


def _shots(snapshots: bytes) -> Array:
    if len(snapshots) % SNAPSHOT_SIZE:
        raise CodecError(f"{len(snapshots)} bytes are not whole snapshots")
    count = len(snapshots) // SNAPSHOT_SIZE
    if count > MAX_SNAPSHOTS:
        raise CodecError(f"{count} snapshots, at most {MAX_SNAPSHOTS} allowed")
    return np.frombuffer(snapshots, "<u8").reshape(count, _SNAPSHOT_WORDS)


def _differences(column: Array) -> bytes:
    """Each row less the one before (the first as it is), transposed to bytes."""
    values = np.ascontiguousarray(column, "<u8")
    out = values.copy()
    out[1:] -= values[:-1]
    return out.view("u1").reshape(len(out), 8).T.tobytes()


def _restore(data: bytes, n: int) -> Array:
    lanes = np.frombuffer(data, "u1", 8 * n).reshape(8, n)
    differences = np.ascontiguousarray(lanes.T).view("<u8").reshape(n)
    return np.cumsum(differences, dtype="<u8")


def _hot_columns(rows: Array) -> bytes:
    wide = [_differences(rows[name]) for name in _HOT_WIDE]
    return b"".join(wide + [rows[name].tobytes() for name in _HOT_NARROW])


def _cold_columns(rows: Array, shots: Array) -> bytes:
    cause = rows["cause"]
    # Zero means "no cause"; an event is never its own.
    distance = np.where(cause == 0, np.uint64(0), rows["seq"] - cause)
    parts = [_differences(distance)]
    parts += [rows[name].tobytes() for name in _COLD_NARROW]
    parts += [_differences(shots[:, i]) for i in range(shots.shape[1]) if len(shots)]
    return b"".join(parts)


def _mask(values: Array, last: int) -> int:
    mask = 0
    for value in np.unique(values):
        mask |= 1 << min(int(value), last)
    return mask


def chunk_stats(rows: Array, snapshots: int, hits_before: int) -> ChunkStats:
    """The statistics of consecutive records."""
    hits = rows[rows["kind"] == EventKind.HIT]
    any_hit = len(hits) > 0
    return ChunkStats(
        n=len(rows),
        first_seq=int(rows["seq"][0]),
        hits_before=hits_before,
        hits=len(hits),
        snapshots=snapshots,
        t0=int(rows["retired"].min()),
        t1=int(rows["retired"].max()),
        cpu_mask=_mask(rows["cpu"], _LAST_SLOT_BIT),
        kind_mask=_mask(rows["kind"], _LAST_BIT),
        slot_mask=_mask(hits["slot"], _LAST_SLOT_BIT),
        rip_min=int(hits["rip"].min()) if any_hit else _MAX_U64,
        rip_max=int(hits["rip"].max()) if any_hit else 0,
        addr_min=int(hits["addr"].min()) if any_hit else _MAX_U64,
        addr_max=int(hits["addr"].max()) if any_hit else 0,
    )


def _block(block: int, counts: tuple[int, int, int, int], raw: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    header = _HEADER.pack(_MAGIC, CODEC_VERSION, block, *counts, len(raw))
    return header + compressor.compress(raw)


def _raw_length(block: int, n: int, snapshots: int, stated: int) -> int:
    """How long the columns must be; the side table alone states it itself."""
    if block == _HOT:
        return _HOT_ROW * n
    if block == _COLD:
        return _COLD_ROW * n + SNAPSHOT_SIZE * snapshots
    return min(stated, MAX_SIDE)


def _open(data: bytes, wanted: int) -> tuple[int, int, int, int, bytes]:
    if len(data) < _HEADER.size:
        raise CodecError("block shorter than its header")
    magic, version, block, n, snapshots, first, before, stated = _HEADER.unpack_from(
        data
    )
    if magic != _MAGIC or block != wanted:
        raise CodecError("this is no block of that kind")
    if version != CODEC_VERSION:
        raise CodecError(
            f"codec version {version} is not known; known: {CODEC_VERSION}"
        )
    if not 1 <= n <= MAX_EVENTS or snapshots > MAX_SNAPSHOTS:
        raise CodecError(f"{n} events with {snapshots} snapshots in one block")
    if first + n > _MAX_U64:
        raise CodecError("seq leaves 64 bits")
    expected = _raw_length(block, n, snapshots, stated)
    if stated != expected:
        raise CodecError(f"{stated} bytes stated, {expected} follow from the counts")
    return n, snapshots, first, before, _inflate(data, expected)


def _inflate(data: bytes, expected: int) -> bytes:
    frame = data[_HEADER.size :]
    try:
        # The frame's own claim is checked first: it decides what is allocated.
        if zstandard.frame_content_size(frame) != expected:
            raise CodecError("the compressed frame has another length than the header")
        decompressor = zstandard.ZstdDecompressor()
        raw = decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CodecError(f"the compressed frame is damaged: {error}") from error
    if len(raw) != expected:
        raise CodecError("the compressed frame is too short")
    return raw
