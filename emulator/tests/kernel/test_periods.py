"""Sampling periods of a recipe's breakpoints, told from memory or not."""

from __future__ import annotations

import pytest

from emulator.engine import run
from emulator.events import FIELDS, RECORD, Callee, EventKind
from emulator.tests.engine.runs import EXIT, LOAD, flat, watch
from emulator.wire import Batch

#: mov ebx,data; mov ecx,100; loop: inc dword [rbx]; dec ecx; jnz loop
LOOP = "bb" + (LOAD + 0x1000).to_bytes(4, "little").hex() + "b964000000 ff03 ffc9 75fa"


def overflows(period: int, *, remembers: bool = True) -> tuple[int, str | None]:
    """How often the handler was called in 100 hits, and the digest."""
    recipe, images = flat(LOOP + EXIT, breakpoints=[watch(period=period)])
    batches: list[Batch] = []
    result = run(recipe, images, batches.append, remembers=remembers)
    assert result.hits == 100
    called = [
        dict(zip(FIELDS, record, strict=True))
        for batch in batches
        for record in RECORD.iter_unpack(batch.records)
    ]
    handler = (EventKind.CALL, Callee.overflow_handler)
    count = sum((e["kind"], e["aux"]) == handler for e in called)
    return count, result.digest


@pytest.mark.parametrize(("period", "count"), [(1, 100), (3, 33), (100, 1), (0, 0)])
def test_a_period_overflows_at_each_nth_hit(period: int, count: int) -> None:
    assert overflows(period)[0] == count


@pytest.mark.parametrize("period", [0, 1, 7])
def test_memory_changes_nothing(period: int) -> None:
    assert overflows(period) == overflows(period, remembers=False)
