"""kgdb's own breakpoints: it stops as always, and asks only when somebody wants to hear."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.events import Callee, EventKind
from emulator.recipe import parse
from emulator.tests.conditions.loops import (
    IGNORED,
    KERNEL_LOAD,
    KERNEL_STORE,
    LAST,
    UNWANTED,
    WANTED,
    bp,
    program,
    ran,
    results,
)
from emulator.tests.engine.runs import flat
from emulator.tests.runs.collect import Collected, run_recipe
from emulator.variants import variant_ids


def kgdb(*breakpoints: dict[str, Any], **more: Any) -> Collected:
    """A kernel thread on a kernel whose kgdb gets its hits."""
    sections = {"kernel": True, "variant": "d4", "kgdb": {}} | more
    return ran(*breakpoints, **sections)


def of_kgdb(**more: Any) -> dict[str, Any]:
    return bp("kgdb", **more)


def stops(run: Collected) -> list[int]:
    """The number of each stop; 0: nobody was asked."""
    return [e["value"] for e in run.of(EventKind.DEBUGGER_STOP)]


def asked(run: Collected) -> int:
    """How often the debugger said c."""
    return sum(e["aux"] == 0 for e in run.of(EventKind.PACKET))


def test_every_hit_enters_and_leaves() -> None:
    run = kgdb(of_kgdb(condition="value == 3"))

    counts = [len(run.of(k)) for k in (EventKind.KGDB_ENTER, EventKind.KGDB_LEAVE)]
    assert counts == [5, 5]


def test_only_wanted_stops_are_told() -> None:
    run = kgdb(of_kgdb(condition="value == 3 || value == 5"))

    assert results(run) == [UNWANTED, UNWANTED, WANTED, UNWANTED, WANTED]
    assert stops(run) == [0, 0, 1, 0, 2]
    assert asked(run) == 2


def test_no_invariant_is_broken_by_silence() -> None:
    assert kgdb(of_kgdb(condition="0")).result.violations == []


def test_ignored_hits_are_silent() -> None:
    run = kgdb(of_kgdb(ignore=3))

    assert results(run) == [IGNORED, IGNORED, IGNORED, WANTED, WANTED]
    assert stops(run) == [0, 0, 0, 1, 2]


def test_a_hit_without_a_value_is_silent() -> None:
    assert stops(kgdb(of_kgdb(condition="u8[0]"))) == [0] * 5


def test_the_script_counts_stops_that_ask() -> None:
    read = {"at": {"stop": 1}, "do": "packet", "data": "m{data},4"}
    run = kgdb(of_kgdb(condition="value == 4"), script=[read])

    assert (4).to_bytes(4, "little").hex().encode() in [t for _, _, t in run.texts]


def test_another_breakpoint_of_the_debugger_is_told() -> None:
    second = of_kgdb(length=2)
    run = kgdb(of_kgdb(condition="0"), second)

    assert stops(run) == [1, 2, 3, 4, 5]


def test_one_that_a_packet_has_set_is_told() -> None:
    first = {"at": {"stop": 1}, "do": "packet", "data": "Z2,{data},2"}
    run = kgdb(of_kgdb(condition="hits == 1"), script=[first])

    assert stops(run) == [1, 2, 3, 4, 5]


def test_one_that_has_taken_its_entry_is_told() -> None:
    there = f"{KERNEL_LOAD + KERNEL_STORE:x}"
    packets = [
        {"at": {"stop": 1}, "do": "packet", "data": data}
        for data in ("z2,{data},4", f"Z1,{there},1")
    ]
    run = kgdb(of_kgdb(condition="hits == 1"), script=packets)

    assert results(run) == [WANTED]
    assert stops(run) == [1, 2, 3, 4, 5]


def test_a_step_is_told() -> None:
    step = {"at": {"stop": 1}, "do": "packet", "data": "s"}
    # The second hit comes with the fourth instruction: dec, jnz, inc.
    run = kgdb(of_kgdb(condition="hits == 1"), script=[step])

    assert stops(run)[:2] == [1, 2]
    assert len(run.of(EventKind.DEBUG_EXCEPTION)) == 1


def test_a_hit_on_the_way_of_a_step_is_told() -> None:
    packets = [{"at": {"stop": n}, "do": "packet", "data": "s"} for n in (1, 2, 3)]
    run = kgdb(of_kgdb(condition="hits == 1"), script=packets)

    # The third step executes the store: BS and the breakpoint in one #DB.
    assert stops(run) == [1, 2, 3, 4, 0, 0, 0]


def test_what_stops_for_somebody_elses_breakpoint_is_told() -> None:
    """Row W8 of the matrix: kgdb never looks at which breakpoint hit."""
    run = kgdb(bp("perf_wide", condition="0"), variant="d1")

    assert stops(run) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("variant", ["a", "c", "d4"])
def test_the_limit_removes_it_while_the_debugger_has_the_machine(variant: str) -> None:
    run = kgdb(of_kgdb(condition="value > 1", limit=2), variant=variant)

    assert results(run) == [UNWANTED, WANTED, LAST]
    assert len(run.hits()) == 3
    (call,) = [
        e for e in run.of(EventKind.CALL) if e["aux"] == Callee.kgdb_remove_hw_break
    ]
    assert call["cause"] == run.of(EventKind.DEBUGGER_STOP)[-1]["seq"]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("variant", variant_ids())
def test_every_kernel_judges_alike(variant: str, early: bool) -> None:
    """Also those that lose hits, and before perf is up."""
    run = kgdb(of_kgdb(condition="value == 3"), variant=variant, kgdb={"early": early})

    assert results(run) == [UNWANTED, UNWANTED, WANTED, UNWANTED, UNWANTED]
    assert [n for n in stops(run) if n] in ([], [1])


@pytest.mark.parametrize("variant", ["d4", "h-bare"])
def test_an_int3_is_told_after_hits_that_were_not(variant: str) -> None:
    """On h-bare the hits are lost, and their trees are told from memory."""
    turns = program(9, kernel=True).removesuffix("f4") + "cc" + "f4"
    recipe, images = flat(turns, kernel=True, variant={"base": variant})
    changes = {"kgdb": {}, "breakpoints": [of_kgdb(condition="0")]}
    run = run_recipe(parse(recipe.to_json() | changes), images)

    assert (len(run.hits()), asked(run)) == (9, 1)


def test_two_cpus_share_one_tally() -> None:
    run = kgdb(of_kgdb(condition="hits == 6"), tasks=2, cpus=2, turns=4, quantum=5)

    assert len(run.hits()) == 8
    assert [n for n in stops(run) if n] == [1]
