"""Names do not matter, switches do (decisions D13)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.matrix import matrix_scenarios
from emulator.matrix.cells import run_cell
from emulator.tests.matrix.expected import EXPECTED
from emulator.variants import switches, table, variants

ROWS = list(matrix_scenarios())


def words(variant: str, changes: dict[str, Any] | None = None) -> dict[str, str]:
    """The column of a variant."""
    return {
        row: run_cell(matrix_scenarios()[row], variant, changes).word for row in ROWS
    }


@pytest.fixture
def renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The shipped table under other names; new name by old one."""
    source = Path(table.__file__).with_name("table.toml").read_text(encoding="utf-8")
    new = {old: f"kernel-{n}" for n, old in enumerate(tomllib.loads(source))}
    for old, name in new.items():
        source = source.replace(f"[{old}]", f"[{name}]")
        source = source.replace(f"[{old}.switches]", f"[{name}.switches]")
        source = source.replace(f'base = "{old}"', f'base = "{name}"')
    path = tmp_path / "renamed.toml"
    path.write_text(source, encoding="utf-8")
    monkeypatch.setattr(table, "_TABLE", path)
    variants.cache_clear()
    yield new
    variants.cache_clear()


def test_renaming_all_variants_leaves_the_matrix(renamed: dict[str, str]) -> None:
    computed = {
        (row, old): run_cell(matrix_scenarios()[row], renamed[old]).word
        for row, old in EXPECTED
    }

    assert computed == EXPECTED


#: One switch flipped: which cells move, and to what. Reasons: the step in the kernel's
#: history that the switch stands for.
FLIPS = [
    # 2.6.36 gave execute breakpoints RF; without it `c` stops for ever.
    ("d4", "rf_by", "none", {"W2": "restops"}),
    # c9bc1753b3cc: perf leaves before the overflow handler.
    (
        "g-bare",
        "overflow_needs_active",
        True,
        {
            "W1": "lost",
            "W2": "stops:0",
            "W5": "na",
            "W6": "na",
            "W13": "lost",
            "W16": "no",
            "W17": "no",
            "W18": "na",
        },
    ),
    # Writing cpu_dr7 on the way out, as was tried on a real kernel, mends the hit CPU.
    ("d3-36", "handler_dr7_exit", "cpu_dr7", {"W6": "ok", "W18": "yes"}),
    ("g-bare", "dr7_outer_save", "none", {"W6": "ok", "W7": "ok", "W18": "yes"}),
    # fad99fac262 against ba773f7c510.
    # The stop comes after the handler has put DR7 back, so nothing is stale any more; a
    # user task pays for the bits left in its virtual DR6.
    (
        "d3-36",
        "kgdb_cb",
        "vd6_all",
        {"W3": "stops:1", "W6": "ok", "W13": "stops:1", "W16": "yes", "W18": "yes"},
    ),
    # 5352ae638e2.
    ("d1", "reserve", "none", {"W19": "ok", "W22": "ok"}),
    # 02ca752e: remove_all gives slots back.
    ("d1", "remove_all_clears", True, {"W15": "no"}),
    # The guard of version 1 needs its callback: hw_breakpoint_handler clears the B bit,
    # so on the chain alone kgdb takes its own hits for somebody else's.
    (
        "d1",
        "kgdb_needs_trap_bits",
        True,
        {
            "W1": "lost",
            "W2": "livelock",
            "W3": "stops:0",
            "W5": "na",
            "W6": "na",
            "W8": "no",
            "W13": "lost",
            "W15": "no",
            "W17": "no",
            "W18": "na",
        },
    ),
    # cc0967490c1: eight bytes.
    ("a", "kgdb_length_8", True, {"W14": "ok"}),
    # The knobs of e.
    ("e", "callback_once", True, {"W13": "stops:1"}),
    ("e", "callback_clears_bs", True, {"W3": "stops:1"}),
    ("e", "kgdb_needs_trap_bits", True, {"W3": "stops:1", "W8": "no", "W17": "no"}),
]


@pytest.mark.parametrize(
    ("variant", "switch", "value", "moved"),
    FLIPS,
    ids=[f"{v}-{s}" for v, s, _, _ in FLIPS],
)
def test_a_switch_moves_these_cells(
    variant: str, switch: str, value: object, moved: dict[str, str]
) -> None:
    before, after = words(variant), words(variant, {switch: value})

    assert getattr(switches(variant, {}), switch) != value
    assert {r: after[r] for r in ROWS if after[r] != before[r]} == moved
