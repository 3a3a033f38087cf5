"""The cheapest assignment of rows to columns (the linear assignment problem)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_FAR = 1 << 60


def cheapest(cost: npt.NDArray[np.int64]) -> list[int]:
    """Column of each row of a square at the least sum.

    Shortest augmenting paths with potentials (Kuhn 1955, Jonker and Volgenant 1987):
    O(n³), exact.
    """
    size = len(cost)
    # The last column is where each search begins.
    row_of = np.full(size + 1, -1)
    up, down = np.zeros(size, np.int64), np.zeros(size + 1, np.int64)
    for row in range(size):
        row_of[size] = row
        came = np.full(size + 1, size)
        column = _search(cost, row_of, up, down, came)
        while column != size:
            row_of[column] = row_of[came[column]]
            column = int(came[column])
    found = np.zeros(size, int)
    found[row_of[:size]] = np.arange(size)
    return [int(column) for column in found]


def _search(
    cost: npt.NDArray[np.int64],
    row_of: npt.NDArray[Any],
    up: npt.NDArray[np.int64],
    down: npt.NDArray[np.int64],
    came: npt.NDArray[Any],
) -> int:
    """The free column at the end of the shortest path from the last one; came says the
    way back."""
    size = len(cost)
    distance = np.full(size + 1, _FAR)
    done = np.zeros(size + 1, bool)
    column = size
    while row_of[column] != -1:
        done[column] = True
        here = row_of[column]
        length = cost[here] - up[here] - down[:size]
        better = ~done[:size] & (length < distance[:size])
        distance[:size][better] = length[better]
        came[:size][better] = column
        column = int(np.argmin(np.where(done, _FAR, distance)))
        step = distance[column]
        up[row_of[done]] += step
        down[done] -= step
        distance[~done] -= step
    return column
