"""What the comparison says of kernels whose difference is known (model.md, 7.z)."""

from __future__ import annotations

from functools import cache

import pytest

from emulator.engine import run
from emulator.matrix import matrix_scenarios
from emulator.matrix.scenarios import matrix_images
from emulator.recipe import derive
from emulator.scenarios import load, scenario_ids
from emulator.scenarios.library import Scenario
from emulator.trace.compare.comparison import compare
from emulator.trace.compare.outline import Outline, outline
from emulator.trace.compare.recording import Keeper
from emulator.trace.compare.told import Teller


@cache
def recorded(row: str, variant: str) -> Outline:
    """A row of the matrix on a variant."""
    keeper = Keeper()
    recipe = derive(matrix_scenarios()[row].recipe, variant)
    run(recipe, matrix_images(), keeper)
    return outline(keeper.recording())


def told(row: str, left: str, right: str) -> Teller:
    return Teller(compare(recorded(row, left), recorded(row, right)))


def sentences(teller: Teller) -> list[str]:
    return [fact.phrase.sentence for fact in teller.facts(100)]


@pytest.mark.parametrize(
    ("row", "left", "right", "side"),
    [
        pytest.param("W1", "d4", "d2", "left", id="2.6.34-loses-the-hit"),
        pytest.param("W1", "g-bare", "h-bare", "left", id="stable-2026-loses-it"),
        pytest.param("W1", "b-real", "b-zero", "left", id="rc-by-dr6-profile"),
        pytest.param("W3", "d4", "d3-36", "right", id="2.6.36-stops-twice"),
        pytest.param("W5", "d4", "c", "right", id="v1-stops-again-after-a-step"),
        pytest.param("W8", "d1", "d4", "left", id="2.6.33-stops-for-a-stranger"),
    ],
)
def test_a_stop_of_one_kernel_only(row: str, left: str, right: str, side: str) -> None:
    other = "right" if side == "left" else "left"

    found = sentences(told(row, left, right))

    stops = [s for s in found if s.startswith(f"{side} stops in the debugger")]
    assert stops
    assert stops[0].endswith(f"{other} does not")


def test_the_fix_of_2026_parts_from_6_x_where_perf_returns_early() -> None:
    """Upstream c9bc1753b3cc: no overflow handler unless the event is active."""
    teller = told("W1", "g-bare", "h-bare")

    first = teller.comparison.first
    assert teller.place(first).words == "hit 1 on CPU 0"
    assert teller.divergence(first).sentence == (
        "left calls overflow_handler for slot 0, right does not"
    )


def test_the_stale_dr7_of_6_x_is_seen_in_the_register() -> None:
    """W6: a breakpoint added during the stop is not armed on the CPU that hit."""
    teller = told("W6", "d4", "g-bare")

    parted = teller.parted()
    assert parted is not None
    assert (parted.left, parted.right.startswith("no, ")) == ("yes", True)
    assert any(s.startswith("DR7 after IRET: ") for s in sentences(teller))


def test_two_kernels_that_lose_the_hit_are_wrong_in_both() -> None:
    (sentence,) = told("W1", "d2", "h-bare").wrong_in_both()

    assert sentence == "not delivered exactly once to its owner, once in both"


def test_a_kernel_without_kgdb_events_differs_in_its_writers() -> None:
    """2.6.32 writes DR7 itself; later ones install perf events."""
    found = sentences(told("W1", "a", "d4"))

    assert any("in kgdb_correct_hw_break, right does not" in s for s in found)
    assert "right calls arch_install_hw_breakpoint, left does not" in found


#: What a story expects of a version, and how a difference in it is told.
TOLD = {
    "outcome": "Run ended",
    "stops": "stops in the debugger",
    "not_fired": "misses an access",
    "violations": "breaks an invariant",
}


def stories() -> list[Scenario]:
    """Scenarios with a version that has a fault and one that has not."""
    return [s for s in map(load, scenario_ids()) if len(s.versions) > 1]


@pytest.mark.parametrize("story", [pytest.param(s, id=s.id) for s in stories()])
def test_the_two_versions_of_a_story_differ_as_it_tells(story: Scenario) -> None:
    versions = [
        next(v for v in story.versions if v.role == role) for role in ("buggy", "fixed")
    ]
    sides = []
    for version in versions:
        keeper = Keeper()
        run(version.recipe, story.images, keeper)
        sides.append(outline(keeper.recording()))

    found = " ".join(sentences(Teller(compare(*sides))))

    one, other = (version.expect for version in versions)
    differ = [name for name in TOLD if one.get(name) != other.get(name)]
    assert found
    assert [name for name in differ if TOLD[name] not in found] == []
