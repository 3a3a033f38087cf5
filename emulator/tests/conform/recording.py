"""The recording that the machine is held against, and the list of known deviations."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from emulator.conform import Vector, load_vectors

FILE = Path(__file__).with_name("oracle-public.json.xz")
DEVIATIONS = Path(__file__).parents[3] / "docs" / "deviations.md"

_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|", re.MULTILINE)


@cache
def vectors() -> dict[str, Vector]:
    """All vectors by name."""
    return {vector["name"]: vector for vector in load_vectors(FILE)}


@cache
def known_deviations() -> frozenset[str]:
    """The names in the table of docs/deviations.md."""
    found = _ROW.finditer(DEVIATIONS.read_text(encoding="utf-8"))
    return frozenset(row["name"] for row in found)
