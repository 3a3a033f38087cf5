"""Which tree of one run is which tree of the other (decisions D12): by position, never by seq.

First by place: a hit by (cpu, retired, rip), any other event by (cpu, retired, kind,
callee, slot); several at one place in their order. What is left over between two such
pairs of a CPU pairs by count: the n-th hit of the same address, the n-th other event of
the same kind, callee, slot and rip. A hit that repeats the one before it with nothing
retired pairs only with one that does so too.
"""

from __future__ import annotations

import numpy as np

from emulator.events import EventKind
from emulator.trace.dtype import Array

#: A place in a row list where one side has nothing.
NONE = -1


def pair_trees(left: Array, right: Array) -> Array:
    """For each tree of left the index of its partner in right, or NONE."""
    partner = np.full(len(left), NONE, "<i8")
    taken = np.zeros(len(right), bool)
    rows, partners = _match(_by_place(left), _by_place(right))
    partner[rows] = partners
    taken[partners] = True

    open_left, open_right = np.flatnonzero(partner == NONE), np.flatnonzero(~taken)
    rows, partners = _match(
        [c[open_left] for c in _by_count(left, partner != NONE)],
        [c[open_right] for c in _by_count(right, taken)],
    )
    partner[open_left[rows]] = open_right[partners]
    return partner


def _kind(trees: Array) -> Array:
    """A notifier that was not reached stands where the one that was called stands."""
    kind = trees["kind"]
    return np.where(kind == EventKind.NOT_REACHED, EventKind.NOTIFIER_CALL, kind)


def _identity(trees: Array, of_hits: Array) -> list[Array]:
    hit = trees["kind"] == EventKind.HIT
    other = trees["aux"].astype("<u8") << np.uint64(8) | trees["slot"]
    return [trees["cpu"], _kind(trees), np.where(hit, of_hits, other)]


def _by_place(trees: Array) -> list[Array]:
    return [*_identity(trees, trees["rip"]), trees["retired"]]


def _by_count(trees: Array, paired: Array) -> list[Array]:
    hit = trees["kind"] == EventKind.HIT
    return [
        *_identity(trees, trees["addr"]),
        np.where(hit, 0, trees["rip"]),
        _repeats(trees),
        _gaps(trees["cpu"], paired),
    ]


def _repeats(trees: Array) -> Array:
    """Whether a tree is the one before it on its CPU once more, with nothing retired."""
    out = np.zeros(len(trees), bool)
    for cpu in np.unique(trees["cpu"]):
        rows = np.flatnonzero(trees["cpu"] == cpu)
        own = trees[rows]
        alike = np.ones(max(0, len(rows) - 1), bool)
        for name in ("retired", "rip", "kind", "addr"):
            alike &= own[name][1:] == own[name][:-1]
        out[rows[1:]] = alike
    return out


def _gaps(cpus: Array, paired: Array) -> Array:
    """How many trees of the same CPU before each one have a partner."""
    out = np.zeros(len(cpus), "<i8")
    for cpu in np.unique(cpus):
        rows = np.flatnonzero(cpus == cpu)
        out[rows] = np.cumsum(paired[rows])
    return out


def _match(left: list[Array], right: list[Array]) -> tuple[Array, Array]:
    """Rows whose columns are equal, the n-th with the n-th."""
    columns = [
        np.concatenate([one, other]) for one, other in zip(left, right, strict=True)
    ]
    split, total = len(left[0]), len(columns[0])
    order = np.lexsort(columns)
    fresh = np.zeros(total, bool)
    for column in columns:
        ordered = column[order]
        fresh[1:] |= ordered[1:] != ordered[:-1]
    group = np.cumsum(fresh)
    of_left = order < split
    # lexsort is stable: inside a group the left rows come first, both in their order.
    keys = group * np.int64(total) + _ordinals(group, of_left)
    _, a, b = np.intersect1d(
        keys[of_left], keys[~of_left], assume_unique=True, return_indices=True
    )
    return order[of_left][a], order[~of_left][b] - split


def _ordinals(group: Array, of_left: Array) -> Array:
    """The number of each row among the rows of its group and side."""
    fresh = np.ones(len(group), bool)
    fresh[1:] = (group[1:] != group[:-1]) | (of_left[1:] != of_left[:-1])
    rows = np.arange(len(group))
    return rows - np.maximum.accumulate(np.where(fresh, rows, 0))


def row_order(left: Array, right: Array, partner: Array) -> tuple[Array, Array]:
    """Pairs and lone trees in one list: indices of left and right, NONE where missing.

    Each side keeps its own order as far as the pairs allow; between two pairs the tree
    at the earlier position comes first.
    """
    if len(left) == len(right) and np.array_equal(partner, np.arange(len(left))):
        return partner, partner
    where = np.full(len(right), NONE, "<i8")
    where[partner[partner != NONE]] = np.flatnonzero(partner != NONE)
    to, back = partner.tolist(), where.tolist()
    times, others = left["retired"].tolist(), right["retired"].tolist()
    rows: list[tuple[int, int]] = []
    i = j = 0
    while i < len(to) or j < len(back):
        lone = j < len(back) and back[j] == NONE
        if lone and (i == len(to) or to[i] != NONE or others[j] < times[i]):
            rows.append((NONE, j))
            j += 1
        elif j < len(back) and not lone and back[j] < i:
            j += 1  # its pair stands already: the runs differ in the order of CPUs
        else:
            rows.append((i, to[i]))
            i += 1
    table = np.array(rows, "<i8").reshape(-1, 2)
    return table[:, 0], table[:, 1]
