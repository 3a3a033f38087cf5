"""docs/query.md names each field that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.trace.query import EVERYTHING, parse_query
from emulator.trace.query.fields import FIELDS

TEXT = (Path(__file__).parents[4] / "docs" / "query.md").read_text(encoding="utf-8")


def test_every_field_is_documented() -> None:
    named = set()
    for row in re.findall(r"^\| (`[^|]+`) \|", TEXT, re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", row))

    assert named == set(FIELDS)


def test_its_examples_are_understood() -> None:
    (block,) = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)

    for line in block.splitlines():
        assert parse_query(line, {"fn": 0x1000}) != EVERYTHING, line
