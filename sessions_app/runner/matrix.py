"""The behaviour matrix as the web needs it: rows, recipes of cells, what a word says.

Nothing here runs a cell: that is a job of a child (program_job, emulator.matrix.job).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from emulator.build import build_id
from emulator.errors import RecipeError
from emulator.matrix import (
    MatrixScenario,
    matrix_images,
    matrix_scenarios,
    matrix_sources,
)
from emulator.matrix.words import word_in_words
from emulator.programs import load_elf
from emulator.recipe import derive
from sessions_app.errors import InvalidRecipe
from sessions_app.runner.library import ScenarioImage

__all__ = [
    "MatrixRow",
    "build_id",
    "column_key",
    "matrix_bundle",
    "matrix_recipe",
    "matrix_row",
    "matrix_rows",
    "word_in_words",
]

MatrixRow = MatrixScenario
_KEY_DIGITS = 16


def matrix_rows() -> tuple[MatrixRow, ...]:
    """All rows in their order."""
    return tuple(matrix_scenarios().values())


def matrix_row(name: str) -> MatrixRow | None:
    """One row, or None."""
    return matrix_scenarios().get(name)


def matrix_recipe(
    row: MatrixRow, base: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """What a cell runs. Raises InvalidRecipe for an unknown kernel or switch."""
    try:
        return derive(row.recipe, base, changes=changes or None).to_json()
    except RecipeError as error:
        raise InvalidRecipe(error.detail, field=error.field) from error


def column_key(base: str, changes: Mapping[str, Any]) -> str:
    """Under which a column's cells are kept: what its kernel is, whatever its name."""
    if not changes:
        return base
    told = json.dumps(dict(changes), sort_keys=True, separators=(",", ":"))
    return f"{base}+{hashlib.sha256(told.encode()).hexdigest()[:_KEY_DIGITS]}"


@cache
def matrix_bundle() -> tuple[ScenarioImage, ...]:
    """The programs of all rows."""
    names = {ref.sha256: ref.name for row in matrix_rows() for ref in row.recipe.images}
    return tuple(
        ScenarioImage(
            name=names[sha256],
            sha256=sha256,
            data=data,
            format="elf64",
            load="",
            symbols={n: hex(a) for n, a in load_elf(data).addresses.items()},
            source=matrix_sources()[sha256],
        )
        for sha256, data in matrix_images().items()
    )
