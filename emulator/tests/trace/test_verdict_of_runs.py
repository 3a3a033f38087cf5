"""The sentence over a hit, on kernels whose story is known from their history."""

from __future__ import annotations

import pytest

from emulator.engine import run
from emulator.events import EventKind
from emulator.matrix import matrix_scenarios
from emulator.matrix.measure import Run
from emulator.matrix.scenarios import matrix_images
from emulator.recipe import derive
from emulator.trace.tree import build_tree
from emulator.trace.verdict import Verdict, judge


def last_verdict(row: str, variant: str, hit: int = -1) -> Verdict:
    """The verdict on a hit of a row's run; the last one unless told otherwise."""
    seen = Run()
    run(derive(matrix_scenarios()[row].recipe, variant), matrix_images(), seen.take)
    record = seen.of(EventKind.HIT)[hit]
    root = build_tree(seen.records, record.seq)
    shot = next(
        s
        for s in seen.snapshots
        if s.seq > record.seq and s.cpu == record.cpu and s.moment == 4
    )
    assert root is not None
    return judge(
        root,
        record,
        place="v0",
        length=4,
        dr7=shot.words["dr7"],
        cpu_dr7=shot.words["cpu_dr7"],
    )


@pytest.mark.parametrize(
    ("row", "variant", "title"),
    [
        ("W1", "d1", "Delivered once"),
        ("W1", "g", "Delivered once"),
        ("W1", "b-zero", "Lost: delivered to nobody"),
        ("W1", "d2", "Lost: perf counted it and the debugger never heard of it"),
        ("W1", "h", "Lost: perf counted it and the debugger never heard of it"),
        ("W3", "d3", "Delivered twice: the debugger stopped twice"),
        ("W8", "d1", "The debugger stopped for somebody else's breakpoint"),
        ("W13", "c", "Delivered twice: the debugger stopped twice"),
        ("W16", "g", "SIGTRAP for a task that nobody traces"),
        ("W17", "g", "The debugger stopped for somebody else's breakpoint"),
    ],
)
def test_the_title_says_who_got_it(row: str, variant: str, title: str) -> None:
    assert last_verdict(row, variant).title == title


def test_the_sentence_tells_delivery_return_and_dr7() -> None:
    assert last_verdict("W1", "d1").sentence.endswith(
        "Perf counted it, then kgdb stopped; kgdb_notify returned NOTIFY_STOP. "
        "DR7 was restored by hw_breakpoint_restore before IRET."
    )


@pytest.mark.parametrize(
    ("variant", "writer"), [("g", "local_db_restore"), ("d3", "hw_breakpoint_handler")]
)
def test_the_sentence_names_who_put_the_old_dr7_back(variant: str, writer: str) -> None:
    verdict = last_verdict("W6", variant, hit=0)

    assert f"put back to an old value by {writer}" in verdict.sentence


def test_a_callee_that_the_chain_did_not_reach_was_never_asked() -> None:
    assert "and kgdb was never asked" in last_verdict("W1", "h").sentence


def test_an_endless_stop_is_no_progress() -> None:
    assert last_verdict("W2", "d1").title.startswith("No progress")
