"""Where a reply speaks: its remarks, and the lines of the parent that each stands under."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTE = re.compile(r"^(?:>[ ]?)+")
_ATTRIBUTION = re.compile(r"(?:wrote|writes|schrieb|écrit)\s*:?\s*$", re.IGNORECASE)
_ATTRIBUTION_LINES = 2
_SIGNATURE = "-- "
#: Lines of a remark, remarks of a reply.
MAX_REMARKS = 500


@dataclass(frozen=True, slots=True)
class Remark:
    """A stretch of the answer's own words.

    at is the line of the parent's body, from 1, under which it stands; 0 when it stands
    under none or the quoted text is not found there. line is its first line in the reply.
    """

    text: str
    line: int
    at: int
    first: int
    """Where the quoted stretch begins in the parent, from 1; 0 as at."""
    quoted: tuple[str, ...]
    """Without their quote marks."""


def remarks_of(reply: str, parent: str) -> list[Remark]:
    """The remarks of a reply, in order."""
    found: list[Remark] = []
    quoted: list[str] = []
    own: list[str] = []
    began = 0
    place = _Place(parent)

    def close() -> None:
        text = "\n".join(_without_attribution(own)).strip("\n")
        if text.strip() and len(found) < MAX_REMARKS:
            first, last = place.find(quoted)
            found.append(Remark(text, began, last, first, tuple(quoted)))
            quoted.clear()
        own.clear()

    for number, line in enumerate(reply.split("\n"), start=1):
        if line == _SIGNATURE:
            break
        match = _QUOTE.match(line)
        if match is None:
            if not own:
                began = number
            own.append(line)
            continue
        if own:
            blank = not any(each.strip() for each in own)
            close()
            if not blank and not found:
                quoted.clear()
        if match[0].count(">") == 1:
            quoted.append(line[len(match[0]) :])
    close()
    return found


def _without_attribution(lines: Sequence[str]) -> Sequence[str]:
    """Less a last ``On Thu, … Frederic Weisbecker wrote:``, which may take two lines."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if not end or not _ATTRIBUTION.search(lines[end - 1]):
        return lines
    start = end - 1
    while start and lines[start - 1].strip() and end - start < _ATTRIBUTION_LINES:
        start -= 1
    return lines[:start]


class _Place:
    """Finds quoted stretches in the parent's lines, from where the last one ended."""

    def __init__(self, parent: str) -> None:
        self._lines = [_plain(line) for line in parent.split("\n")]
        self._where: dict[str, list[int]] = {}
        for at, line in enumerate(self._lines):
            self._where.setdefault(line, []).append(at)
        self._last = 0

    def find(self, quoted: Sequence[str]) -> tuple[int, int]:
        """First and last line, from 1, of the longest stretch that ends where the quote
        ends; (0, 0) when its last words are not there."""
        plain = [_plain(line) for line in quoted]
        while plain and not plain[-1]:
            plain.pop()
        if not plain:
            return 0, 0
        best = (0, False, 0)
        for at in self._where.get(plain[-1], ()):
            length = self._length(plain, at)
            # The longest; of equals the next one down the page.
            best = max(best, (length, at >= self._last, -at))
        length, _, minus = best
        if not length:
            return 0, 0
        self._last = -minus
        return -minus - length + 2, -minus + 1

    def _length(self, plain: Sequence[str], at: int) -> int:
        length = 0
        while (
            length < len(plain)
            and at - length >= 0
            and self._lines[at - length] == plain[-1 - length]
        ):
            length += 1
        return length


def _plain(line: str) -> str:
    """Mail programs change spaces, and quotes of quotes lose them."""
    return " ".join(line.split())
