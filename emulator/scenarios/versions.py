"""The versions of a story: the same recipe on kernels with and without a fault, and what
must come of each (story.toml beside a scenario's recipe).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.recipe import Recipe, derive, parse
from emulator.scenarios.expectations import expectation_in_words

BUGGY, FIXED = "buggy", "fixed"


@dataclass(frozen=True, slots=True)
class Version:
    """One side of a story."""

    role: str
    """``buggy`` or ``fixed``."""
    label: str
    """What pages call it."""
    variant: str
    recipe: Recipe
    expect: Mapping[str, Any]
    """Facts of the run: outcome, hits, stops, not_fired, violations, replies …"""

    @property
    def expect_in_words(self) -> tuple[str, ...]:
        """What must come of it, as short statements."""
        return expectation_in_words(self.expect)


@dataclass(frozen=True, slots=True)
class Story:
    """story.toml."""

    lead: bool = False
    """Libraries show it first and larger."""
    versions: tuple[Version, ...] = ()


def read_story(path: Path, recipe: Recipe) -> Story:
    """The versions in their order; none where the scenario tells no story."""
    if not path.exists():
        return Story()
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    versions = tuple(_version(row, recipe) for row in table["version"])
    return Story(table.get("lead", False), versions)


def _version(row: Mapping[str, Any], recipe: Recipe) -> Version:
    document = recipe.to_json() | row.get("patch", {})
    made = derive(parse(document), row["variant"], changes=row.get("set", {}))
    return Version(
        role=row["role"],
        label=row["label"],
        variant=row["variant"],
        recipe=made,
        expect=row["expect"],
    )
