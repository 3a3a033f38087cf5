"""The chunk codec: what goes in comes out, and nothing damaged passes as a trace."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import CodecError
from emulator.events import NO_SLOT, RECORD, RECORD_SIZE, EventKind
from emulator.snapshot import SNAPSHOT, SNAPSHOT_SIZE, WORDS
from emulator.trace.codec import (
    MAX_EVENTS,
    decode_hot,
    decode_records,
    decode_side,
    decode_snapshots,
    encode_chunk,
)
from emulator.trace.dtype import RECORD_DTYPE

U64 = st.integers(0, (1 << 64) - 1)


@st.composite
def record_bytes(draw: st.DrawFn) -> bytes:
    first = draw(st.integers(1, (1 << 63)))
    count = draw(st.integers(1, 40))
    out = []
    for seq in range(first, first + count):
        cause = draw(st.one_of(st.just(0), st.integers(1, seq - 1))) if seq > 1 else 0
        wide = [draw(U64) for _ in range(3)]
        task, ret = (
            draw(st.integers(0, 2**32 - 1)),
            draw(st.integers(-(2**31), 2**31 - 1)),
        )
        small = (
            draw(st.integers(0, 2**16 - 1)),
            draw(st.integers(0, 255)),
            draw(st.integers(0, 255)),
            draw(st.integers(0, 2**16 - 1)),
            draw(st.integers(0, 2**16 - 1)),
        )
        out.append(RECORD.pack(seq, draw(U64), cause, *wide, task, ret, *small))
    return b"".join(out)


@st.composite
def snapshot_bytes(draw: st.DrawFn) -> bytes:
    count = draw(st.integers(0, 4))
    return b"".join(
        SNAPSHOT.pack(i, 7, 1, 2, 0, *[draw(U64) for _ in WORDS]) for i in range(count)
    )


def record(seq: int, kind: EventKind = EventKind.CALL, **fields: int) -> bytes:
    values = dict.fromkeys(RECORD_DTYPE.names, 0) | {"slot": NO_SLOT}
    values |= {"seq": seq, "kind": kind} | fields
    return RECORD.pack(*values.values())


@given(record_bytes(), snapshot_bytes())
def test_decoding_gives_back_the_records_and_snapshots(
    records: bytes, snapshots: bytes
) -> None:
    chunk = encode_chunk(records, snapshots, hits_before=5)

    assert decode_records(chunk.hot, chunk.cold).tobytes() == records
    assert decode_snapshots(chunk.cold) == snapshots


@given(record_bytes(), snapshot_bytes())
def test_the_same_input_gives_the_same_bytes(records: bytes, snapshots: bytes) -> None:
    assert encode_chunk(records, snapshots) == encode_chunk(records, snapshots)


@given(st.lists(st.tuples(U64, st.integers(0, 9), st.binary(max_size=50))))
def test_decoding_gives_back_the_texts(texts: list[tuple[int, int, bytes]]) -> None:
    assert decode_side(encode_chunk(record(1), texts=texts).side) == texts


@given(record_bytes(), st.data())
def test_a_damaged_block_is_refused_or_unharmed(
    records: bytes, data: st.DataObject
) -> None:
    chunk = encode_chunk(records)
    at = data.draw(st.integers(0, len(chunk.hot) - 1))
    damaged = bytearray(chunk.hot)
    damaged[at] ^= data.draw(st.integers(1, 255))

    try:
        columns = decode_hot(bytes(damaged))
    except CodecError:
        return

    # Only the header's own counters can differ unseen: first_seq and hits_before.
    assert np.array_equal(columns.rip, decode_hot(chunk.hot).rip)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode_hot(data)


def test_a_frame_that_claims_another_length_is_refused_before_it_is_inflated() -> None:
    hot = encode_chunk(record(1)).hot
    header = struct.Struct("<4sHHIIQQQ")
    fields = list(header.unpack_from(hot))
    fields[3] = MAX_EVENTS
    fields[7] = 38 * MAX_EVENTS

    with pytest.raises(CodecError, match="another length"):
        decode_hot(header.pack(*fields) + hot[header.size :])


def test_blocks_of_two_chunks_do_not_mix() -> None:
    first, second = encode_chunk(record(1)), encode_chunk(record(2))

    with pytest.raises(CodecError, match="different chunks"):
        decode_records(first.hot, second.cold)


def test_a_gap_in_seq_is_refused() -> None:
    with pytest.raises(CodecError, match="follow each other"):
        encode_chunk(record(1) + record(3))


@pytest.mark.parametrize("size", [0, 1, RECORD_SIZE - 1, RECORD_SIZE + 1])
def test_ragged_records_are_refused(size: int) -> None:
    with pytest.raises(CodecError, match="whole records"):
        encode_chunk(bytes(size))


def test_a_ragged_snapshot_is_refused() -> None:
    with pytest.raises(CodecError, match="whole snapshots"):
        encode_chunk(record(1), bytes(SNAPSHOT_SIZE - 1))


def test_statistics_of_addresses_are_of_hits_only() -> None:
    hit = record(2, EventKind.HIT, addr=0x1000, rip=0x400000, slot=2)
    chunk = encode_chunk(record(1, addr=0xFFFF_FFFF_FFFF_FFFF, rip=9) + hit)

    assert (chunk.stats.addr_min, chunk.stats.addr_max) == (0x1000, 0x1000)
    assert (chunk.stats.rip_min, chunk.stats.rip_max) == (0x400000, 0x400000)
    assert chunk.stats.slot_mask == 0b100


def test_statistics_count_hits_and_name_kinds() -> None:
    stats = encode_chunk(record(1) + record(2, EventKind.HIT, retired=9)).stats

    assert (stats.hits, stats.t0, stats.t1) == (1, 0, 9)
    assert stats.kind_mask == 1 << EventKind.CALL | 1 << EventKind.HIT


def test_a_full_chunk_of_a_loop_takes_few_bytes_per_event() -> None:
    rng = random.Random(1)
    records = b"".join(
        record(i, EventKind.HIT, retired=7 * i, rip=0x401000, addr=0x402000, value=i)
        if i % 2
        else record(i, cause=i - 1, aux=rng.randrange(4))
        for i in range(1, 4097)
    )

    chunk = encode_chunk(records)

    assert len(chunk.hot) + len(chunk.cold) < 4096 * 8
