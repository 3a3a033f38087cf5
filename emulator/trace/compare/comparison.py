"""Two recorded runs, aligned: what is equal, what is not, and where they part first.

Cost: both recordings are read once, the trees that differ a second time; linear in the
number of events. In memory stay the two outlines and a few numbers for each tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from emulator.events import EventKind
from emulator.trace.compare.contents import Batch, Contents
from emulator.trace.compare.facts import Fact, Facts, Sort
from emulator.trace.compare.outline import Outline
from emulator.trace.compare.pairing import NONE, pair_trees, row_order
from emulator.trace.dtype import Array


class State(IntEnum):
    """How the two trees of a row stand to each other."""

    same = 0
    renamed = 1
    """Equal but for names of functions that did the same."""
    changed = 2
    only_left = 3
    only_right = 4


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of something are in which state."""

    same: int = 0
    renamed: int = 0
    changed: int = 0
    only_left: int = 0
    only_right: int = 0


@dataclass(frozen=True, slots=True)
class WrongInBoth:
    """The same complaint on both sides: a fault that the difference does not touch."""

    kind: int
    aux: int
    left: int
    right: int
    together: int
    """Pairs of trees in which both sides have it."""
    row: int
    """The first of them, or NONE."""


@dataclass(slots=True)
class Comparison:
    """The rows of both runs in order; left and right are trees or NONE."""

    left_run: Outline
    right_run: Outline
    contents: Contents
    left: Array
    right: Array
    state: Array
    moved: Array
    trees: Tally
    hits: Tally
    events: Tally
    facts: list[Fact] = field(default_factory=list)
    wrong: list[WrongInBoth] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = np.flatnonzero(self.state >= State.changed)
        if not len(found):
            found = np.flatnonzero(self.state == State.renamed)
        self.differences = found

    differences: Array = field(init=False)
    """The rows to go through: those that differ; renamed ones only when nothing else does."""

    @property
    def equal(self) -> bool:
        """Whether the runs did the same, as far as both go."""
        return not len(self.differences)

    @property
    def first(self) -> int:
        """The row where they part, or NONE."""
        return NONE if self.equal else int(self.differences[0])


def compare(left: Outline, right: Outline) -> Comparison:
    """Align two runs. Raises CodecError for damaged blocks."""
    partner = pair_trees(left.trees, right.trees)
    one, other = row_order(left.trees, right.trees, partner)
    known = _known(left, right, one, other)
    return _Comparer(left, right, one[known], other[known]).result()


def compare_with_itself(run: Outline) -> Comparison:
    """The comparison of a run with one of the same digest."""
    rows = np.arange(len(run.trees))
    return _Comparer(run, run, rows, rows).result()


def _known(left: Outline, right: Outline, one: Array, other: Array) -> Array:
    """Rows that say something although a side may have been cut off before its end."""
    known = np.ones(len(one), bool)
    for side, mine, opposite, theirs in (
        (left, one, right, other),
        (right, other, left, one),
    ):
        if side.whole:
            continue
        known &= mine != len(side.trees) - 1  # the last tree may be half of one
        lone = np.flatnonzero(mine == NONE)
        trees = opposite.trees[theirs[lone]]
        known[lone] &= trees["retired"] < side.ends()[trees["cpu"]]
        known &= ~_ends(side, mine) & ~_ends(opposite, theirs)
    return known


def _ends(side: Outline, rows: Array) -> Array:
    kinds = side.trees["kind"][np.maximum(rows, 0)] if len(side.trees) else rows
    ends: Array = (kinds == EventKind.RUN_END) & (rows != NONE)
    return ends


class _Comparer:
    def __init__(self, left: Outline, right: Outline, one: Array, other: Array) -> None:
        self._left, self._right, self._one, self._other = left, right, one, other
        self._contents = Contents(left, right)
        self._facts = Facts(left, right)
        self._state = np.full(len(one), State.same, "u1")
        self._lines = np.zeros(len(State), "<i8")

    def result(self) -> Comparison:
        one, other = self._one, self._other
        both = (one != NONE) & (other != NONE)
        self._state[other == NONE] = State.only_left
        self._state[one == NONE] = State.only_right
        self._lone(np.flatnonzero(other == NONE), self._left, one, Sort.only_left)
        self._lone(np.flatnonzero(one == NONE), self._right, other, Sort.only_right)
        moved = self._moved(both)
        self._pairs(both, moved)
        return Comparison(
            self._left,
            self._right,
            self._contents,
            one,
            other,
            self._state,
            moved,
            trees=_tally(np.bincount(self._state, minlength=len(State))),
            hits=_tally(self._hits()),
            events=_tally(self._lines),
            facts=self._facts.sorted(),
            wrong=self._wrong(),
        )

    def _lone(self, rows: Array, side: Outline, trees: Array, sort: Sort) -> None:
        own = side.trees[trees[rows]]
        self._facts.alone(rows, own, sort)
        at = State.only_left if sort is Sort.only_left else State.only_right
        self._lines[at] += int(own["lines"].sum())

    def _moved(self, both: Array) -> Array:
        """Pairs whose distance in retired instructions is not that of the pair before."""
        moved = np.zeros(len(both), bool)
        rows = np.flatnonzero(both)
        mine, theirs = (
            self._left.trees[self._one[rows]],
            self._right.trees[self._other[rows]],
        )
        apart = mine["retired"].astype("<i8") - theirs["retired"].astype("<i8")
        for cpu in np.unique(mine["cpu"]):
            own = np.flatnonzero(mine["cpu"] == cpu)
            moved[rows[own]] = np.diff(apart[own], prepend=0) != 0
        moved[rows[mine["kind"] == EventKind.RUN_END]] = False  # its value says as much
        changed = np.flatnonzero(moved)
        self._state[changed] = State.changed
        self._facts.moved(changed, self._left.trees["kind"][self._one[changed]])
        return moved

    def _pairs(self, both: Array, moved: Array) -> None:
        rows = np.flatnonzero(both)
        mine = self._left.trees[self._one[rows]]
        theirs = self._right.trees[self._other[rows]]
        unequal = (mine["content"] != theirs["content"]).any(axis=1)
        self._lines[State.same] += int(mine["lines"][~unequal].sum())
        rows = rows[unequal]
        for batch in self._contents.compare(rows, self._one[rows], self._other[rows]):
            self._batch(batch, moved)

    def _batch(self, batch: Batch, moved: Array) -> None:
        plan = batch.plan
        differs, renamed = batch.differs, batch.renamed
        lone_left = int((plan.right == NONE).sum())
        lone_right = int((plan.left == NONE).sum())
        changed = (differs & ~renamed).any(axis=1) | bool(lone_left + lone_right)
        changed |= moved[batch.rows]
        self._state[batch.rows[changed]] = State.changed
        self._state[batch.rows[~changed & renamed.any(axis=1)]] = State.renamed
        pairs = len(batch.rows)
        self._lines += [
            int((~differs).sum()) - pairs * (lone_left + lone_right),
            int(renamed.sum()),
            int((differs & ~renamed).sum()),
            pairs * lone_left,
            pairs * lone_right,
        ]
        self._facts.batch(batch)

    def _hits(self) -> Array:
        one = self._left.trees["kind"][self._one[self._one != NONE]]
        other = self._right.trees["kind"][self._other[self._one == NONE]]
        hit = np.zeros(len(self._state), bool)
        hit[self._one != NONE] = one == EventKind.HIT
        hit[self._one == NONE] = other == EventKind.HIT
        return np.bincount(self._state[hit], minlength=len(State))

    def _wrong(self) -> list[WrongInBoth]:
        found = []
        for key in self._left.faults.keys() & self._right.faults.keys():
            mine, theirs = self._left.faults[key], self._right.faults[key]
            rows = np.flatnonzero(
                np.isin(self._one, mine) & np.isin(self._other, theirs)
            )
            first = int(rows[0]) if len(rows) else NONE
            found.append(WrongInBoth(*key, len(mine), len(theirs), len(rows), first))
        return sorted(found, key=lambda wrong: (wrong.row, wrong.kind, wrong.aux))


def _tally(counts: Array) -> Tally:
    return Tally(*(int(count) for count in counts))
