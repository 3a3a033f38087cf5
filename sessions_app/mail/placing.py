"""Where the hunks of a patch stand in a file that is known by them alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sessions_app.mail.patch import FilePatch, Hunk

_HEAD = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\Z")
NO_NEWLINE = "\n\\ No newline at end of file"
#: Lines that must agree before a hunk counts as found elsewhere; and where nothing else
#: says that it is elsewhere.
LEAST, SURE = 3, 6
#: Places that are tried for one hunk.
_TRIED = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A hunk: lines of the file before, from index at on (0 is the first line), and what
    comes instead."""

    at: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    section: str = ""

    @property
    def span(self) -> tuple[int, int]:
        """First index and the first behind it."""
        return self.at, self.at + len(self.old)


@dataclass(frozen=True, slots=True)
class Side:
    """What one version makes of a file: changes in order that do not overlap."""

    changes: tuple[Change, ...]
    shifts: tuple[int, ...] = ()
    """By how much each change was moved from where its patch has it; empty: by nothing."""

    @property
    def lines(self) -> int:
        """Of the hunks, before and after."""
        return sum(len(c.old) + len(c.new) for c in self.changes)

    @property
    def known(self) -> dict[int, str]:
        """Lines of the file before, by index."""
        return {c.at + n: text for c in self.changes for n, text in enumerate(c.old)}

    def made(self, base: Mapping[int, str], start: int, end: int) -> list[str]:
        """The stretch start..end of the file before, as it is afterwards."""
        out: list[str] = []
        at = start
        for change in self.changes:
            first, last = change.span
            if first < start or last > end or first < at:
                continue
            out += [base[n] for n in range(at, first)]
            out += change.new
            at = last
        return out + [base[n] for n in range(at, end)]

    def number(self, start: int) -> int:
        """The line number, from 1, that an index of the file before has afterwards."""
        grown = sum(len(c.new) - len(c.old) for c in self.changes if c.span[1] <= start)
        earlier = [
            shift
            for change, shift in zip(self.changes, self.shifts, strict=False)
            if change.at <= start
        ]
        moved = earlier[-1] if earlier else (self.shifts[0] if self.shifts else 0)
        return start - moved + grown + 1

    def section(self, start: int, end: int) -> str:
        """The function that a hunk there names."""
        inside = (c.section for c in self.changes if start <= c.at <= end)
        return next((section for section in inside if section), "")


def side_of(file: FilePatch | None) -> Side | None:
    """None: the hunks are not in order, or do not say where they stand. A file that a
    version does not touch has no changes."""
    if file is None:
        return Side(())
    changes = [_change(hunk) for hunk in file.hunks]
    if any(change is None for change in changes):
        return None
    side = Side(tuple(change for change in changes if change is not None))
    return side if _in_order(side.changes) else None


def _change(hunk: Hunk) -> Change | None:
    found = _HEAD.match(hunk.head)
    if found is None:
        return None
    start, length = int(found[1]), int(found[2])
    old: list[str] = []
    new: list[str] = []
    last = ""
    for line in hunk.lines:
        for side, signs in ((old, " -"), (new, " +")):
            if line.sign in signs:
                side.append(line.text)
            elif line.sign == "\\" and side and last in signs:
                side[-1] += NO_NEWLINE
        last = line.sign
    if len(old) != length:
        return None
    return Change(start - 1 if length else start, tuple(old), tuple(new), hunk.section)


def _in_order(changes: tuple[Change, ...]) -> bool:
    ends = [change.span[1] for change in changes]
    starts = [change.at for change in changes[1:]]
    return all(end <= start for end, start in zip(ends, starts, strict=False))


def stands_on(one: Side, other: Side) -> bool:
    """Whether both show the same file before, as far as both show it."""
    mine, theirs = one.known, other.known
    return all(theirs[n] == text for n, text in mine.items() if n in theirs)


def moved_to(one: Side, other: Side, least: int) -> tuple[Side, int] | None:
    """The other side at the lines where the first side shows its context; and by how much
    most of it moved. least: lines of a hunk that must be found. None: nothing of it is found there, or it does not fit."""
    known = one.known
    places: dict[str, list[int]] = defaultdict(list)
    for at, text in known.items():
        if text.strip():
            places[text].append(at)
    shifts = [_shift(change, known, places, least) for change in other.changes]
    if all(shift is None for shift in shifts):
        return None
    filled = _filled(shifts)
    moved = tuple(
        replace(change, at=change.at + shift)
        for change, shift in zip(other.changes, filled, strict=True)
    )
    side = Side(moved, filled)
    first = min((change.at for change in moved), default=0)
    if first < 0 or not _in_order(moved) or not stands_on(one, side):
        return None
    return side, Counter(filled).most_common(1)[0][0]


def _shift(
    change: Change,
    known: Mapping[int, str],
    places: Mapping[str, list[int]],
    least: int,
) -> int | None:
    tried: Counter[int] = Counter()
    for n, text in enumerate(change.old):
        for at in places.get(text, ())[:_TRIED]:
            tried[at - change.at - n] += 1
    for shift, count in sorted(tried.items(), key=lambda t: (-t[1], abs(t[0]))):
        if count >= least and _agrees(change, shift, known):
            return shift
    return None


def _agrees(change: Change, shift: int, known: Mapping[int, str]) -> bool:
    return all(
        known.get(change.at + shift + n, text) == text
        for n, text in enumerate(change.old)
    )


def _filled(shifts: list[int | None]) -> tuple[int, ...]:
    """A hunk that is not found moves as the one before it, or as the first that is."""
    current = next(shift for shift in shifts if shift is not None)
    out = []
    for shift in shifts:
        current = current if shift is None else shift
        out.append(current)
    return tuple(out)
