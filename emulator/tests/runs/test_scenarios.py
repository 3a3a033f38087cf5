"""What the shipped scenarios show when they run; their READMEs tell the same."""

from __future__ import annotations

from functools import cache

import pytest

from emulator.events import EventKind, Outcome
from emulator.programs import load_elf
from emulator.scenarios import load, scenario_ids
from emulator.tests.runs.collect import Collected, run_scenario


@cache
def ran(name: str) -> Collected:
    """The scenario as it is shipped."""
    return run_scenario(name)


def addresses(name: str) -> dict[str, int]:
    """Symbols of the scenario's program."""
    (image,) = load(name).images.values()
    return load_elf(image).addresses


@pytest.mark.parametrize("name", scenario_ids())
def test_a_scenario_gives_one_digest(name: str) -> None:
    assert run_scenario(name).result.digest == ran(name).result.digest


def test_the_watched_counter_completes() -> None:
    assert ran("watched-counter").result.outcome is Outcome.completed


def test_each_tick_and_each_flush_write_the_counter() -> None:
    assert len(ran("watched-counter").hits(0)) == 300 + 30


def test_the_total_is_seen_read_and_written() -> None:
    assert len(ran("watched-counter").hits(1)) == 2 * 30


def test_each_report_is_an_execute_hit_at_its_first_instruction() -> None:
    hits = ran("watched-counter").hits(2)

    assert [hit["rip"] for hit in hits] == [
        addresses("watched-counter")["tick_report"]
    ] * 3


def test_the_output_is_kept() -> None:
    assert ran("watched-counter").output(1) == b"100 more ticks accounted\n" * 3


def test_a_write_is_reported_behind_its_instruction() -> None:
    symbols = addresses("watched-counter")
    ticks = [hit for hit in ran("watched-counter").hits(0) if hit["value"]]

    # addl is the last instruction of tick_account before its ret.
    assert {hit["rip"] for hit in ticks} == {symbols["tick_flush"] - 1}


def test_two_calls_and_eight_bytes_write_the_return_address() -> None:
    assert len(ran("stack-overwrite").hits()) == 2 + 8


def test_the_last_byte_completes_the_intruder() -> None:
    last = ran("stack-overwrite").hits()[-1]

    assert last["value"] == addresses("stack-overwrite")["never_called"]


def test_the_overwritten_program_runs_what_nobody_calls() -> None:
    assert ran("stack-overwrite").output(2) == b"nobody calls never_called\n"


def test_both_cpus_are_seen_on_the_racy_counter() -> None:
    hits = ran("two-cpus-race").hits(0)

    assert [sum(hit["cpu"] == cpu for hit in hits) for cpu in (0, 1)] == [200, 200]


def test_the_race_loses_additions() -> None:
    values = [hit["value"] for hit in ran("two-cpus-race").hits(0)]

    assert values[-1] < 200


def test_the_locked_counter_loses_none() -> None:
    values = [hit["value"] for hit in ran("two-cpus-race").hits(1)]

    assert values == list(range(1, 201))


def test_another_seed_loses_other_additions() -> None:
    other = run_scenario("two-cpus-race", schedule={"seed": 8, "quantum": 5})

    assert other.result.digest != ran("two-cpus-race").result.digest


def test_without_rf_the_run_is_a_livelock() -> None:
    assert ran("execute-without-rf").result.outcome is Outcome.livelock


def test_without_rf_eight_hits_stand_at_one_place() -> None:
    hits = ran("execute-without-rf").hits()

    assert {(h["rip"], h["retired"]) for h in hits} == {
        (hits[0]["rip"], hits[0]["retired"])
    }
    assert len(hits) == 8


def test_with_rf_each_call_is_one_hit() -> None:
    healed = run_scenario("execute-without-rf", variant={"base": "g-bare"})

    assert (healed.result.outcome, len(healed.hits())) == (Outcome.completed, 3)


def test_the_last_event_names_the_outcome() -> None:
    last = ran("execute-without-rf").events[-1]

    assert (last["kind"], last["aux"]) == (EventKind.RUN_END, Outcome.livelock)
