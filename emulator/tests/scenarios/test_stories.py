"""Each version of each story comes to what its story says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.engine import run
from emulator.events import Callee, EventKind
from emulator.matrix.measure import Run
from emulator.scenarios import BUGGY, FIXED, Scenario, Version, list_scenarios

_TO_DEBUGGER = 1
STORIES = [s for s in list_scenarios() if s.versions]
VERSIONS = [(s, v) for s in STORIES for v in s.versions]


def _replies(seen: Run) -> list[str]:
    packets = [r for r in seen.of(EventKind.PACKET) if r.aux == _TO_DEBUGGER]
    said = [seen.texts[r.seq].decode() for r in packets]
    return [text for text in said if not text.startswith("T")]  # stops apart


def _peeks(seen: Run) -> list[str]:
    calls = [r for r in seen.of(EventKind.CALL) if r.aux == Callee.ptrace_get_debugreg]
    return [hex(r.value) for r in calls if seen.root(r).kind == EventKind.ACTION]


def _actions(seen: Run) -> list[int]:
    done = [r for r in seen.of(EventKind.ACTION) if not r.cause]
    return [r.ret for r in done]


#: What a story may expect, and how it is read off the run.
FACTS: dict[str, Callable[[Run], Any]] = {
    "outcome": lambda seen: seen.result.outcome.name,
    "hits": lambda seen: seen.result.hits,
    "stops": lambda seen: len(seen.stops()),
    "not_fired": lambda seen: len(seen.of(EventKind.NOT_FIRED)),
    "violations": lambda seen: [v.name for v in seen.result.violations],
    "replies": _replies,
    "peeks": _peeks,
    "actions": _actions,
    "virtual_dr6": lambda seen: seen.snapshots[-1].words["virtual_dr6"],
}


def facts(scenario: Scenario, version: Version) -> dict[str, Any]:
    """What the version's run came to, for the facts that it states."""
    seen = Run()
    seen.result = run(version.recipe, scenario.images, seen.take)
    return {name: FACTS[name](seen) for name in version.expect}


@pytest.mark.parametrize(
    ("scenario", "version"),
    VERSIONS,
    ids=[f"{s.id}-{v.role}-{v.variant}" for s, v in VERSIONS],
)
def test_the_version_comes_to_what_is_told(
    scenario: Scenario, version: Version
) -> None:
    assert facts(scenario, version) == version.expect


@pytest.mark.parametrize("scenario", STORIES, ids=[s.id for s in STORIES])
def test_a_story_has_a_buggy_and_a_fixed_side(scenario: Scenario) -> None:
    assert {v.role for v in scenario.versions} == {BUGGY, FIXED}


@pytest.mark.parametrize("scenario", STORIES, ids=[s.id for s in STORIES])
def test_the_recipe_is_the_first_version(scenario: Scenario) -> None:
    assert scenario.recipe.id == scenario.versions[0].recipe.id


def test_the_two_stories_of_2026_come_first() -> None:
    assert [s.id for s in STORIES][:2] == ["perf-eats-kgdb", "never-fires"]
