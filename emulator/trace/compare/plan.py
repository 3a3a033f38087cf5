"""Which lines of two trees are the same line, by meaning: parent, kind, callee, slot.

Works on the form of the trees alone, so that it is done once for all pairs of two forms.
Under two lines that are one line, their children are aligned in order (longest common
subsequence). What then stands opposite each other can still be one line: a call of the
same function for another slot, a call whose name differs but that did the same (do_debug
and exc_debug_user), a write to another of the four breakpoint slots.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emulator.events import EventKind, ShadowField
from emulator.trace.compare.lines import BY_CALLER
from emulator.trace.compare.outline import Shape
from emulator.trace.compare.pairing import NONE
from emulator.trace.dtype import Array

#: More pairs of children than this are not tried one by one.
_MOST_PAIRS = 250_000

#: (kind, aux, slot) with a callee that was not reached as one that was called.
_Key = tuple[int, int, int]
#: Left line, right line, whether the line above stands on one side only.
_Row = tuple[int, int, int]
_REGISTERS = (
    EventKind.DR_WRITE,
    EventKind.SHADOW_WRITE,
    EventKind.REGS_WRITE,
    EventKind.BREAKINFO_WRITE,
)
_CALLS = (EventKind.CALL, EventKind.NOTIFIER_CALL, EventKind.NOT_REACHED)


#: When a difference shows: lines before it, whether it is a return, order among equals.
Time = tuple[float, int, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows in the order of reading: left and right are lines or NONE."""

    left: Array
    right: Array
    under: Array
    """The line above stands on one side only as well."""
    began: Array
    """When the line came, counted in lines that both sides have. A tree is read from top
    to bottom, but what another CPU did while this one waited stands inside the waiting."""
    ended: Array
    """When the last line below it came: a call returns then."""
    elsewhere: Array
    """A line of one side that the other has too, at another point of the tree."""
    names: dict[str, Array]
    """Rows in which this field is a name: another one alone makes no other line."""
    shots: list[tuple[int, int, int]]
    """Snapshots to compare: row, place among those of the left tree, of the right."""


def time_of(plan: Plan, row: int, field: str) -> Time:
    """When a difference shows. A return comes after all that was done before it, and of
    the returns at one time the innermost is the first."""
    if field == "ret":
        return float(plan.ended[row]), 1, -row
    return float(plan.began[row]), 0, row


def align(left: Shape, right: Shape) -> Plan:
    """The plan for each pair of trees of these forms."""
    rows = list(_Aligner(_Form(left), _Form(right)).pair(0, 0))
    table = np.array(rows, "<i8").reshape(-1, 3)
    at = {(int(a), int(b)): n for n, (a, b, _) in enumerate(rows)}
    shots = [
        (row, i, j)
        for i, one in enumerate(left.shots)
        for j, other in enumerate(right.shots)
        if one["moment"] == other["moment"]
        and (row := at.get((int(one["line"]), int(other["line"])))) is not None
    ]
    one, other, under = table[:, 0], table[:, 1], table[:, 2].astype(bool)
    return Plan(
        one,
        other,
        under,
        *_times(left, right, rows),
        _elsewhere(left, right, rows),
        _names(left, right, one, other),
        shots,
    )


def _times(left: Shape, right: Shape, rows: list[_Row]) -> tuple[Array, Array]:
    """When each row began and ended. Lines are numbered as they came."""
    pairs = [(a, b) for a, b, _ in rows if NONE not in (a, b)]
    mine, theirs = sorted(a for a, _ in pairs), sorted(b for _, b in pairs)
    began = [
        float(bisect_left(mine, a))
        if NONE not in (a, b)
        else (bisect_left(mine, a) if b == NONE else bisect_left(theirs, b)) - 0.5
        for a, b, _ in rows
    ]
    ended = list(began)
    depths = [_depths(shape) for shape in (left, right)]
    depth = [depths[0][a] if a != NONE else depths[1][b] for a, b, _ in rows]
    above: list[int] = []
    for row in range(len(rows)):
        while above and depth[above[-1]] >= depth[row]:
            above.pop()
        for parent in above:
            ended[parent] = max(ended[parent], began[row])
        above.append(row)
    return np.array(began), np.array(ended)


def _depths(shape: Shape) -> list[int]:
    depths = [0]
    for parent in shape.lines["parent"].tolist()[1:]:
        depths.append(depths[parent] + 1)
    return depths


def _elsewhere(left: Shape, right: Shape, rows: list[_Row]) -> Array:
    """Lines of one side whose like stands alone on the other side too."""
    mine = [_doing(left, a) if b == NONE else None for a, b, _ in rows]
    theirs = [_doing(right, b) if a == NONE else None for a, b, _ in rows]
    both = set(mine) & set(theirs) - {None}
    return np.array(
        [one in both or other in both for one, other in zip(mine, theirs, strict=True)]
    )


def _doing(shape: Shape, line: int) -> _Key:
    at = shape.lines[line]
    return int(at["kind"]), writer(shape, line), int(at["slot"])


def _names(left: Shape, right: Shape, one: Array, other: Array) -> dict[str, Array]:
    """The callee of a call, the priority of a notifier."""
    kinds = [
        shape.lines["kind"][np.maximum(side, 0)]
        for shape, side in ((left, one), (right, other))
    ]
    both = (one != NONE) & (other != NONE) & (kinds[0] == kinds[1])
    chain = (EventKind.NOTIFIER_CALL, EventKind.NOT_REACHED)
    return {
        "aux": both & (kinds[0] == EventKind.CALL),
        "addr": both & np.isin(kinds[0], chain),
    }


class _Form:
    """The lines of a tree with their children."""

    def __init__(self, shape: Shape) -> None:
        lines = shape.lines
        self.keys: list[_Key] = [
            (_kind(kind), aux, slot)
            for kind, aux, slot in zip(
                *(lines[name].tolist() for name in ("kind", "aux", "slot")), strict=True
            )
        ]
        self.children: list[list[int]] = [[] for _ in self.keys]
        for line, parent in enumerate(lines["parent"].tolist()):
            if line:
                self.children[parent].append(line)

    def child_keys(self, line: int) -> set[_Key]:
        """What a line did, apart from order."""
        return {self.keys[child] for child in self.children[line]}


def _kind(kind: int) -> int:
    return int(EventKind.NOTIFIER_CALL) if kind == int(EventKind.NOT_REACHED) else kind


class _Aligner:
    def __init__(self, left: _Form, right: _Form) -> None:
        self._left, self._right = left, right

    def pair(self, one: int, other: int) -> Iterator[_Row]:
        """A row of two lines and the rows below it."""
        yield one, other, 0
        mine, theirs = self._left.children[one], self._right.children[other]
        for i, j in self._children(mine, theirs):
            if i == NONE:
                yield from _alone(self._right, theirs[j], at_left=False)
            elif j == NONE:
                yield from _alone(self._left, mine[i], at_left=True)
            else:
                yield from self.pair(mine[i], theirs[j])

    def _children(self, mine: list[int], theirs: list[int]) -> list[tuple[int, int]]:
        common = common_rows(
            [self._left.keys[line] for line in mine],
            [self._right.keys[line] for line in theirs],
        )
        rows: list[tuple[int, int]] = []
        i = j = 0
        for a, b in [*common, (len(mine), len(theirs))]:
            rows += self._gap(mine, theirs, range(i, a), range(j, b))
            if a < len(mine):
                rows.append((a, b))
            i, j = a + 1, b + 1
        return rows

    def _gap(
        self, mine: list[int], theirs: list[int], own: range, other: range
    ) -> list[tuple[int, int]]:
        """Lines without a partner between two common ones: pair what can be one line."""
        rows: list[tuple[int, int]] = []
        j = other.start
        for i in own:
            fit = next(
                (n for n in range(j, other.stop) if self._fits(mine[i], theirs[n])),
                NONE,
            )
            if fit != NONE:
                rows += [(NONE, n) for n in range(j, fit)]
                j = fit + 1
            rows.append((i, fit))
        return rows + [(NONE, n) for n in range(j, other.stop)]

    def _fits(self, one: int, other: int) -> bool:
        (kind, aux, slot), (kind2, aux2, slot2) = (
            self._left.keys[one],
            self._right.keys[other],
        )
        if kind != kind2:
            return False
        if kind in _REGISTERS:
            return _register(kind, slot) == _register(kind, slot2)
        if aux == aux2:
            return True
        if kind != int(EventKind.CALL):
            return False
        return bool(self._left.child_keys(one) & self._right.child_keys(other))


def _alone(form: _Form, line: int, *, at_left: bool) -> Iterator[_Row]:
    """The rows of a line that the other side has not, and of all below it."""
    waiting = [(line, 0)]
    while waiting:
        at, under = waiting.pop()
        yield (at, NONE, under) if at_left else (NONE, at, under)
        waiting += [(child, 1) for child in reversed(form.children[at])]


def _register(kind: int, slot: int) -> tuple[int, ...]:
    """Registers that stand for each other: those of the four breakpoint slots."""
    if kind == int(EventKind.DR_WRITE) and slot < 4:
        return (0,)
    if kind == int(EventKind.SHADOW_WRITE):
        for base in (ShadowField.cpu_debugreg0, ShadowField.bp_per_reg0):
            if base <= slot < base + 4:
                return (int(base),)
    return (1, slot)


def common_rows(left: Sequence[_Key], right: Sequence[_Key]) -> list[tuple[int, int]]:
    """A longest common subsequence as pairs of indices; a good one for very long lists."""
    low = 0
    while low < min(len(left), len(right)) and left[low] == right[low]:
        low += 1
    high = 0
    rest = min(len(left), len(right)) - low
    while high < rest and left[-1 - high] == right[-1 - high]:
        high += 1
    middle = _subsequence(
        left[low : len(left) - high], right[low : len(right) - high], low
    )
    tail = [(len(left) - n, len(right) - n) for n in range(high, 0, -1)]
    return [(n, n) for n in range(low)] + middle + tail


def _subsequence(
    left: Sequence[_Key], right: Sequence[_Key], base: int
) -> list[tuple[int, int]]:
    if len(left) * len(right) > _MOST_PAIRS:
        return _greedy(left, right, base)
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(len(right) - 1, -1, -1):
            equal = left[i] == right[j]
            row[j] = below[j + 1] + 1 if equal else max(below[j], row[j + 1])
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            found.append((base + i, base + j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _greedy(
    left: Sequence[_Key], right: Sequence[_Key], base: int
) -> list[tuple[int, int]]:
    """Each left line with the next right one of its key: linear for likes of packets."""
    places: dict[_Key, list[int]] = {}
    for j in range(len(right) - 1, -1, -1):
        places.setdefault(right[j], []).append(j)
    found, at = [], 0
    for i, key in enumerate(left):
        waiting = places.get(key, [])
        while waiting and waiting[-1] < at:
            waiting.pop()
        if waiting:
            at = waiting.pop()
            found.append((base + i, base + at))
            at += 1
    return found


def writer(shape: Shape, line: int) -> int:
    """Who did what a line says: its own callee, or the call that it stands under."""
    aux = int(shape.lines["aux"][line])
    if aux != BY_CALLER:
        return aux
    return int(shape.lines["aux"][int(shape.lines["parent"][line])])
