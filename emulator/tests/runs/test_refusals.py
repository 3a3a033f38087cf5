"""What a recipe may get wrong only becomes known with its images: named, not guessed."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import EmulatorError, ImageError, RecipeError
from emulator.events import EventKind, Outcome
from emulator.recipe import parse
from emulator.scenarios import load
from emulator.tests.recipe.examples import changed
from emulator.tests.runs.collect import run_recipe, run_scenario

ENOSPC = 28
SCENARIO = load("watched-counter")


def breakpoint_at(at: str, **members: Any) -> dict[str, Any]:
    """A write watch of the scenario's task."""
    plain = {"owner": "perf_user", "task": "main", "type": "write", "length": 4}
    return plain | {"at": at} | members


def refusal(path: str, value: object) -> EmulatorError:
    """The error of the scenario's recipe with one member changed."""
    recipe = parse(changed(SCENARIO.recipe.to_json(), path, value))
    with pytest.raises(EmulatorError) as caught:
        run_recipe(recipe, SCENARIO.images)
    return caught.value


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        pytest.param(
            "breakpoints.0.at", "demo_countr", "breakpoints[0].at", id="unknown-symbol"
        ),
        pytest.param(
            "breakpoints.1.at", "demo_total+0x4", "breakpoints[1].at", id="unaligned"
        ),
        pytest.param("tasks.0.entry", "start", "tasks[0].entry", id="unknown-entry"),
        pytest.param("tasks.0.mode", "kernel", "tasks[0].image", id="wrong-half"),
        pytest.param("images.0.sha256", "0" * 64, "images[0].sha256", id="no-image"),
    ],
)
def test_a_recipe_that_does_not_fit_its_image_is_refused(
    path: str, value: object, field: str
) -> None:
    error = refusal(path, value)

    assert (type(error), error.field) == (RecipeError, field)


def test_an_unknown_symbol_comes_with_near_names() -> None:
    assert "demo_counter" in refusal("breakpoints.0.at", "demo_countr").detail


def test_an_image_that_is_no_elf_file_is_refused() -> None:
    (sha256,) = SCENARIO.images

    with pytest.raises(ImageError):
        run_recipe(SCENARIO.recipe, {sha256: b"not an ELF file"})


def test_the_fifth_breakpoint_is_refused_by_the_kernel_and_the_run_goes_on() -> None:
    five = [breakpoint_at("demo_counter") for _ in range(5)]

    run = run_scenario("watched-counter", breakpoints=five)

    answers = [event["ret"] for event in run.of(EventKind.BREAKPOINT_REGISTERED)]
    assert (answers, run.result.outcome) == ([0, 0, 0, 0, -ENOSPC], Outcome.completed)


@pytest.mark.parametrize(
    ("limit", "value"), [("instructions", 100), ("events", 40), ("output", 30)]
)
def test_a_limit_is_an_outcome(limit: str, value: int) -> None:
    limits = SCENARIO.recipe.to_json()["limits"] | {limit: value}

    result = run_scenario("watched-counter", limits=limits).result

    assert (result.outcome, limit in result.detail) == (Outcome.limit_reached, True)
