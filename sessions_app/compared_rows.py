"""The list of a comparison: from the chosen difference on, equal stretches folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app import trace
from sessions_app.trace import NONE, State

#: Lines that one page shows, and trees that an opened fold shows.
MAX_LINES = 100
OPENED = 10
_NOTES = 2
#: What is told of a line beside its words, because the words do not say it.
_UNSAID = frozenset({"task", "cpu", "rip", "retired", "flags", "text"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One side of a line; noted is what differs and its words do not say."""

    said: trace.Said
    marks: frozenset[str]
    noted: list[tuple[str, str]]

    node = property(lambda self: self.said.node)
    seq = property(lambda self: self.said.record.seq)

    @property
    def returned_differs(self) -> bool:
        """Whether the return is what differs."""
        return "ret" in self.marks


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the list. kind: head, line, gap (equal lines left out), rest (the other
    lines of a difference told in short), fold (equal trees), omitted, more."""

    kind: str
    css: str = ""
    left: Cell | None = None
    right: Cell | None = None
    level: int = 1
    word: str = ""
    text: str = ""
    sentence: str = ""
    number: int = 0
    count: int = 0
    fold: trace.Fold | None = None
    first: bool = False


_CSS = {
    State.same: "same",
    State.renamed: "renamed",
    State.changed: "diff",
    State.only_left: "diff",
    State.only_right: "diff",
}
_WORDS = {
    State.same: "",
    State.renamed: "another name",
    State.changed: "differs",
    State.only_left: "only A",
    State.only_right: "only B",
}


class Listing:
    """The rows of a page. number is the chosen difference, opened the row where a fold
    is open, all_lines whether the chosen difference is told with its equal lines."""

    def __init__(
        self,
        teller: trace.Teller,
        number: int,
        opened: int | None = None,
        *,
        all_lines: bool = False,
    ) -> None:
        self.teller, self.found = teller, teller.comparison
        self.number, self.opened, self.all_lines = number, opened, all_lines

    def _row_of(self, number: int) -> int:
        return int(self.found.differences[number - 1])

    def items(self) -> list[Item]:
        """The list from the chosen difference on, as much as a page holds."""
        out: list[Item] = []
        differences = len(self.found.differences)
        number, at = self.number, 0
        if number > 1:
            at = self._row_of(number - 1) + 1
        while number <= differences and len(out) < MAX_LINES:
            row = self._row_of(number)
            out += self._fold(at, row)
            out += self._difference(number, row)
            number, at = number + 1, row + 1
        if number <= differences:
            left = differences - number + 1
            return [*out, Item("more", number=number, count=left)]
        return [*out, *self._fold(at, len(self.found.state))]

    def _fold(self, start: int, stop: int) -> Iterator[Item]:
        if start == stop:
            return
        if self.opened is not None and start <= self.opened < stop:
            end = min(self.opened + OPENED, stop)
            yield from self._closed(start, self.opened)
            for row in range(self.opened, end):
                yield from self._lines(row)
            yield from self._closed(end, stop)
        else:
            yield from self._closed(start, stop)

    def _closed(self, start: int, stop: int) -> Iterator[Item]:
        if start < stop:
            yield Item("fold", fold=self.teller.fold(start, stop), number=self.number)

    def _difference(self, number: int, row: int) -> Iterator[Item]:
        first = number == 1
        title = "First divergence" if first else f"Difference {number}"
        yield Item(
            "head",
            css="is-first" if first else "",
            number=number,
            word=title,
            text=self.teller.place(row).words,
            sentence=self.teller.divergence(row).sentence,
            first=number == self.number,
        )
        if number == self.number:
            yield from self._lines(row, first=first)
        else:
            yield from self._in_short(number, row)

    def _in_short(self, number: int, index: int) -> Iterator[Item]:
        """A difference that is not the chosen one: only the lines that differ."""
        row = self.teller.row(index)
        lines = [line for line in row.lines if line.state >= row.first.state]
        if NONE in (self.found.left[index], self.found.right[index]):
            lines = lines[:1]
        for line in lines[:MAX_LINES]:
            yield self._line(line, here=False)
        rest = len(row.lines) + row.omitted - len(lines)
        if rest and lines:
            yield Item("rest", number=number, count=rest)

    def _lines(self, index: int, *, first: bool = False) -> Iterator[Item]:
        """The rows of two trees, long equal stretches left out."""
        row = self.teller.row(index)
        whole = self.all_lines and index == self._row_of(self.number)
        parts = list(row.lines) if whole else trace.folded(row.lines)
        for part in parts[:MAX_LINES]:
            if isinstance(part, int):
                yield Item("gap", count=part, number=self.number)
            else:
                yield self._line(part, here=first and part is row.first)
        omitted = row.omitted + max(0, len(parts) - MAX_LINES)
        if omitted:
            yield Item("omitted", count=omitted)

    def _line(self, line: trace.ComparedLine, *, here: bool) -> Item:
        return Item(
            "line",
            css="first" if here else _CSS[line.state],
            left=self._cell(line, line.left, at_left=True),
            right=self._cell(line, line.right, at_left=False),
            level=min(line.level - 1, 8),
            word=_WORDS[line.state],
        )

    def _cell(
        self, line: trace.ComparedLine, said: trace.Said | None, *, at_left: bool
    ) -> Cell | None:
        if said is None:
            return None
        unsaid = [c for c in line.changes if c.moment or c.what in _UNSAID]
        unsaid.sort(key=_importance)
        phrases = [
            trace.change_phrase(line, change, self.teller.names) for change in unsaid
        ]
        noted = [(p.subject, p.left if at_left else p.right) for p in phrases[:_NOTES]]
        if len(phrases) > _NOTES:
            noted.append((f"and {len(phrases) - _NOTES} more registers", ""))
        return Cell(said, frozenset(c.what for c in line.changes), noted)


def _importance(change: trace.Change) -> int:
    """Debug registers and their shadow before the general ones."""
    words = (*trace.DEBUG_WORDS, *trace.SHADOW_WORDS)
    if not change.moment:
        return -1
    return words.index(change.what) if change.what in words else len(words)
