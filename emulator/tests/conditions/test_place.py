"""A condition sees each word as the first snapshot of its hit shows it."""

from __future__ import annotations

from functools import cache

import pytest

from emulator.engine import run
from emulator.events import EventKind
from emulator.expression.names import PARTS
from emulator.snapshot import SNAPSHOT, WORDS, Moment
from emulator.tests.conditions.loops import bp, judged, ran, recipe_of
from emulator.wire import Batch

HIT = 3
NAMES = [n for n in PARTS if n in WORDS]


@cache
def snapshot(variant: str) -> dict[str, int]:
    """At the entry of that hit."""
    batches: list[Batch] = []
    run(*recipe_of(bp(condition="1"), variant=variant), batches.append)
    shots = [s for b in batches for s in SNAPSHOT.iter_unpack(b.snapshots)]
    entries = [s for s in shots if s[3] == Moment.hit_entry]
    return dict(zip(WORDS, entries[HIT - 1][5:], strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_word(name: str) -> None:
    value = snapshot("g-bare")[name]

    found = judged(ran(bp(condition=f"${name} == {value:#x}")))

    assert found[HIT - 1][1] == 1


@pytest.mark.parametrize(
    ("place", "name"), [(0, "cs"), (1, "ss"), (2, "ds"), (3, "es")]
)
def test_a_selector(place: int, name: str) -> None:
    value = snapshot("g-bare")["selectors"] >> 16 * place & 0xFFFF

    assert judged(ran(bp(condition=f"{name} == {value}")))[HIT - 1][1] == 1


def test_rf_is_that_of_the_image_that_was_pushed() -> None:
    run_ = ran(bp(type="execute", length=1, at="0x40000a", condition="rf"))

    assert len(run_.of(EventKind.CONDITION)) == 5
    assert {ret for _, ret, _ in judged(run_)} == {0}
