"""After so many wanted hits a breakpoint ends, through its owner's own call."""

from __future__ import annotations

import pytest

from emulator.events import Callee, EventKind, Outcome
from emulator.recipe import parse
from emulator.tests.conditions.loops import (
    IGNORED,
    LAST,
    UNWANTED,
    WANTED,
    bp,
    ran,
    recipe_of,
    results,
)
from emulator.tests.runs.collect import Collected, Event, run_recipe


def calls(run: Collected, callee: Callee) -> list[Event]:
    """Calls of it after the first hit."""
    first = run.hits()[0]["seq"]
    return [
        e for e in run.of(EventKind.CALL) if e["aux"] == callee and e["seq"] > first
    ]


@pytest.mark.parametrize("owner", ["perf_user", "perf_wide", "perf_cpu"])
def test_perf_events_are_disabled(owner: str) -> None:
    more = {"cpu": 0} if owner == "perf_cpu" else {}
    run = ran(bp(owner, limit=2, **more))

    assert results(run) == [WANTED, LAST]
    assert len(run.hits()) == 2
    assert len(calls(run, Callee.perf_event_disable)) == 1


def test_the_call_comes_when_the_hit_has_returned() -> None:
    run = ran(bp(limit=1))

    iret = run.of(EventKind.IRET)[0]["seq"]
    (call,) = calls(run, Callee.perf_event_disable)
    assert (call["seq"], call["cause"]) == (iret + 1, 0)


def test_it_is_armed_no_more() -> None:
    run = ran(bp(limit=1))

    # 0x400 is the fixed bit, 0x200 is GE.
    dr7 = [e["value"] for e in run.of(EventKind.DR_WRITE) if e["slot"] == 7]
    assert dr7[-1] & ~0x600 == 0


def test_every_cpu_of_a_wide_breakpoint_is_ended() -> None:
    run = ran(bp("perf_wide", limit=1), tasks=2, cpus=2)

    assert len(run.hits()) == 1
    assert len(calls(run, Callee.perf_event_disable)) == 2


def test_what_tasks_have_inherited_is_ended_too() -> None:
    recipe, images = recipe_of(bp(inherit=True, limit=7), tasks=2)
    document = recipe.to_json()
    document["tasks"][1]["forked"] = True
    fork = {"do": "fork", "task": "task0", "child": "task1"}
    document["script"] = [{"at": {"start": True}, **fork}]

    run = run_recipe(parse(document), images)

    assert len(run.hits()) == 7
    assert len(calls(run, Callee.perf_event_disable)) == 2


@pytest.mark.parametrize("variant", ["a", "b-real", "d4", "g-bare"])
def test_a_tracer_clears_its_bits_in_dr7(variant: str) -> None:
    run = ran(bp("ptrace", slot=1, limit=2), variant=variant)

    assert results(run) == [WANTED, LAST]
    assert len(run.hits()) == 2
    (call,) = calls(run, Callee.ptrace_set_debugreg)
    assert (call["addr"], call["value"] & 0xFF) == (7, 0)


def test_a_tracers_other_breakpoints_stay() -> None:
    run = ran(
        bp("ptrace", slot=0, limit=1), bp("ptrace", slot=1, length=2, condition="1")
    )

    # Its second one may have moved to another register of the processor.
    found = [e["slot"] for e in run.of(EventKind.CONDITION)]
    assert found == [0, 1, 1, 1, 1, 1]


def test_only_wanted_hits_count() -> None:
    run = ran(bp(condition="value > 1", ignore=1, limit=2), turns=9)

    assert results(run) == [UNWANTED, IGNORED, WANTED, LAST]
    assert len(run.hits()) == 4


def test_the_others_go_on() -> None:
    run = ran(bp(limit=2), bp(length=2))

    assert [h["aux"] & 3 for h in run.hits()] == [3, 3, 2, 2, 2]


def test_enabled_again_it_ends_at_its_next_wanted_hit() -> None:
    enable = {"at": {"retired": 9}, "do": "enable", "breakpoint": 0}
    run = ran(bp(limit=1), turns=9, script=[enable])

    assert results(run) == [LAST, LAST]
    assert len(calls(run, Callee.perf_event_disable)) == 2


def test_a_breakpoint_that_hits_for_ever_can_be_ended() -> None:
    """Without RF the same instruction faults again and again."""
    place = {"type": "execute", "length": 1, "at": "0x40000a"}
    recipe, images = recipe_of(bp(**place, limit=4))
    document = recipe.to_json()
    document["variant"]["set"] = {"rf_by": "none"}
    del document["breakpoints"][0]["limit"]
    stuck = run_recipe(parse(document), images)
    document["breakpoints"][0]["limit"] = 4
    ended = run_recipe(parse(document), images)

    assert stuck.result.outcome == Outcome.livelock
    assert (ended.result.outcome, len(ended.hits())) == (Outcome.completed, 4)
