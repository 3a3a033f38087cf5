"""The page of two compared runs: what stands where. Reads only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property

from sessions_app import trace
from sessions_app.compared_rows import Item, Listing
from sessions_app.compared_sides import SideView, nearest
from sessions_app.comparisons import RunComparison
from sessions_app.models import Run
from sessions_app.trace import NONE

_FACTS = 12
_LEFT, _RIGHT = "A", "B"


@dataclass
class ComparedPage:
    """Everything that the page shows. number is the chosen difference, from 1."""

    comparison: RunComparison
    number: int = 1
    opened: int | None = None
    all_lines: bool = False
    teller: trace.Teller = field(init=False)

    def __post_init__(self) -> None:
        self.teller = self.comparison.teller(_LEFT, _RIGHT)
        self.number = max(1, min(self.number, self.differences))

    @property
    def found(self) -> trace.Comparison:
        """The comparison itself."""
        return self.comparison.found

    @property
    def differences(self) -> int:
        """How many there are."""
        return len(self.found.differences)

    @property
    def previous(self) -> int | None:
        """The number of the difference before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the next one."""
        return self.number + 1 if self.number < self.differences else None

    @cached_property
    def row(self) -> int:
        """The row of the chosen difference, or NONE."""
        return NONE if self.found.equal else self._row_of(self.number)

    def _row_of(self, number: int) -> int:
        return int(self.found.differences[number - 1])

    @cached_property
    def place(self) -> trace.Place | None:
        """Where the chosen difference is."""
        return None if self.found.equal else self.teller.place(self.row)

    @property
    def first_sentence(self) -> str:
        """The first divergence."""
        return self.teller.divergence(self.found.first).sentence

    @property
    def first_place(self) -> trace.Place:
        """Where it is."""
        return self.teller.place(self.found.first)

    @property
    def sentence(self) -> str:
        """Where the chosen difference parts."""
        return self.teller.divergence(self.row).sentence

    @cached_property
    def sides(self) -> list[SideView]:
        """A and B."""
        return [
            self._side(_LEFT, self.comparison.left, 0),
            self._side(_RIGHT, self.comparison.right, 1),
        ]

    def _side(self, letter: str, run: Run, which: int) -> SideView:
        outline = (self.found.left_run, self.found.right_run)[which]
        column = (self.found.left, self.found.right)[which]
        at = self.row
        tree = None if at == NONE or column[at] == NONE else int(column[at])
        extent = self.comparison.extents[which]
        side = SideView(letter, run, extent, self.place, outline, tree)
        if at != NONE and tree is None and self.place is not None:
            side.before = nearest(outline, column[:at][::-1], self.place.cpu)
            side.after = nearest(outline, column[at:], self.place.cpu)
        return side

    @cached_property
    def facts(self) -> list[trace.ToldFact]:
        """The first sorts of differences."""
        return self.teller.facts(_FACTS)

    @property
    def more_facts(self) -> int:
        """How many are not shown."""
        return len(self.found.facts) - len(self.facts)

    @cached_property
    def wrong(self) -> list[str]:
        """What is equal, and wrong in both."""
        return self.teller.wrong_in_both()

    @cached_property
    def parted(self) -> trace.Phrase | None:
        """How often DR7 and cpu_dr7 part on each side."""
        return self.teller.parted()

    @cached_property
    def recipe_differences(self) -> list[str]:
        """Members of the recipes that are not equal."""
        one, other = (
            json.loads(run.recipe.body)
            for run in (self.comparison.left, self.comparison.right)
        )
        return [
            name
            for name in sorted(one.keys() | other.keys())
            if one.get(name) != other.get(name)
        ]

    @cached_property
    def items(self) -> list[Item]:
        """The list from the chosen difference on."""
        if self.found.equal:
            return []
        return Listing(
            self.teller, self.number, self.opened, all_lines=self.all_lines
        ).items()
