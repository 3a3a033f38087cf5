"""The columns of numpy pair as a loop over trees would, told in the words of the document."""

from __future__ import annotations

import random

import numpy as np
import pytest

from emulator.events import Callee, EventKind
from emulator.trace.compare.outline import TREE_DTYPE
from emulator.trace.compare.pairing import NONE, pair_trees, row_order
from emulator.trace.dtype import Array

KINDS = (EventKind.HIT, EventKind.HIT, EventKind.SYSCALL, EventKind.INT3)


def by_chance(chance: random.Random) -> Array:
    """Up to 15 trees of two CPUs with few places, so that many meet."""
    trees = np.zeros(chance.randint(0, 15), TREE_DTYPE)
    retired = [0, 0]
    for tree in trees:
        cpu = chance.randint(0, 1)
        retired[cpu] += chance.choice((0, 0, 5, 5, 7))
        tree["cpu"], tree["retired"] = cpu, retired[cpu]
        tree["kind"] = chance.choice(KINDS)
        tree["rip"], tree["addr"] = chance.choice((1, 2)), chance.choice((8, 9))
        tree["aux"] = chance.choice((0, Callee.do_debug)) * (tree["kind"] != 1)
    return trees


def place(tree: Array) -> tuple[int, ...]:
    """A hit by rip, any other by callee and slot; at one time of one CPU."""
    hit = tree["kind"] == EventKind.HIT
    own = (tree["rip"],) if hit else (tree["aux"], tree["slot"])
    return tuple(map(int, (tree["cpu"], tree["kind"], tree["retired"], *own)))


def sort_of(trees: Array, at: int) -> tuple[int, ...]:
    """What is counted: hits of an address, others of callee, slot and rip."""
    tree = trees[at]
    hit = tree["kind"] == EventKind.HIT
    own = (tree["addr"],) if hit else (tree["aux"], tree["slot"], tree["rip"])
    return tuple(map(int, (tree["cpu"], tree["kind"], *own, repeats(trees, at))))


def repeats(trees: Array, at: int) -> bool:
    """Whether a tree is the one before it on its CPU once more."""
    before = [t for t in trees[:at] if t["cpu"] == trees[at]["cpu"]]
    same = ("retired", "rip", "kind", "addr")
    return bool(before) and all(before[-1][n] == trees[at][n] for n in same)


def gap(trees: Array, paired: set[int], at: int) -> int:
    """How many trees of its CPU up to a tree have a partner."""
    return sum(trees[n]["cpu"] == trees[at]["cpu"] for n in paired if n <= at)


def by_hand(left: Array, right: Array) -> list[int]:
    partner: dict[int, int] = {}
    waiting = list(range(len(right)))
    for at in range(len(left)):
        fit = next((n for n in waiting if place(right[n]) == place(left[at])), None)
        if fit is not None:
            partner[at] = fit
            waiting.remove(fit)
    mine, theirs = set(partner), set(partner.values())
    for at in range(len(left)):
        if at in mine:
            continue
        key = (sort_of(left, at), gap(left, mine, at))
        fits = [n for n in waiting if (sort_of(right, n), gap(right, theirs, n)) == key]
        if fits:
            partner[at] = fits[0]
            waiting.remove(fits[0])
    return [partner.get(at, NONE) for at in range(len(left))]


@pytest.mark.parametrize("seed", range(60))
def test_pairs_are_those_of_the_rules(seed: int) -> None:
    chance = random.Random(seed)
    left, right = by_chance(chance), by_chance(chance)

    assert pair_trees(left, right).tolist() == by_hand(left, right)


@pytest.mark.parametrize("seed", range(60))
def test_rows_hold_every_tree_once_with_its_partner(seed: int) -> None:
    chance = random.Random(seed)
    left, right = by_chance(chance), by_chance(chance)
    partner = pair_trees(left, right)

    one, other = row_order(left, right, partner)

    pairs = {(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True)}
    assert {(a, b) for a, b in pairs if a != NONE} == set(enumerate(partner.tolist()))
    assert sorted(b for _, b in pairs if b != NONE) == list(range(len(right)))


@pytest.mark.parametrize("seed", range(60))
def test_the_trees_of_left_keep_their_order(seed: int) -> None:
    chance = random.Random(seed)
    left, right = by_chance(chance), by_chance(chance)

    one, _ = row_order(left, right, pair_trees(left, right))

    assert one[one != NONE].tolist() == list(range(len(left)))


@pytest.mark.parametrize("seed", range(60))
def test_trees_that_right_has_alone_keep_their_order(seed: int) -> None:
    chance = random.Random(seed)
    left, right = by_chance(chance), by_chance(chance)

    one, other = row_order(left, right, pair_trees(left, right))

    alone = other[one == NONE].tolist()
    assert alone == sorted(alone)


def test_pairing_is_fast_enough_for_a_hundred_thousand_trees() -> None:
    """A loop in Python over pairs would take minutes."""
    trees = np.zeros(100_000, TREE_DTYPE)
    trees["kind"] = EventKind.HIT
    trees["retired"] = np.arange(100_000) * 5
    later = trees.copy()
    later["retired"] += np.uint64(2)

    assert pair_trees(trees, later).tolist() == list(range(100_000))
