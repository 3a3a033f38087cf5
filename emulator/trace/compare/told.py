"""A comparison told: the first divergence, the sorts of differences, what is wrong in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.events import EventKind
from emulator.snapshot import WORDS
from emulator.trace.compare.comparison import Comparison, State
from emulator.trace.compare.contents import FIELDS
from emulator.trace.compare.detail import Change, Line, Row, detail
from emulator.trace.compare.facts import Fact, Sort
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.phrases import PLAIN, Names, Phrase, change_phrase, phrase
from emulator.trace.event_words import event_in_words
from emulator.trace.record import Record

#: Rows that are kept decoded; the facts of a run mostly begin in a few of them.
_KEPT = 16
#: Equal lines in a row that are all told, and how many stay around what is left out.
_EQUAL_LINES = 6
_AROUND = 2


@dataclass(frozen=True, slots=True)
class ToldFact:
    """One sort of difference in words; difference is the number of the first one."""

    phrase: Phrase
    count: int
    difference: int | None
    sort: Sort
    left_fault: bool
    right_fault: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that need not be told: how many, and what they are."""

    start: int
    stop: int
    trees: int
    hits: int
    events: int
    renamed: int

    @property
    def others(self) -> int:
        """Trees that are no hits."""
        return self.trees - self.hits

    @property
    def empty(self) -> bool:
        """Whether there is nothing to fold."""
        return self.start == self.stop


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its hit on each side (None = no hit), CPU, retired, seq."""

    cpu: int
    kind: str
    name: str
    left_hit: int | None
    right_hit: int | None
    left_retired: int | None
    right_retired: int | None
    left_seq: int | None
    right_seq: int | None

    @property
    def words(self) -> str:
        """``hit 3 on CPU 0``; the number of left where both have one."""
        hit = self.left_hit or self.right_hit
        return f"{f'hit {hit}' if hit else self.name} on CPU {self.cpu}"


class Teller:
    """Puts a comparison into words."""

    def __init__(self, comparison: Comparison, names: Names = PLAIN) -> None:
        self.comparison = comparison
        self.names = names
        self._rows: dict[int, Row] = {}

    def row(self, index: int) -> Row:
        """A row line by line."""
        found = self._rows.get(index)
        if found is None:
            found = detail(self.comparison, index)
            while len(self._rows) >= _KEPT:
                del self._rows[next(iter(self._rows))]
            self._rows[index] = found
        return found

    def divergence(self, index: int) -> Phrase:
        """What parts first in a row that differs."""
        return phrase(self.row(index).first, self.names)

    def place(self, index: int) -> Place:
        """Where a row stands."""
        found = self.comparison
        one, other = int(found.left[index]), int(found.right[index])
        left = None if one == NONE else found.left_run.trees[one]
        right = None if other == NONE else found.right_run.trees[other]
        tree = left if left is not None else right
        assert tree is not None
        record = Record._make((0,) * len(Record._fields))
        node = event_in_words(
            record._replace(kind=int(tree["kind"]), aux=int(tree["aux"]))
        )
        return Place(
            int(tree["cpu"]),
            node.kind,
            node.name,
            *(int(t["hit"]) or None if t is not None else None for t in (left, right)),
            *(int(t["retired"]) if t is not None else None for t in (left, right)),
            *(int(t["first"]) if t is not None else None for t in (left, right)),
        )

    def number_of(self, row: int) -> int | None:
        """The number of the first difference at or after a row, from 1."""
        at = int(np.searchsorted(self.comparison.differences, row))
        return at + 1 if at < len(self.comparison.differences) else None

    def facts(self, limit: int) -> list[ToldFact]:
        """The first ``limit`` sorts of differences."""
        return [self._fact(fact) for fact in self.comparison.facts[:limit]]

    def _fact(self, fact: Fact) -> ToldFact:
        lines = self.row(fact.row).lines
        line = lines[min(fact.line, len(lines) - 1)]
        left, right = line.left, line.right
        return ToldFact(
            self._phrase(fact, line),
            fact.count,
            self.number_of(fact.row),
            fact.sort,
            left is not None and bool(left.node.fault),
            right is not None and bool(right.node.fault),
        )

    def _phrase(self, fact: Fact, line: Line) -> Phrase:
        change = _change_of(fact, line.changes)
        if change is None or line.left is None or line.right is None:
            return phrase(line, self.names)
        return change_phrase(line, change, self.names)

    def parted(self) -> Phrase | None:
        """How often DR7 and cpu_dr7 part after IRET, when they do on a side."""
        runs = (self.comparison.left_run, self.comparison.right_run)
        if not any(run.parted for run in runs):
            return None
        left, right = (
            f"no, {run.parted} of {run.returns} returns" if run.parted else "yes"
            for run in runs
        )
        return Phrase.of("DR7 = cpu_dr7 after IRET", left, right, self.names)

    def wrong_in_both(self) -> list[str]:
        """A sentence for each complaint that both sides have."""
        out = []
        for wrong in self.comparison.wrong:
            record = Record._make((0,) * len(Record._fields))
            node = event_in_words(record._replace(kind=wrong.kind, aux=wrong.aux))
            what = node.name if wrong.kind != EventKind.INVARIANT else node.text
            names = self.names
            if wrong.left == wrong.right == wrong.together:
                out.append(f"{what}, {_times(wrong.left)} in both")
                continue
            out.append(
                f"{what}: {names.left} {_times(wrong.left)}, {names.right} "
                f"{_times(wrong.right)}, together {_times(wrong.together)}"
            )
        return out

    def fold(self, start: int, stop: int) -> Fold:
        """The rows start to stop - 1 in one."""
        found = self.comparison
        rows = found.left[start:stop]
        trees = found.left_run.trees[rows[rows != NONE]]
        return Fold(
            start,
            stop,
            stop - start,
            int((trees["kind"] == EventKind.HIT).sum()),
            int(trees["lines"].sum()),
            int((found.state[start:stop] == State.renamed).sum()),
        )


def folded(lines: list[Line]) -> list[Line | int]:
    """The lines with long equal stretches as the number of lines left out."""
    out: list[Line | int] = []
    stretch: list[Line] = []
    for line in lines:
        if line.state is State.same:
            stretch.append(line)
            continue
        out += _stretch(stretch, at_start=not out)
        stretch = []
        out.append(line)
    return out + _stretch(stretch, at_start=not out)


def _stretch(lines: list[Line], *, at_start: bool) -> list[Line | int]:
    if len(lines) <= _EQUAL_LINES:
        return list(lines)
    head = lines[: 1 if at_start else _AROUND]
    return [*head, len(lines) - len(head) - _AROUND, *lines[-_AROUND:]]


def _change_of(fact: Fact, changes: list[Change]) -> Change | None:
    moment = fact.key[5]
    names = {
        Sort.field: FIELDS[fact.key[1]] if fact.sort is Sort.field else "",
        Sort.word: WORDS[fact.key[1]] if fact.sort is Sort.word else "",
        Sort.place: "retired",
    }
    name = names.get(fact.sort, "")
    found = [c for c in changes if c.what == name and c.moment == moment]
    return found[-1] if found else None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times" if count else "never"
