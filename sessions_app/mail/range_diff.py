"""Which patch of one version became which of the next, as git range-diff answers it.

The cost of a pair is the length of the diff between the two patches; to drop a patch, or to
make a new one, costs six tenths of its own length; the cheapest assignment is taken
(Documentation/git-range-diff.txt, "Algorithm", git 2.39).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sessions_app.mail.assignment import cheapest
from sessions_app.mail.patch import Patch

#: Percent of a patch's length that leaving it out or making it anew costs.
CREATION_FACTOR = 60
#: Lines of a patch that are compared, and patches of a series.
MAX_LINES = 20_000
MAX_PATCHES = 200


@dataclass(frozen=True, slots=True)
class Compared:
    """A patch with what counts of it: its title, words and diff."""

    title: str
    patch: Patch

    def diff_lines(self) -> list[str]:
        """Without line numbers: a moved hunk is the same hunk."""
        out: list[str] = []
        for file in self.patch.files:
            out.append(f" ## {file.name} ##")
            out += list(file.said)
            for hunk in file.hunks:
                out.append(f"@@ {hunk.section}".rstrip())
                out += [f"{line.sign}{line.text}" for line in hunk.lines]
        return out[:MAX_LINES]

    def lines(self) -> list[str]:
        """Words and diff."""
        words = [f"    {line}".rstrip() for line in self.patch.description.split("\n")]
        head = [" ## Commit message ##", f"    {self.title}", "", *words, ""]
        return [*head, *self.diff_lines()]


@dataclass(frozen=True, slots=True)
class Pair:
    """left and right are numbers from 1, None where there is none."""

    left: int | None
    right: int | None
    changed: bool
    difference: tuple[str, ...] = ()
    """A diff of the two patches, without heads."""

    @property
    def mark(self) -> str:
        """``=``, ``!``, ``<``, ``>``, as git draws them."""
        if self.right is None:
            return "<"
        if self.left is None:
            return ">"
        return "!" if self.changed else "="


def range_diff(
    left: Sequence[Compared],
    right: Sequence[Compared],
    by_hand: Mapping[int, int] | None = None,
) -> list[Pair]:
    """Pairs in the order in which git tells them. by_hand: indices on the right to those
    on the left that somebody says are the same patch, whatever they cost."""
    fixed = by_hand or {}
    partner = _assign(left[:MAX_PATCHES], right[:MAX_PATCHES], fixed)
    return [_pair(left, right, i, j) for i, j in _ordered(len(left), partner)]


def _pair(
    left: Sequence[Compared], right: Sequence[Compared], i: int | None, j: int | None
) -> Pair:
    if i is None or j is None:
        return Pair(None if i is None else i + 1, None if j is None else j + 1, False)
    before, after = left[i].lines(), right[j].lines()
    if before == after:
        return Pair(i + 1, j + 1, False)
    drawn = difflib.unified_diff(before, after, n=3, lineterm="")
    return Pair(i + 1, j + 1, True, tuple(list(drawn)[2:]))


def _ordered(
    count: int, partner: Sequence[int | None]
) -> list[tuple[int | None, int | None]]:
    """The right side in its order; what is gone as soon as all before it was told."""
    taken = {i for i in partner if i is not None}
    out: list[tuple[int | None, int | None]] = []
    told: set[int] = set()
    i = j = 0
    while i < count or j < len(partner):
        while i in told:
            i += 1
        if i < count and i not in taken:
            out.append((i, None))
            i += 1
        elif j < len(partner):
            mine = partner[j]
            out.append((mine, j))
            if mine is not None:
                told.add(mine)
            j += 1
    return out


def _assign(
    left: Sequence[Compared], right: Sequence[Compared], fixed: Mapping[int, int]
) -> list[int | None]:
    """For each on the right its partner on the left."""
    lines_left = [each.diff_lines() for each in left]
    lines_right = [each.diff_lines() for each in right]
    partner: list[int | None] = [None] * len(right)
    free = set(range(len(left)))
    for j, i in fixed.items():
        if j < len(right) and i in free:
            partner[j] = i
            free.discard(i)
    for j, text in enumerate(lines_right):
        if partner[j] is not None:
            continue
        same = next((i for i in sorted(free) if lines_left[i] == text), None)
        if same is not None:
            partner[j] = same
            free.discard(same)
    rows = sorted(free)
    columns = [j for j, mine in enumerate(partner) if mine is None]
    cost = _costs([lines_left[i] for i in rows], [lines_right[j] for j in columns])
    for row, column in enumerate(cheapest(cost)):
        if row < len(rows) and column < len(columns):
            partner[columns[column]] = rows[row]
    return partner


def _costs(left: list[list[str]], right: list[list[str]]) -> npt.NDArray[np.int64]:
    """A square: pairs, then what it costs to have no partner."""
    size = len(left) + len(right)
    cost = np.zeros((size, size), np.int64)
    for i, before in enumerate(left):
        cost[i, len(right) :] = len(before) * CREATION_FACTOR // 100
        for j, after in enumerate(right):
            cost[i, j] = _length(before, after)
    for j, after in enumerate(right):
        cost[len(left) :, j] = len(after) * CREATION_FACTOR // 100
    return cost


def _length(before: list[str], after: list[str]) -> int:
    return sum(1 for _ in difflib.unified_diff(before, after, n=3, lineterm="")) - 2
