"""Cells of the matrix for the web's quick queue: one JSON request in, one answer out.

``{"job": "matrix", "columns": [{"base": id, "set": {…}}, …]}`` answers ``"cells"``: for each
column and row an object with ``column`` (its index), ``row``, ``word``, ``recipe`` (id) and
``digest`` (null for outcomes without one). Refusals are as those of emulator.programs.job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.errors import EmulatorError, RecipeError
from emulator.matrix.cells import run_cell
from emulator.matrix.scenarios import matrix_images, matrix_scenarios

MAX_COLUMNS = 16


def read_files() -> None:
    """Read all that a request needs, while files may still be opened."""
    matrix_scenarios()
    matrix_images()


def handle(request: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the columns. Every refusal is an answer."""
    try:
        cells = [
            cell
            for index, column in enumerate(_columns(request))
            for cell in _cells(index, column)
        ]
    except EmulatorError as error:
        told = {"code": error.code, "detail": error.detail, "field": error.field}
        return {"ok": False, "error": told}
    return {"ok": True, "cells": cells}


def _columns(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    columns = request.get("columns")
    if not isinstance(columns, list) or len(columns) > MAX_COLUMNS:
        allowed = f"a list of at most {MAX_COLUMNS} columns"
        raise RecipeError(f"allowed: {allowed}", field="columns")
    if not all(isinstance(column, Mapping) for column in columns):
        raise RecipeError("a column is an object with base and set", field="columns")
    return columns


def _cells(index: int, column: Mapping[str, Any]) -> list[dict[str, Any]]:
    base, changes = str(column.get("base")), column.get("set") or None
    cells = ((row, run_cell(row, base, changes)) for row in matrix_scenarios().values())
    return [
        {
            "column": index,
            "row": row.id,
            "word": cell.word,
            "recipe": cell.recipe.id,
            "digest": cell.digest,
        }
        for row, cell in cells
    ]
