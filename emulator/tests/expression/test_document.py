"""docs/expressions.md: its examples read, and its bounds and names are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.expression import parse_expression
from emulator.expression.environment import EDOM, ENODATA
from emulator.expression.names import FACTS, PARTS
from emulator.expression.parse import MAX_DEPTH, MAX_NODES
from emulator.expression.tokens import MAX_LENGTH

DOCUMENT = (
    Path(__file__)
    .parents[3]
    .joinpath("docs/expressions.md")
    .read_text(encoding="utf-8")
)
EXAMPLES = DOCUMENT.split("```")[1].strip().splitlines()


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_an_expression(text: str) -> None:
    assert parse_expression(text).text == text


def test_every_name_of_the_registers_is_one() -> None:
    table = DOCUMENT.split("### Registers")[1].split("\n\n")[0]
    named = re.findall(r"`([a-z_0-9]+)`", table)

    assert len(named) > 50
    assert [name for name in named if name not in PARTS] == []


def test_every_fact_is_named() -> None:
    assert [name for name in FACTS if f"`{name}`" not in DOCUMENT] == []


def test_the_bounds_are_stated() -> None:
    stated = re.findall(r"\d+", DOCUMENT.split("## Bounds")[1])

    assert stated == [str(n) for n in (MAX_LENGTH, MAX_NODES, MAX_DEPTH)]


def test_the_errors_are_stated() -> None:
    assert f"| {EDOM} `EDOM` |" in DOCUMENT
    assert f"| {ENODATA} `ENODATA` |" in DOCUMENT
