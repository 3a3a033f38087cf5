"""docs/events.md, "Chunks", read as another program would: struct, numpy, zstandard.

Nothing of the codec is used to read here; what it wrote must come out.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import zstandard

from emulator.events import EventKind
from emulator.tests.trace.export.traces import hit, record, snapshot
from emulator.trace.codec import encode_chunk
from emulator.trace.record import pack_records

HEADER = struct.Struct("<4sHHIIQQQ")
RECORD = np.dtype(
    {
        "names": [
            *("seq", "retired", "cause", "rip", "addr", "value", "task", "ret"),
            *("kind", "cpu", "slot", "flags", "aux"),
        ],
        "formats": [
            *("<u8",) * 6,
            *("<u4", "<i4", "<u2", "u1", "u1", "<u2", "<u2"),
        ],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 52, 56, 58, 59, 60, 62],
        "itemsize": 64,
    }
)
RELEASED = sorted((Path(__file__).parent / "released").glob("codec-1.json"))


def opened(block: bytes, kind: int) -> tuple[int, int, int, int, bytes]:
    magic, version, number, n, s, first, before, raw = HEADER.unpack_from(block)
    assert (magic, version, number, HEADER.size) == (b"HWBP", 1, kind, 40)
    content = zstandard.ZstdDecompressor().decompress(block[40:])
    assert len(content) == raw
    return n, s, first, before, content


def wide(content: bytes, at: int, n: int) -> np.ndarray:
    differences = [0] * n
    for place in range(8):
        for row in range(n):
            differences[row] |= content[at + place * n + row] << (8 * place)
    values, value = [], 0
    for difference in differences:
        value = (value + difference) % (1 << 64)
        values.append(value)
    return np.array(values, "<u8")


def records_of(hot: bytes, cold: bytes) -> bytes:
    n, _, first, _, content = opened(hot, 1)
    assert len(content) == 38 * n
    rows = np.zeros(n, RECORD)
    rows["seq"] = [first + i for i in range(n)]
    for index, name in enumerate(("retired", "rip", "addr", "value")):
        rows[name] = wide(content, 8 * n * index, n)
    at = 32 * n
    for name, size in (("kind", 2), ("flags", 2), ("cpu", 1), ("slot", 1)):
        rows[name] = np.frombuffer(content, f"<u{size}", n, at)
        at += size * n
    _, s, _, _, content = opened(cold, 2)
    assert len(content) == 18 * n + 376 * s
    distance = wide(content, 0, n)
    rows["cause"] = [
        0 if d == 0 else int(seq) - int(d)
        for d, seq in zip(distance, rows["seq"], strict=True)
    ]
    at = 8 * n
    for name, kind in (("task", "<u4"), ("ret", "<i4"), ("aux", "<u2")):
        rows[name] = np.frombuffer(content, kind, n, at)
        at += int(kind[2]) * n
    return rows.tobytes()


def snapshots_of(cold: bytes) -> bytes:
    n, s, _, _, content = opened(cold, 2)
    if not s:
        return b""
    columns = [wide(content, 18 * n + 8 * s * word, s) for word in range(47)]
    return b"".join(
        struct.pack("<47Q", *(int(column[row]) for column in columns))
        for row in range(s)
    )


def texts_of(side: bytes) -> list[tuple[int, int, bytes]]:
    content = opened(side, 3)[4] if side else b""
    found, at = [], 0
    while at < len(content):
        seq, stream, length = struct.unpack_from("<QHI", content, at)
        found.append((seq, stream, content[at + 14 : at + 14 + length]))
        at += 14 + length
    return found


EVENTS = [
    hit(7, 1000, 5),
    record(8, EventKind.CALL, cause=7, ret=-16, retired=1000),
    record(9, EventKind.IRET, cause=7, retired=1000, rip=(1 << 64) - 1),
    hit(10, 500, (1 << 64) - 1, cpu=3, slot=2),
]
SHOTS = snapshot(7, rax=1) + snapshot(10, rax=(1 << 64) - 1)
TEXTS = [(7, 1, b"hello\n"), (9, 3, b"")]


def test_records_are_as_the_document_says() -> None:
    chunk = encode_chunk(pack_records(EVENTS), SHOTS, TEXTS, 41)

    assert records_of(chunk.hot, chunk.cold) == pack_records(EVENTS)
    assert opened(chunk.hot, 1)[:4] == (4, 2, 7, 41)


def test_snapshots_are_as_the_document_says() -> None:
    chunk = encode_chunk(pack_records(EVENTS), SHOTS, TEXTS, 41)

    assert snapshots_of(chunk.cold) == SHOTS


def test_texts_are_as_the_document_says() -> None:
    assert texts_of(encode_chunk(pack_records(EVENTS), texts=TEXTS).side) == TEXTS


@pytest.mark.parametrize("file", RELEASED)
def test_a_released_chunk_is_read_from_the_document_alone(file: Path) -> None:
    kept = json.loads(file.read_text())
    hot, cold, side = (bytes.fromhex(kept[name]) for name in ("hot", "cold", "side"))

    records = hashlib.sha256(records_of(hot, cold)).hexdigest()
    snapshots = hashlib.sha256(snapshots_of(cold)).hexdigest()
    assert (records, snapshots) == (kept["records_sha256"], kept["snapshots_sha256"])
    assert [[s, k, t.decode()] for s, k, t in texts_of(side)] == kept["texts"]


def test_the_document_has_these_numbers() -> None:
    told = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
    chunks = told.partition("## Chunks")[2].partition("\n## ")[0]

    for said in ("4096 events", "40 bytes", "38 n", "18 n + 376 s", "version 1"):
        assert said in chunks
