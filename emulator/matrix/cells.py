"""One cell: the row's recipe on a variant, run and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.engine import run
from emulator.matrix.measure import Run, read_word
from emulator.matrix.scenarios import MatrixScenario, matrix_images
from emulator.recipe import Recipe, derive
from emulator.variants import SwitchValue


@dataclass(frozen=True, slots=True)
class Cell:
    """The word, and the run that shows it."""

    word: str
    recipe: Recipe
    digest: str | None


def run_cell(
    scenario: MatrixScenario,
    variant: str,
    changes: Mapping[str, SwitchValue] | None = None,
) -> Cell:
    """Run a row on a variant, or on a variant with other switches. Raises RecipeError."""
    recipe = derive(scenario.recipe, variant, changes=changes)
    seen = Run()
    seen.result = run(recipe, matrix_images(), seen.take)
    word = read_word(seen, scenario.measure, scenario.places)
    return Cell(word, recipe, seen.result.digest)
