"""The matrix as a job of a child: requests, refusals, and the real process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from emulator.matrix import matrix_scenarios
from emulator.matrix.cells import run_cell
from emulator.matrix.job import handle
from emulator.recipe import derive


def words(answer: dict[str, Any], column: int = 0) -> dict[str, str]:
    return {c["row"]: c["word"] for c in answer["cells"] if c["column"] == column}


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    columns = [{"base": "d1"}, {"base": "g-bare", "set": {"rf_by": "none"}}]
    return handle({"job": "matrix", "columns": columns})


def test_a_column_has_all_rows(answer: dict[str, Any]) -> None:
    assert list(words(answer)) == list(matrix_scenarios())


def test_the_words_are_those_of_the_cells(answer: dict[str, Any]) -> None:
    assert words(answer)["W2"] == "restops"


def test_switches_of_a_column_count(answer: dict[str, Any]) -> None:
    row = matrix_scenarios()["W2"]

    cell = run_cell(row, "g-bare", {"rf_by": "none"})
    assert words(answer, 1)["W2"] == cell.word != run_cell(row, "g-bare").word


def test_a_cell_names_its_recipe_and_digest(answer: dict[str, Any]) -> None:
    row = matrix_scenarios()["W1"]

    cell = next(c for c in answer["cells"] if c["row"] == "W1")
    assert cell["recipe"] == derive(row.recipe, "d1").id
    assert cell["digest"] == run_cell(row, "d1").digest


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (None, "columns"),
        ("a", "columns"),
        (["a"], "columns"),
        ([{"base": "a"}] * 17, "columns"),
        ([{"base": "z"}], "variant.base"),
        ([{"base": "a", "set": {"nothing": 1}}], "variant.set.nothing"),
        ([{"base": "a", "set": {"rf_by": 7}}], "variant.set.rf_by"),
    ],
)
def test_a_refusal_is_an_answer(columns: object, field: str) -> None:
    answer = handle({"job": "matrix", "columns": columns})

    assert (answer["ok"], answer["error"]["field"]) == (False, field)


def test_the_child_does_it_where_no_file_can_be_opened() -> None:
    request = {"job": "matrix", "columns": [{"base": "h-bare"}]}
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-m", "emulator.child", "job"],
        input=json.dumps(request).encode() + b"\n",
        stdout=subprocess.PIPE,
        check=True,
    )

    assert words(json.loads(done.stdout))["W1"] == "lost"
