"""Marks: which events they are, and that a block gives back what it was made of."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from emulator.errors import CodecError
from emulator.events import NO_SLOT, EventFlag, EventKind
from emulator.trace.dtype import RECORD_DTYPE, Array
from emulator.trace.marks import (
    BLOCK_MARKS,
    decode_lanes,
    decode_marks,
    encode_marks,
    marks_of,
)


def records(count: int) -> Array:
    """Every kind of event, all columns full of digits."""
    digits = zlib.crc32
    rows = np.zeros(count, RECORD_DTYPE)
    rows["seq"] = np.arange(7, 7 + count)
    for name in ("retired", "rip", "addr", "value"):
        rows[name] = [digits(f"{name}{i}".encode()) << 20 for i in range(count)]
    rows["cause"] = np.arange(count)
    rows["kind"] = np.arange(count) % 48 + 1
    rows["cpu"] = np.arange(count) % 3
    rows["slot"] = NO_SLOT
    rows["ret"] = -np.arange(count)
    rows["task"] = np.arange(count) + 100
    return rows


def test_the_marks_are_what_a_timeline_draws() -> None:
    # By number, as docs/events.md has them.
    found = marks_of(records(96).tobytes())

    assert set(found["kind"].tolist()) == {
        1,
        18,
        20,
        21,
        22,
        25,
        28,
        29,
        33,
        34,
        35,
        40,
    }


def test_an_invariant_is_a_mark_the_first_time_only() -> None:
    rows = records(3)
    rows["kind"] = EventKind.INVARIANT
    rows["flags"] = [0, EventFlag.REPEAT, EventFlag.REPEAT]

    assert marks_of(rows.tobytes())["seq"].tolist() == [7]


def test_a_repeated_hit_is_a_mark() -> None:
    rows = records(1)
    rows["flags"] = EventFlag.REPEAT

    assert len(marks_of(rows.tobytes())) == 1


def test_a_block_gives_back_its_marks() -> None:
    rows = marks_of(records(500).tobytes())
    block = encode_marks(rows)

    assert decode_marks(block.lanes, block.rest).tobytes() == rows.tobytes()


def test_the_lanes_say_what_the_marks_say() -> None:
    rows = marks_of(records(500).tobytes())
    columns = decode_lanes(encode_marks(rows).lanes)

    assert all((column == rows[name]).all() for name, column in columns.items())


def test_equal_marks_give_equal_bytes() -> None:
    rows = marks_of(records(500).tobytes())

    assert encode_marks(rows) == encode_marks(rows.copy())


@pytest.mark.parametrize("count", [0, BLOCK_MARKS + 1])
def test_a_block_has_a_size(count: int) -> None:
    with pytest.raises(CodecError, match=f"{count} marks"):
        encode_marks(np.zeros(count, RECORD_DTYPE))


def test_ragged_records_are_refused() -> None:
    with pytest.raises(CodecError, match="65 bytes"):
        marks_of(bytes(65))


@pytest.mark.parametrize("at", [0, 4, 6, 8, 40, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    data = bytearray(encode_marks(marks_of(records(500).tobytes())).lanes)
    data[at] ^= 0x55

    with pytest.raises(CodecError):
        decode_lanes(bytes(data))


def test_a_block_that_ends_early_is_refused() -> None:
    data = encode_marks(marks_of(records(500).tobytes())).lanes

    for length in (0, 11, 12, len(data) // 2, len(data) - 1):
        with pytest.raises(CodecError):
            decode_lanes(data[:length])


def test_one_part_is_not_the_other() -> None:
    block = encode_marks(marks_of(records(500).tobytes()))

    with pytest.raises(CodecError, match="of that kind"):
        decode_lanes(block.rest)
