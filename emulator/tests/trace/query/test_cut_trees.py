"""Trees that were cut between blocks, against the same events in one block."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from emulator.events import EventKind
from emulator.tests.trace.query.blocks import block_of, blocks_of, scenario_bytes
from emulator.trace.query import parse_query, served
from emulator.trace.record import unpack_records

QUERIES = [
    "returned:NOTIFY_STOP",
    "-returned:NOTIFY_STOP",
    "called:perf_bp_event",
    "owner:kgdb",
    "owner:perf kind:hit",
    "wrote:dr7",
    "broke:delivered_once or owner:kgdb",
]
SCENARIOS = ["watched-counter", "stale-dr7", "delivered-twice"]


@cache
def data_of(name: str) -> bytes:
    """Records, run once."""
    return scenario_bytes(name)


@pytest.mark.parametrize("events", [1, 2, 5, 16, 100])
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_where_a_tree_is_cut_changes_nothing(
    name: str, query: str, events: int
) -> None:
    data = data_of(name)
    wanted = parse_query(query, {})

    cut = [wanted.passes(rows) for rows in blocks_of(data, events)]

    assert np.concatenate(cut).tolist() == wanted.passes(block_of(data)).tolist()


@pytest.mark.parametrize("events", [1, 5, 100])
def test_whom_a_hit_was_delivered_to_is_known_wherever_it_is_cut(events: int) -> None:
    data = data_of("delivered-twice")

    cut = [served(rows) for rows in blocks_of(data, events)]

    assert np.concatenate(cut).tolist() == served(block_of(data)).tolist()


def test_the_stories_have_trees_to_cut() -> None:
    """Otherwise the tests above say nothing."""
    for name in SCENARIOS:
        kinds = [record.kind for record in unpack_records(data_of(name))]
        assert EventKind.HIT in kinds
        found = parse_query("returned:NOTIFY_STOP", {}).passes(block_of(data_of(name)))
        assert 0 < found.sum() < len(found)
