"""Blocks that are skipped by their statistics have nothing that passes."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.tests.trace.query.blocks import block_of, scenario_bytes
from emulator.trace.query import Rows, bounds, parse_query

_TERMS = st.sampled_from(
    [
        "kind:hit",
        "kind:call,hit",
        "kind:write",
        "slot:0",
        "slot:1,2",
        "cpu:1",
        "cpu>=1",
        "t:3..9",
        "t<20",
        "value>=5",
        "seq:10..40",
        "rip:0xffffffff81000000..",
        "owner:kgdb",
        "hit:2",
    ]
)
_QUERIES = st.recursive(
    _TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=6,
)


@cache
def block() -> Rows:
    """A run with two CPUs."""
    return block_of(scenario_bytes("stale-dr7"))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(_QUERIES)
def test_what_passes_is_inside_the_bounds(query: str) -> None:
    node = parse_query(query, {})
    limits = bounds(node)
    rows = np.flatnonzero(node.passes(block()))

    for name, allowed in limits.sets.items():
        assert set(block().column(name)[rows].tolist()) <= allowed
    for name, (low, high) in limits.spans.items():
        values = block().column(name)[rows].tolist()
        assert all(low <= value <= high for value in values)


def test_terms_side_by_side_narrow() -> None:
    found = bounds(parse_query("kind:hit slot:0,1 t:5..9 t<8 owner:kgdb", {}))

    assert found.sets == {"kind": {1}, "slot": {0, 1}}
    assert found.spans == {"t": (5, 7)}


def test_an_or_does_not() -> None:
    assert bounds(parse_query("slot:0 or t:5", {})) == bounds(parse_query("", {}))


def test_what_cannot_be_is_nothing() -> None:
    assert bounds(parse_query("slot:0 slot:1", {})).is_nothing


def test_several_kinds_are_one_bound() -> None:
    limits = bounds(parse_query("kind:packet,debugger_stop seq<=9", {}))

    # docs/events.md: PACKET is 31, DEBUGGER_STOP 30.
    assert limits.sets["kind"] == {30, 31}


def test_an_access_among_kinds_bounds_nothing() -> None:
    # kind:write is a hit, or an access that passed unseen, with a flag: no kind alone.
    assert "kind" not in bounds(parse_query("kind:write,packet", {})).sets
