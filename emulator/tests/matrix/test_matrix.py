"""Every cell that was predicted is what the model computes."""

from __future__ import annotations

import json

import pytest

from emulator.__main__ import main
from emulator.matrix import matrix_scenarios
from emulator.matrix.cells import run_cell
from emulator.tests.matrix.expected import EXPECTED, VARIANTS
from emulator.variants import variant_ids


def test_the_table_knows_the_shipped_variants() -> None:
    assert list(variant_ids()) == VARIANTS


@pytest.mark.parametrize(
    ("row", "variant"), EXPECTED, ids=[f"{r}-{v}" for r, v in EXPECTED]
)
def test_the_cell_is_as_predicted(row: str, variant: str) -> None:
    cell = run_cell(matrix_scenarios()[row], variant)

    assert cell.word == EXPECTED[row, variant]


#: Rows without a table of their own: what follows from the rules named beside them.
FOLLOWS = [
    # breakinfo has four entries, kgdb_set_hw_break returns -1 (model 6.4).
    ("W12", "a", "E01"),
    ("W12", "g-bare", "E01"),
    # f's per-event validation carries perf's errno.
    ("W12", "f", "E28"),
    # v1's callback runs once for each slot; merged code stops once per #DB (7.c, 7.d).
    ("W13", "c", "stops:2"),
    ("W13", "d1", "stops:1"),
    ("W13", "d3", "stops:2"),
    ("W13", "d4", "stops:1"),
    ("W13", "h", "lost"),
    # 2.6.32 knows 1, 2 and 4 bytes (6.4).
    ("W14", "a", "E01"),
    ("W14", "d1", "ok"),
    # kgdb_remove_all_hw_break of 2.6.33 to 2.6.36 never clears `enabled` (6.4).
    ("W15", "a", "no"),
    ("W15", "d1", "yes"),
    ("W15", "d3", "yes"),
    ("W15", "d4", "no"),
    ("W15", "g", "no"),
    # 6.x: exc_debug_user sends SIGTRAP; 2.6.32 drops the B bit and DR7 with it (3.5, 7.g).
    ("W16", "g", "yes"),
    ("W16", "a", "no"),
    # The leaked virtual DR6 makes a foreign hit stop (7.g); c's guard does not.
    ("W17", "g", "yes"),
    ("W17", "h", "no"),
    ("W17", "c", "no"),
    # Stale DR7: what was added at a hit never fires (7.d3, 7.g).
    ("W18", "d3", "no"),
    ("W18", "g", "no"),
    ("W18", "d4", "yes"),
    # 5352ae638e2 reserves slots; before it kgdb takes what perf holds (7.d).
    ("W19", "c", "ok"),
    ("W19", "d1", "E01"),
    ("W20", "g", "E01"),
    ("W20", "f", "E22"),
    # kgdb_set_hw_break checks no alignment; f validates as perf does (7.f).
    ("W21", "g", "ok"),
    ("W21", "f", "E22"),
    # dbg_reserve_bp_slot gives up when the accounting lock is held (2.4).
    ("W22", "d1", "E01"),
    ("W22", "g", "E01"),
    ("W22", "a", "ok"),
]


@pytest.mark.parametrize(("row", "variant", "word"), FOLLOWS)
def test_the_cell_follows_from_the_rule(row: str, variant: str, word: str) -> None:
    assert run_cell(matrix_scenarios()[row], variant).word == word


def test_a_cell_has_the_same_digest_twice() -> None:
    scenario = matrix_scenarios()["W6"]

    assert run_cell(scenario, "g-bare").digest == run_cell(scenario, "g-bare").digest


def test_the_command_prints_row_variant_word(capsys: pytest.CaptureFixture) -> None:
    status = main(["matrix", "--scenario", "W1", "--variant", "d1", "d2", "--json"])

    assert status == 0
    assert json.loads(capsys.readouterr().out) == {
        "W1": {"d1": "stops:1", "d2": "lost"}
    }


@pytest.mark.parametrize(
    ("option", "name"), [("--scenario", "W99"), ("--variant", "z")]
)
def test_the_command_refuses_what_it_does_not_know(
    option: str, name: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["matrix", option, name]) == 2
    assert name in capsys.readouterr().err
