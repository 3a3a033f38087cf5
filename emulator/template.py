"""A remembered event tree: all of its bytes but those that differ from hit to hit.

Rows are expanded many at a time when a batch leaves, so that a remembered hit costs no
work per event while the guest runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.events import Callee, EventKind, GuestField
from emulator.trace.dtype import RECORD_DTYPE

_U64 = (1 << 64) - 1
_COUNTED = (Callee.perf_bp_event, Callee.overflow_handler)
#: Columns of a row before the counts.
POSITION, BASE, RETIRED, RIP, VALUE, FLAGS, COUNTS = range(7)


class Counted(Protocol):
    """Whose count the records of a tree show: a perf event's, a breakpoint's hits."""

    count: int


@dataclass(frozen=True, slots=True)
class _FlagsPatch:
    """value = flags & keep | put, in one field of one record."""

    index: int
    field: str
    keep: int
    put: int


class Template:
    """Made of one recorded tree whose root is its first record."""

    def __init__(self, records: bytes, flags: int, counted: Sequence[int]) -> None:
        """flags: RFLAGS when the exception came. counted: for each of counted_records,
        in order, which count of a row it shows."""
        self._records: NDArray[Any] = np.frombuffer(records, RECORD_DTYPE).copy()
        root = int(self._records["seq"][0])
        self._caused = self._records["cause"] >= root
        self._records["seq"] -= np.uint64(root)
        self._records["cause"] -= np.where(self._caused, np.uint64(root), np.uint64(0))
        self.size = len(self._records)
        self._patches = _flags_patches(self._records, flags)
        self._counted = list(zip(counted_records(self._records), counted, strict=True))

    def expand(self, records: NDArray[Any], rows: Sequence[Sequence[int]]) -> None:
        """Write the trees of all rows into records (positions are indices there)."""
        self.write(records, np.array(rows, np.uint64))

    def write(self, records: NDArray[Any], table: NDArray[np.uint64]) -> None:
        """The same for rows that are an array already."""
        base = table[:, BASE, None]
        block = np.tile(self._records, (len(table), 1))
        block["seq"] += base
        block["cause"] += np.where(self._caused[None, :], base, np.uint64(0))
        block["retired"] = table[:, RETIRED, None]
        block["rip"] = table[:, RIP, None]
        block["value"][:, 0] = table[:, VALUE]
        for patch in self._patches:
            kept = table[:, FLAGS] & np.uint64(patch.keep)
            block[patch.field][:, patch.index] = kept | np.uint64(patch.put)
        for index, column in self._counted:
            block["value"][:, index] = table[:, COUNTS + column]
        places = table[:, POSITION, None].astype(np.int64) + np.arange(self.size)
        records[places] = block


def counted_records(records: NDArray[Any]) -> list[int]:
    """Indices of the records whose value is a count: perf's, and that of a condition."""
    calls = (records["kind"] == EventKind.CALL) & np.isin(records["aux"], _COUNTED)
    counts = calls | (records["kind"] == EventKind.CONDITION)
    return [int(i) for i in np.flatnonzero(counts)]


def _flags_patches(records: NDArray[Any], flags: int) -> list[_FlagsPatch]:
    """Where RFLAGS show, and how what shows follows from the flags at entry."""
    patches = []
    for index, record in enumerate(records):
        fields = []
        if record["kind"] == EventKind.IRET:
            fields = ["value"]
        elif (
            record["kind"] == EventKind.REGS_WRITE
            and record["slot"] == GuestField.flags
        ):
            fields = ["addr", "value"]
        for field in fields:
            shown = int(record[field])
            keep = ~(flags & ~shown) & _U64
            patches.append(_FlagsPatch(index, field, keep, shown & ~flags))
    return patches
