"""docs/events.md states the numbers of emulator/events.py, no more and no less."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest

from emulator.events import (
    FIELDS,
    RECORD,
    Callee,
    ConditionResult,
    EventFlag,
    EventKind,
    GuestField,
    Invariant,
    Limit,
    Outcome,
    ShadowField,
    ShadowOwner,
)
from emulator.snapshot import SNAPSHOT_SIZE, WORDS, Moment

DOCUMENT = (
    Path(__file__).parents[2].joinpath("docs/events.md").read_text(encoding="utf-8")
)


def section(title: str) -> str:
    """The text between this heading and the next one of the same depth."""
    return DOCUMENT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> dict[str, int]:
    """Names and numbers of the tables in a section."""
    found = re.findall(r"^\| (\d+) \| `(\w+)` \|", section(title), re.MULTILINE)
    return {name: int(number) for number, name in found}


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        ("Kinds", EventKind),
        ("Callees", Callee),
        ("Shadow fields", ShadowField),
        ("Guest fields", GuestField),
        ("Invariants", Invariant),
        ("Condition results", ConditionResult),
        ("Shadow owners", ShadowOwner),
        ("Outcomes", Outcome),
        ("Limits", Limit),
        ("The snapshot", Moment),
    ],
)
def test_the_document_has_the_numbers(title: str, numbers: type[IntEnum]) -> None:
    assert rows(title) == {member.name: member.value for member in numbers}


def test_the_document_has_the_flags() -> None:
    bits = {f.name: f.value.bit_length() - 1 for f in EventFlag}

    assert rows("Flags") == bits


def test_the_document_has_the_offsets() -> None:
    sizes = {"u64": 8, "u32": 4, "i32": 4, "u16": 2, "u8": 1}
    found = re.findall(r"^\| (\d+) \| `(\w+)` \| (\w+) \|", section("The record"), re.M)

    end = 0
    for (offset, _, kind), _field in zip(found, FIELDS, strict=True):
        assert int(offset) == end
        end += sizes[kind]
    assert ([name for _, name, _ in found], end) == (list(FIELDS), RECORD.size)


def test_the_document_has_the_words_of_the_snapshot() -> None:
    text = section("The snapshot")
    words = re.findall(r"`(\w+)`", text.split("words of 8 bytes:")[1].split(".\n")[0])

    assert (words, f"{SNAPSHOT_SIZE} bytes" in text) == (WORDS, True)


def test_every_kind_has_a_meaning() -> None:
    lines = [line for line in section("Kinds").splitlines() if "`" in line]

    assert all(line.rstrip("| ").count("|") >= 3 for line in lines)
