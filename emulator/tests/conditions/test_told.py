"""What is said about hits that nobody wanted: the sentence, and two runs side by side."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.events import EventKind
from emulator.tests.conditions.loops import bp, ran
from emulator.trace.record import Record
from emulator.trace.tree import build_tree
from emulator.trace.verdict import judge


def sentence(hit: int, **wanted: Any) -> str:
    """The verdict's on that hit."""
    run = ran(bp(**wanted))
    records = [Record(**event) for event in run.events]
    record = [r for r in records if r.kind == EventKind.HIT][hit - 1]
    root = build_tree(records, record.seq)
    assert root is not None
    return judge(root, record, place="data").sentence


@pytest.mark.parametrize(
    ("hit", "wanted", "words"),
    [
        (1, {"condition": "value == 2"}, "Its condition does not hold: nobody wanted"),
        (1, {"condition": "u8[0]"}, "Its condition has no value here: nobody wanted"),
        (1, {"ignore": 1}, "It was one of those to be ignored."),
    ],
)
def test_the_sentence_says_why_nobody_was_told(
    hit: int, wanted: dict[str, Any], words: str
) -> None:
    assert words in sentence(hit, **wanted)


@pytest.mark.parametrize("hit", [2, 5])
def test_of_a_wanted_hit_nothing_more_is_said(hit: int) -> None:
    assert sentence(hit, condition="value > 1", limit=4) == sentence(hit)
