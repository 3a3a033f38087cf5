"""What a cell says: its word as a statement, and how bad it is."""

from __future__ import annotations

import pytest

from emulator.matrix import matrix_scenarios
from emulator.matrix.words import word_in_words
from emulator.tests.matrix.expected import EXPECTED


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("stops:0", "the debugger stops never"),
        ("stops:1", "the debugger stops once"),
        ("stops:2", "the debugger stops twice"),
        ("stops:7", "the debugger stops 7 times"),
        ("extra:0", "0 extra stops"),
        ("extra:1", "1 extra stop"),
        ("count:1", "perf has counted 1"),
        ("lost", "nobody is told of it"),
        ("E01", "the stub answers E01"),
        ("na", "the question does not arise"),
    ],
)
def test_a_word_as_a_statement(word: str, words: str) -> None:
    assert word_in_words(word) == words


#: From the model: bold cells of 7.z are faults, spurious stops work but wrong in kind.
@pytest.mark.parametrize(
    ("row", "word", "severity"),
    [
        ("W1", "stops:1", "holds"),
        ("W1", "lost", "fault"),
        ("W2", "restops", "fault"),
        ("W2", "livelock", "fault"),
        ("W3", "stops:2", "fault"),
        ("W5", "extra:1", "caution"),
        ("W6", "stale", "fault"),
        ("W6", "na", "na"),
        ("W8", "no", "holds"),
        ("W8", "yes", "caution"),
        ("W10", "no", "fault"),
        ("W12", "E28", "holds"),
        ("W12", "ok", "fault"),
        ("W16", "livelock", "fault"),
        ("W21", "ok", "caution"),
    ],
)
def test_how_bad_a_word_is(row: str, word: str, severity: str) -> None:
    assert matrix_scenarios()[row].severity(word) == severity


def test_a_word_is_not_both_right_and_odd() -> None:
    for row in matrix_scenarios().values():
        assert not set(row.holds) & set(row.caution)


@pytest.mark.parametrize("row", matrix_scenarios())
def test_some_kernel_has_each_row_right(row: str) -> None:
    told = matrix_scenarios()[row]
    seen = {word for (name, _), word in EXPECTED.items() if name == row}

    assert not seen or seen & set(told.holds)
