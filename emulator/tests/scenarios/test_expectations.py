"""What must come of a version, in words."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.scenarios import list_scenarios
from emulator.scenarios.expectations import expectation_in_words


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"outcome": "completed"}, "it runs to its end"),
        (
            {"outcome": "livelock"},
            "it never gets past one instruction: livelock",
        ),
        ({"outcome": "guest_fault"}, "it ends as guest fault"),
        ({"hits": 0}, "no hits"),
        ({"hits": 1}, "1 hit"),
        ({"hits": 3}, "3 hits"),
        ({"stops": 1}, "the debugger stops to set breakpoints and never again"),
        ({"stops": 2}, "the debugger stops to set breakpoints and once more"),
        ({"stops": 4}, "the debugger stops to set breakpoints and 3 times more"),
        ({"not_fired": 0}, "no watched access passes unseen"),
        ({"not_fired": 1}, "1 watched access passes unseen"),
        ({"not_fired": 3}, "3 watched accesses pass unseen"),
        ({"violations": []}, "every invariant holds"),
        (
            {"violations": ["delivered_once", "slots_conserved"]},
            "not delivered exactly once to its owner; slots are reserved for nobody",
        ),
        ({"replies": ["E01", "OK"]}, "the stub answers E01, OK"),
        ({"actions": [-28]}, "the script's action returns -ENOSPC"),
        ({"actions": [0]}, "the script's action returns 0"),
        (
            {"peeks": ["0xffff0ff1", "0xffff0ff2"]},
            "the tracer reads DR6 as 0xffff0ff1, then 0xffff0ff2",
        ),
        ({"virtual_dr6": 3}, "virtual_dr6 is 0x3 at the end"),
    ],
)
def test_a_fact_in_words(fact: dict[str, Any], words: str) -> None:
    assert expectation_in_words(fact) == (words,)


def test_facts_keep_their_order() -> None:
    told = expectation_in_words({"hits": 2, "outcome": "completed"})

    assert told == ("2 hits", "it runs to its end")


def test_each_version_of_each_story_has_words() -> None:
    versions = [v for s in list_scenarios() for v in s.versions]

    assert all(len(v.expect_in_words) == len(v.expect) for v in versions)


def test_two_stories_lead() -> None:
    lead = [s.id for s in list_scenarios() if s.lead]

    assert lead == ["perf-eats-kgdb", "never-fires"]
