"""Reads the folders beside this file. One folder is one scenario:

README.md (title, summary paragraph, text), recipe.json, and for each image of the
recipe <name>.elf with the assembly <name>.s it was made of; story.toml where the scenario
has versions with and without a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.errors import RecipeError
from emulator.recipe import Recipe, parse
from emulator.scenarios.versions import Version, read_story

FOLDER = Path(__file__).parent

#: In the order in which they teach.
_ORDER = (
    "perf-eats-kgdb",
    "never-fires",
    "watched-counter",
    "stack-overwrite",
    "two-cpus-race",
    "execute-without-rf",
    "delivered-twice",
    "stale-dr7",
    "after-a-guest",
    "every-enabled-bit",
    "lazy-switch",
    "early-handover",
    "slot-leak",
    "z-numbers",
    "ascii-type",
    "dr6-kept",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One shipped scenario. Images by SHA-256, sources by image name."""

    id: str
    title: str
    summary: str
    text: str
    recipe: Recipe
    images: Mapping[str, bytes]
    sources: Mapping[str, str]
    versions: tuple[Version, ...]
    """Kernels with and without the fault that the scenario tells of."""
    lead: bool
    """Told first and larger: what the product is shown with."""


def scenario_ids() -> tuple[str, ...]:
    """Ids of the shipped scenarios."""
    return _ORDER


def list_scenarios() -> tuple[Scenario, ...]:
    """All shipped scenarios in teaching order."""
    return tuple(load(name) for name in _ORDER)


@cache
def load(name: str) -> Scenario:
    """The scenario with this id. Raises RecipeError (field ``scenario``)."""
    if name not in _ORDER:
        raise RecipeError(
            f"unknown scenario {name!r:.80}; known: {', '.join(_ORDER)}",
            field="scenario",
        )
    folder = FOLDER / name
    recipe = parse((folder / "recipe.json").read_bytes())
    names = [image.name for image in recipe.images]
    title, summary, text = _words((folder / "README.md").read_text(encoding="utf-8"))
    data = [(folder / f"{image}.elf").read_bytes() for image in names]
    story = read_story(folder / "story.toml", recipe)
    return Scenario(
        id=name,
        title=title,
        summary=summary,
        text=text,
        recipe=recipe,
        images={hashlib.sha256(bytes_).hexdigest(): bytes_ for bytes_ in data},
        versions=story.versions,
        lead=story.lead,
        sources={n: (folder / f"{n}.s").read_text(encoding="utf-8") for n in names},
    )


def _words(readme: str) -> tuple[str, str, str]:
    """Title, first paragraph, and the rest of a README."""
    head, summary, text = readme.split("\n\n", 2)
    return head.removeprefix("# ").strip(), summary.replace("\n", " "), text.strip()
