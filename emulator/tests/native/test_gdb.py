"""The helper itself: what gdb counts on the counter program."""

from __future__ import annotations

from emulator.tests.compiling import compiled
from emulator.tests.native.expected import COUNTER_VALUES
from emulator.tests.native.gdb import watched_values


def test_gdb_counts_a_thousand_changes() -> None:
    assert watched_values(compiled("counter"), "counter") == COUNTER_VALUES
