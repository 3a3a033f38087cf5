"""docs/recipe.md names every field and every upper bound of the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.recipe import SCHEMA_PATH

DOCUMENT = (
    Path(__file__).parents[3].joinpath("docs/recipe.md").read_text(encoding="utf-8")
)
SECTIONS: dict[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))["$defs"]


def members() -> Iterator[str]:
    """Names of all members but the switches, which have their own table."""
    for section in SECTIONS.values():
        yield from section.get("properties", {})


@pytest.mark.parametrize("name", sorted(set(members()) - {"profiles"}))
def test_the_document_names_the_field(name: str) -> None:
    assert f"`{name}`" in DOCUMENT or f"{name}`" in DOCUMENT


@pytest.mark.parametrize("name", ["instructions", "events", "wall_ms", "output"])
def test_the_document_states_the_upper_bound(name: str) -> None:
    assert f"..{SECTIONS['limits']['properties'][name]['maximum']}" in DOCUMENT
