"""Every vector of the recording, one test each; docs/deviations.md lists what differs."""

from __future__ import annotations

import pytest

from emulator.conform import deviation, not_applicable
from emulator.tests.conform.recording import known_deviations, vectors

APPLICABLE = [name for name, v in vectors().items() if not_applicable(v) is None]


@pytest.mark.parametrize("name", sorted(set(APPLICABLE) - known_deviations()))
def test_the_machine_agrees_with_the_silicon(name: str) -> None:
    assert deviation(vectors()[name]) is None


@pytest.mark.parametrize("name", sorted(known_deviations()))
def test_a_listed_deviation_is_one(name: str) -> None:
    assert deviation(vectors()[name]) is not None, "agrees now: remove it from the list"


def test_only_applicable_vectors_are_listed_as_deviations() -> None:
    assert known_deviations() <= set(APPLICABLE)


def test_at_least_99_of_100_agree() -> None:
    agree = len(APPLICABLE) - len(known_deviations())

    assert agree / len(APPLICABLE) >= 0.99
