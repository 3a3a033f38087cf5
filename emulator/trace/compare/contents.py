"""What paired trees say differently, for many pairs at once.

Pairs of the same two forms are laid out as a table (pair × line) and compared column by
column, so that the cost is that of numpy and not of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emulator.snapshot import WORDS
from emulator.trace.compare.lines import Lines
from emulator.trace.compare.outline import Outline
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.plan import Plan, align
from emulator.trace.dtype import Array

#: The fields of a line in the order in which a difference is told: the first one counts.
FIELDS = (
    "kind",
    "aux",
    "slot",
    "text",
    "ret",
    "value",
    "addr",
    "task",
    "flags",
    "cpu",
    "rip",
    "retired",
)

#: Pairs that are compared at once, and events that may lie between them.
_BATCH_PAIRS = 4096
_BATCH_EVENTS = 1 << 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of the same two forms: their rows in the list of all pairs, their trees, and
    what differs as arrays of (pair, plan row) for each field and (pair, shot, word)."""

    rows: Array
    left: Array
    right: Array
    plan: Plan
    forms: tuple[int, int]
    fields: dict[str, Array]
    words: Array

    @property
    def differs(self) -> Array:
        """(pair, plan row): whether anything does."""
        out = np.zeros((len(self.rows), len(self.plan.left)), bool)
        for field in self.fields.values():
            out |= field
        for shot, (row, _, _) in enumerate(self.plan.shots):
            out[:, row] |= self.words[:, shot].any(axis=1)
        return out

    @property
    def renamed(self) -> Array:
        """(pair, plan row): a name is all that differs."""
        count = sum(field.astype("u1") for field in self.fields.values())
        out = np.zeros((len(self.rows), len(self.plan.left)), bool)
        for name, rows in self.plan.names.items():
            out |= self.fields[name] & rows
        out &= count == 1
        for shot, (row, _, _) in enumerate(self.plan.shots):
            out[:, row] &= ~self.words[:, shot].any(axis=1)
        return out


class Contents:
    """Compares pairs of trees of two outlines; remembers how forms align."""

    def __init__(self, left: Outline, right: Outline) -> None:
        self._left, self._right = left, right
        self._plans: dict[tuple[int, int], Plan] = {}

    def plan(self, left: int, right: int) -> Plan:
        """How two forms align."""
        found = self._plans.get((left, right))
        if found is None:
            found = align(self._left.shapes[left], self._right.shapes[right])
            self._plans[left, right] = found
        return found

    def compare(self, rows: Array, left: Array, right: Array) -> Iterator[Batch]:
        """Pairs (left[n], right[n]) that stand in ``rows`` of the list of all pairs."""
        for part in _batches(self._left.trees, self._right.trees, left, right):
            yield from self._forms(rows[part], left[part], right[part])

    def _forms(self, rows: Array, left: Array, right: Array) -> Iterator[Batch]:
        mine, first = _read(self._left, left)
        theirs, first2 = _read(self._right, right)
        forms = np.stack(
            [self._left.trees["shape"][left], self._right.trees["shape"][right]]
        )
        kinds, which = np.unique(forms, axis=1, return_inverse=True)
        which = which.reshape(-1)
        for number in range(kinds.shape[1]):
            own = np.flatnonzero(which == number)
            key = (int(kinds[0, number]), int(kinds[1, number]))
            plan = self.plan(*key)
            a, b = left[own] - first, right[own] - first2
            fields = _fields(
                plan, _laid_out(mine, a, plan.left), _laid_out(theirs, b, plan.right)
            )
            words = _words(plan, mine, a, theirs, b)
            yield Batch(rows[own], left[own], right[own], plan, key, fields, words)


def _batches(
    left_trees: Array, right_trees: Array, left: Array, right: Array
) -> Iterator[slice]:
    """Stretches of pairs that lie close to each other in both recordings."""
    one, other = left_trees["first"][left], right_trees["first"][right]
    start = 0
    while start < len(left):
        stop = min(start + _BATCH_PAIRS, len(left))
        far = (
            np.abs(one[start:stop].astype("<i8") - int(one[start])) > _BATCH_EVENTS
        ) | (
            np.abs(other[start:stop].astype("<i8") - int(other[start])) > _BATCH_EVENTS
        )
        if far.any():
            stop = start + int(np.argmax(far))
        yield slice(start, stop)
        start = stop


def _read(side: Outline, trees: Array) -> tuple[Lines, int]:
    low, high = int(trees.min()), int(trees.max())
    return side.lines(low, high), low


def _laid_out(lines: Lines, trees: Array, plan: Array) -> Array:
    """(pair, plan row) lines; where a side has none, its root stands in."""
    table: Array = lines.table[lines.starts[trees][:, None] + np.maximum(plan, 0)]
    return table


def _fields(plan: Plan, left: Array, right: Array) -> dict[str, Array]:
    both = (plan.left != NONE) & (plan.right != NONE)
    return {name: (left[name] != right[name]) & both for name in FIELDS}


def _words(plan: Plan, left: Lines, a: Array, right: Lines, b: Array) -> Array:
    """(pair, shot, word): whether a word of paired snapshots differs."""
    out = np.zeros((len(a), len(plan.shots), len(WORDS)), bool)
    for number, (_, i, j) in enumerate(plan.shots):
        one = left.shots["words"][left.shot_starts[a] + i]
        other = right.shots["words"][right.shot_starts[b] + j]
        out[:, number] = one != other
    return out
