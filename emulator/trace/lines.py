"""Source lines by address, from what a program says about itself."""

from __future__ import annotations

import bisect
from collections.abc import Iterable


class LineTable:
    """Rows (address, file, line), each good up to the next; line 0 ends a stretch."""

    def __init__(self, rows: Iterable[tuple[int, str, int]]) -> None:
        self._rows = sorted(rows)
        self._starts = [address for address, _, _ in self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, address: int) -> str:
        """``counter.c:12``; empty where nothing is said."""
        at = bisect.bisect_right(self._starts, address) - 1
        if at < 0:
            return ""
        _, file, line = self._rows[at]
        return f"{file}:{line}" if line else ""
