"""Runs as blocks that queries are asked of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from emulator.engine import run
from emulator.events import RECORD_SIZE
from emulator.recipe import derive
from emulator.scenarios import load
from emulator.trace.codec import decode_hot, decode_records, encode_chunk
from emulator.trace.query import Rows, parse_query
from emulator.trace.record import Record, unpack_records


def block_of(records: bytes, hits_before: int = 0) -> Rows:
    """One chunk, encoded and decoded again."""
    chunk = encode_chunk(records, hits_before=hits_before)
    hot, cold = chunk.hot, chunk.cold
    return Rows(decode_hot(hot), lambda: decode_records(hot, cold))


def blocks_of(data: bytes, events: int) -> list[Rows]:
    """The same cut into blocks of so many events that know each other."""
    size = events * RECORD_SIZE
    made: list[Rows] = []

    def beside(at: int, step: int) -> Rows | None:
        return made[at + step] if 0 <= at + step < len(made) else None

    hits = 0
    for at, start in enumerate(range(0, len(data), size)):
        piece = data[start : start + size]
        chunk = encode_chunk(piece, hits_before=hits)
        whole = partial(decode_records, chunk.hot, chunk.cold)
        made.append(Rows(decode_hot(chunk.hot), whole, beside=partial(beside, at)))
        hits += chunk.stats.hits
    return made


def scenario_bytes(name: str, variant: str | None = None) -> bytes:
    """The records of a shipped scenario."""
    scenario = load(name)
    parts: list[bytes] = []
    recipe = scenario.recipe if variant is None else derive(scenario.recipe, variant)
    run(recipe, scenario.images, lambda batch: parts.append(batch.records))
    return b"".join(parts)


def found(
    query: str, data: bytes, symbols: Mapping[str, int] | None = None
) -> list[Record]:
    """The events that pass."""
    records = unpack_records(data)
    passes = parse_query(query, symbols or {}).passes(block_of(data))
    return [records[row] for row in np.flatnonzero(passes)]
