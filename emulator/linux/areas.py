"""Which ranges of an mm are mapped (struct vm_area_struct, without files)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from emulator.linux.protocols import PAGE


@dataclass(frozen=True, slots=True)
class Area:
    """Whole pages [start, end) with one protection."""

    start: int
    end: int
    protection: int


class Areas:
    """Disjoint areas in order of address."""

    def __init__(self) -> None:
        self._areas: list[Area] = []

    def __len__(self) -> int:
        return len(self._areas)

    def add(self, start: int, end: int, protection: int) -> None:
        """Make [start, end) mapped with this protection, whatever was there."""
        self.remove(start, end)
        at = bisect_left(self._areas, start, key=_start)
        first = last = at
        if at and self._joins(at - 1, self._areas[at - 1].end, start, protection):
            first, start = at - 1, self._areas[at - 1].start
        if at < len(self._areas) and self._joins(
            at, self._areas[at].start, end, protection
        ):
            last, end = at + 1, self._areas[at].end
        self._areas[first:last] = [Area(start, end, protection)]

    def _joins(self, index: int, edge: int, here: int, protection: int) -> bool:
        return edge == here and self._areas[index].protection == protection

    def remove(self, start: int, end: int) -> list[tuple[int, int]]:
        """Make [start, end) unmapped; areas across its ends are cut.

        Returns the ranges that were mapped.
        """
        kept: list[Area] = []
        gone: list[tuple[int, int]] = []
        for area in self._areas:
            low, high = max(area.start, start), min(area.end, end)
            if low < high:
                gone.append((low, high))
            if area.start < start:
                kept.append(Area(area.start, min(area.end, start), area.protection))
            if area.end > end:
                kept.append(Area(max(area.start, end), area.end, area.protection))
        self._areas = kept
        return gone

    def covered(self, start: int, end: int) -> bool:
        """Whether every page of [start, end) is mapped."""
        at = start
        for area in self._areas:
            if area.start <= at < area.end:
                at = area.end
        return at >= end

    def free(self, start: int, end: int) -> bool:
        """Whether no page of [start, end) is mapped."""
        return all(area.end <= start or area.start >= end for area in self._areas)

    def protection_at(self, address: int) -> int:
        """Protection of the page at address; 0 when not mapped."""
        for area in self._areas:
            if area.start <= address < area.end:
                return area.protection
        return 0

    def find_gap(self, length: int, low: int, high: int) -> int | None:
        """Start of the highest free range of that length inside [low, high)."""
        top = high
        for area in reversed(self._areas):
            if area.start >= top:
                continue
            if top - max(area.end, low) >= length:
                break
            top = min(top, area.start)
        return top - length if top - length >= low else None


def _start(area: Area) -> int:
    return area.start


def page_down(address: int) -> int:
    """The start of the page."""
    return address & -PAGE


def page_up(address: int) -> int:
    """The address rounded up to whole pages."""
    return (address + PAGE - 1) & -PAGE
