"""The sorts of differences between two runs, each with a count and where it first is.

A sort is what a person would call one difference: this callee's return, this register's
value after IRET, this write that one side does not do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from emulator.events import EventKind
from emulator.snapshot import DEBUG, KGDB, SHADOW, WORDS
from emulator.trace.compare.contents import FIELDS, Batch
from emulator.trace.compare.outline import Outline, Shape
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.plan import Time, align, time_of, writer
from emulator.trace.dtype import Array


class Sort(IntEnum):
    """What a fact is about."""

    only_left = 1
    """A line, or a whole tree, that right has not."""
    only_right = 2
    field = 3
    """A field of a line that both have; what = its place in FIELDS."""
    word = 4
    """A word of a snapshot; what = its place in emulator.snapshot.WORDS."""
    place = 5
    """The retired instructions at which something happened, counted from the last time."""


#: sort, what, kind, aux, slot, moment.
Key = tuple[int, int, int, int, int, int]

#: What is told although the line above it stands on one side only: a stop is a stop.
_ALWAYS = (
    EventKind.HIT,
    EventKind.DEBUGGER_STOP,
    EventKind.SIGNAL,
    EventKind.NOT_FIRED,
    EventKind.INVARIANT,
)
#: Words that are the subject of the product; of the others the first one is told.
_TOLD = frozenset(WORDS.index(name) for name in (*DEBUG, *SHADOW, *KGDB))
_RFLAGS = WORDS.index("rflags")


@dataclass(slots=True)
class Fact:
    """count differences of one sort; row is the first pair with one, line its plan row,
    time when it shows."""

    key: Key
    count: int
    row: int
    line: int
    time: Time

    @property
    def sort(self) -> Sort:
        """What it is about."""
        return Sort(self.key[0])


class Facts:
    """Collects facts."""

    def __init__(self, left: Outline, right: Outline) -> None:
        self._left, self._right = left, right
        self._found: dict[Key, Fact] = {}

    def sorted(self) -> list[Fact]:
        """All facts, the one that comes first in the runs on top."""
        return sorted(self._found.values(), key=lambda f: (f.row, f.time))

    def _note(self, key: Key, rows: Array, line: int, time: Time | None = None) -> None:
        if not len(rows):
            return
        first = int(rows.min())
        time = (float(line), 0, line) if time is None else time
        fact = self._found.get(key)
        if fact is None:
            self._found[key] = Fact(key, len(rows), first, line, time)
            return
        fact.count += len(rows)
        if (first, time) < (fact.row, fact.time):
            fact.row, fact.line, fact.time = first, line, time

    def moved(self, rows: Array, kinds: Array) -> None:
        """Pairs whose trees stand further apart than those before."""
        for kind in np.unique(kinds).tolist():
            key = (int(Sort.place), 0, kind, 0, 0, 0)
            self._note(key, rows[kinds == kind], 0)

    def alone(self, rows: Array, trees: Array, sort: Sort) -> None:
        """Trees that one side has not, and what in them is always told."""
        side = self._left if sort is Sort.only_left else self._right
        for form in np.unique(trees["shape"]).tolist():
            own = rows[trees["shape"] == form]
            self._told_inside(side.shapes[form], own, sort)
        hit = trees["kind"] == EventKind.HIT
        names = np.stack([trees["kind"], np.where(hit, 0, trees["aux"]), trees["slot"]])
        kinds, which = np.unique(names, axis=1, return_inverse=True)
        which = which.reshape(-1)
        for number in range(kinds.shape[1]):
            kind, aux, slot = (int(part) for part in kinds[:, number])
            self._note((int(sort), 0, kind, aux, slot, 0), rows[which == number], 0)

    def _told_inside(self, shape: Shape, rows: Array, sort: Sort) -> None:
        if not np.isin(shape.lines["kind"][1:], _ALWAYS).any():
            return
        for row, line in enumerate(align(shape, shape).left.tolist()):
            if line and shape.lines["kind"][line] in _ALWAYS:
                self._note((int(sort), 0, *_name(shape, line), 0), rows, row)

    def batch(self, batch: Batch) -> None:
        """What a batch of pairs says differently."""
        shapes = (
            self._left.shapes[batch.forms[0]],
            self._right.shapes[batch.forms[1]],
        )
        for line, (one, other) in enumerate(
            zip(batch.plan.left.tolist(), batch.plan.right.tolist(), strict=True)
        ):
            if NONE not in (one, other):
                self._fields(batch, line, _name(shapes[0], one))
                continue
            shape, own = (shapes[0], one) if other == NONE else (shapes[1], other)
            if not batch.plan.under[line] or shape.lines["kind"][own] in _ALWAYS:
                sort = Sort.only_left if other == NONE else Sort.only_right
                key = (int(sort), 0, *_name(shape, own), 0)
                self._note(key, batch.rows, line, time_of(batch.plan, line, ""))
        for number in range(len(batch.plan.shots)):
            self._shot(batch, number, shapes[0])

    def _fields(self, batch: Batch, line: int, name: tuple[int, int, int]) -> None:
        left_over = np.ones(len(batch.rows), bool)
        for what, field in enumerate(FIELDS):
            column = batch.fields[field][:, line]
            if column.any():
                rows = batch.rows[column & left_over]
                time = time_of(batch.plan, line, field)
                self._note((int(Sort.field), what, *name, 0), rows, line, time)
                left_over &= ~column

    def _shot(self, batch: Batch, number: int, shape: Shape) -> None:
        words = batch.words[:, number]
        if not words.any():
            return
        line, place, _ = batch.plan.shots[number]
        moment = int(shape.shots["moment"][place])
        told = batch.fields["value"][:, line].copy()
        for what in np.flatnonzero(words.any(axis=0)).tolist():
            column = words[:, what].copy()
            if what not in _TOLD:
                column &= ~told
                told |= words[:, what]
            key = (int(Sort.word), what, 0, 0, 0, moment)
            self._note(key, batch.rows[column], line, time_of(batch.plan, line, ""))


def _name(shape: Shape, line: int) -> tuple[int, int, int]:
    at = shape.lines[line]
    return int(at["kind"]), writer(shape, line), int(at["slot"])
