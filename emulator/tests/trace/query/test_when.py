"""Expressions asked after the fact: against conditions that were there during the run."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.engine import run
from emulator.events import EventKind
from emulator.scenarios import load
from emulator.trace.codec import (
    decode_hot,
    decode_records,
    decode_snapshots,
    encode_chunk,
)
from emulator.trace.query import QueryError, Rows, parse_query
from emulator.trace.record import Record, unpack_records


@pytest.fixture(scope="module")
def block() -> tuple[Rows, list[Record]]:
    """watched-counter: writes of 4 bytes by one task."""
    scenario = load("watched-counter")
    records, shots = bytearray(), bytearray()

    def sink(batch) -> None:
        records.extend(batch.records)
        shots.extend(batch.snapshots)

    run(scenario.recipe, scenario.images, sink)
    # One chunk, whatever its length: hits of all of it.
    chunk = encode_chunk(bytes(records), bytes(shots))
    rows = Rows(
        decode_hot(chunk.hot),
        lambda: decode_records(chunk.hot, chunk.cold),
        lambda: decode_snapshots(chunk.cold),
    )
    return rows, unpack_records(bytes(records))


def passing(block: tuple[Rows, list[Record]], query: str) -> list[Record]:
    rows, records = block
    return [records[at] for at in np.flatnonzero(parse_query(query, {}).passes(rows))]


def hits(block: tuple[Rows, list[Record]]) -> list[Record]:
    return [record for record in block[1] if record.kind == EventKind.HIT]


def test_the_registers_are_those_of_the_hit(
    block: tuple[Rows, list[Record]],
) -> None:
    expected = [hit for hit in hits(block) if hit.rip & 0xF == 0x7]

    assert passing(block, 'when:"(rip & 0xf) == 7"') == expected


def test_value_is_what_was_written(block: tuple[Rows, list[Record]]) -> None:
    expected = [hit for hit in hits(block) if hit.value % 3 == 1]
    assert expected

    assert passing(block, 'when:"value % 3 == 1"') == expected


def test_watched_memory_is_known(block: tuple[Rows, list[Record]]) -> None:
    (first, *_) = hits(block)
    expected = [h for h in hits(block) if h.addr == first.addr and h.value & 0xFF == 2]
    assert expected

    assert passing(block, f'when:"u8[{first.addr:#x}] == 2"') == expected


def test_other_memory_is_not_known(block: tuple[Rows, list[Record]]) -> None:
    (first, *_) = hits(block)

    assert passing(block, f'when:"u8[{first.addr + 0x10000:#x}] + 1"') == []
    assert passing(block, f'slot:{first.slot} when:"u64[{first.addr:#x}] + 1"') == []


def test_dr7_enables_the_slot_that_was_hit(
    block: tuple[Rows, list[Record]],
) -> None:
    expected = [hit for hit in hits(block) if hit.slot == 0]

    assert passing(block, 'slot:0 when:"(dr7 & 3) != 0"') == expected


def test_it_joins_with_other_terms(block: tuple[Rows, list[Record]]) -> None:
    found = passing(block, '(when:"value == 2" or when:"value == 5") -value:5')

    assert {hit.value for hit in found} == {2}


@pytest.mark.parametrize(
    ("query", "position", "says"),
    [
        ('when:"value + "', 14, "expected a value"),
        ('when:"nowhere"', 6, "no symbol “nowhere”"),
        ('cpu:0 when:"value != old"', 21, "old is known during the run only"),
        ('when>="1"', 5, "is not compared"),
        ("when:1+", 7, "expected a value"),
        ('slot:"0"', 5, "not allowed"),
        ('when:"1', 0, "is no term"),
    ],
)
def test_the_character_is_named(query: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_query(query, {})

    assert (refused.value.position, says in refused.value.detail) == (position, True), (
        refused.value
    )
