"""The invariants say of a row what its prediction says."""

from __future__ import annotations

import pytest

from emulator.engine import run
from emulator.matrix import matrix_scenarios
from emulator.matrix.scenarios import matrix_images
from emulator.recipe import derive
from emulator.tests.matrix.expected import EXPECTED


def broken(row: str, variant: str) -> set[str]:
    """Invariants that a cell breaks."""
    recipe = derive(matrix_scenarios()[row].recipe, variant)
    result = run(recipe, matrix_images(), lambda _batch: None)
    return {violation.name for violation in result.violations}


#: Row, predicted word, invariant that is broken exactly there.
SAYS = [
    ("W1", "lost", "delivered_once"),
    ("W2", "livelock", "progress"),
    ("W2", "restops", "progress"),
    ("W6", "stale", "owner_is_armed"),
    ("W8", "yes", "no_foreign_stop"),
]
CASES = [
    (row, variant, word, name)
    for row, word, name in SAYS
    for (of, variant) in EXPECTED
    if of == row and EXPECTED[row, variant] != "na"
]


@pytest.mark.parametrize(
    ("row", "variant", "word", "name"),
    CASES,
    ids=[f"{row}-{variant}-{name}" for row, variant, _, name in CASES],
)
def test_broken_where_it_was_predicted(
    row: str, variant: str, word: str, name: str
) -> None:
    words = {w for r, w, n in SAYS if (r, n) == (row, name)}

    assert (name in broken(row, variant)) is (EXPECTED[row, variant] in words)


@pytest.mark.parametrize(("variant", "stray"), [("g", True), ("a", False)])
def test_a_sigtrap_for_the_debuggers_breakpoint_is_stray(
    variant: str, stray: bool
) -> None:
    assert ("no_stray_sigtrap" in broken("W16", variant)) is stray


@pytest.mark.parametrize(("variant", "leaks"), [("g", True), ("c", False)])
def test_a_stop_from_a_leaked_virtual_dr6_is_foreign(variant: str, leaks: bool) -> None:
    assert ("no_foreign_stop" in broken("W17", variant)) is leaks
