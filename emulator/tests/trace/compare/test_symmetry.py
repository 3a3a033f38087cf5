"""What must hold for any two traces, tried on many by chance."""

from __future__ import annotations

import random

import pytest

from emulator.events import Callee, EventKind
from emulator.tests.trace.compare.traces import OTHER, Trace, compared, dr7_write
from emulator.trace.compare.as_json import rows
from emulator.trace.compare.comparison import Comparison
from emulator.trace.compare.detail import detail
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.told import Teller

SEEDS = range(25)


def by_chance(chance: random.Random) -> Trace:
    """Up to 12 hits and other events on two CPUs."""
    trace = Trace()
    retired = [0, 0]
    for _ in range(chance.randint(0, 12)):
        cpu = chance.randint(0, 1)
        retired[cpu] += chance.choice((0, 10, 10, 10, 13))
        if chance.random() < 0.2:
            trace.event(EventKind.SYSCALL, value=1, cpu=cpu, retired=retired[cpu])
            continue
        trace.hit(
            retired[cpu],
            cpu=cpu,
            value=chance.randint(1, 2),
            addr=chance.choice((OTHER, OTHER - 8)),
            ret=chance.choice((0, 0x8001)),
            entry=chance.choice((Callee.do_debug, Callee.exc_debug_user)),
            handler=chance.choice(([], [dr7_write(0)])),
            after=chance.choice(({}, {"dr7": 0x90602})),
        )
    return trace


def two(seed: int) -> tuple[Trace, Trace]:
    chance = random.Random(seed)
    return by_chance(chance), by_chance(chance)


@pytest.fixture(params=SEEDS)
def both(request: pytest.FixtureRequest) -> tuple[Comparison, Comparison]:
    """A comparison and the same with the sides exchanged."""
    left, right = two(request.param)
    return compared(left, right), compared(right, left)


Both = tuple[Comparison, Comparison]


def test_exchanging_the_sides_exchanges_the_counts(both: Both) -> None:
    one, other = both
    for name in ("trees", "hits"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a.same, a.renamed, a.changed) == (b.same, b.renamed, b.changed)
        assert (a.only_left, a.only_right) == (b.only_right, b.only_left)


def test_each_tree_stands_in_one_row(both: Both) -> None:
    found = both[0]
    for run, side in ((found.left_run, found.left), (found.right_run, found.right)):
        assert sorted(side[side != NONE].tolist()) == list(range(len(run.trees)))


def test_each_line_is_counted_once_on_each_side(both: Both) -> None:
    found, tally = both[0], both[0].events
    shared = tally.same + tally.renamed + tally.changed
    assert shared + tally.only_left == int(found.left_run.trees["lines"].sum())
    assert shared + tally.only_right == int(found.right_run.trees["lines"].sum())


def test_the_rows_line_by_line_have_the_states_that_were_counted(both: Both) -> None:
    found = both[0]
    for index in range(len(found.state)):
        row = detail(found, index)
        worst = max(line.state for line in row.lines)
        alone = found.left[index] == NONE or found.right[index] == NONE
        assert (worst if alone else min(worst, 2)) == found.state[index]


def test_the_facts_count_every_pair_that_differs(both: Both) -> None:
    found = both[0]
    assert bool(found.facts) == bool((found.state > 0).any())


def test_the_pages_of_rows_give_each_difference_once(both: Both) -> None:
    teller = Teller(both[0])
    seen, trees, after = [], 0, 0
    while after is not None:
        told, after = rows(teller, after, 2)
        seen += [row["number"] for row in told if row["type"] == "difference"]
        trees += sum(row.get("trees", 1) for row in told)
    assert seen == list(range(1, len(both[0].differences) + 1))
    assert trees == len(both[0].state)
