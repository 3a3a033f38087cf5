"""The same over REST."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app.models import Run
from sessions_app.recipe_texts import pretty
from sessions_app.tests.variations.conftest import body, latest

WATCH = {"type": "execute", "length": 1, "at": "_start"}


def ask(api: APIClient, run: Run, what: str, value: object) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/{what}/", value, format="json")


def test_one_more_breakpoint(alice_api: APIClient, story: Run) -> None:
    answer = ask(alice_api, story, "breakpoint", WATCH)

    assert (answer.status_code, answer.json()["number"]) == (201, 2)
    assert body(latest(story))["breakpoints"][-1]["at"] == "_start"


def test_another_limit(alice_api: APIClient, story: Run) -> None:
    ask(alice_api, story, "settings", {"events": 1234})

    assert body(latest(story))["limits"] == body(story)["limits"] | {"events": 1234}


@pytest.mark.parametrize(
    ("what", "value", "field"),
    [
        ("breakpoint", WATCH | {"at": "nowhere"}, "breakpoints[3].at"),
        ("breakpoint", {"type": "write"}, "at"),
        ("settings", {}, "seed"),
        ("settings", {"events": 0}, "events"),
        ("settings", {"sede": 1}, "sede"),
    ],
)
def test_what_is_wrong_is_named(
    alice_api: APIClient, story: Run, what: str, value: object, field: str
) -> None:
    answer = ask(alice_api, story, what, value)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert latest(story) == story


@pytest.mark.parametrize("what", ["breakpoint", "settings"])
def test_charlie_changes_nothing(charlie_api: APIClient, story: Run, what: str) -> None:
    assert ask(charlie_api, story, what, WATCH).status_code == 404


def test_symbols_come_with_what_fits_them(alice_api: APIClient, story: Run) -> None:
    url = f"/api/v1/runs/{story.pk}/symbol-table/?q=counter"

    told = alice_api.get(url).json()

    assert told["total"] == 1
    assert told["results"][0]["name"] == "demo_counter"


def test_charlie_reads_no_symbols(charlie_api: APIClient, story: Run) -> None:
    url = f"/api/v1/runs/{story.pk}/symbol-table/"

    assert charlie_api.get(url).status_code == 404


def check(api: APIClient, **value: str) -> Any:
    return api.post("/api/v1/recipes/check/", value, format="json").json()


def test_a_recipe_is_told_its_id(alice_api: APIClient, story: Run) -> None:
    told = check(alice_api, text=pretty(story.recipe.body), against=story.recipe_id)

    assert told == {"id": story.recipe_id, "fault": None, "difference": []}


def test_a_fault_has_line_and_column(alice_api: APIClient, story: Run) -> None:
    text = pretty(story.recipe.body).replace('"format": 1', '"format": 9')

    fault = check(alice_api, text=text)["fault"]

    line = next(n for n, t in enumerate(text.splitlines(), 1) if '"format"' in t)
    assert (fault["field"], fault["line"], fault["column"]) == ("format", line, 3)


def test_the_difference_is_one_of_lines(alice_api: APIClient, story: Run) -> None:
    text = pretty(story.recipe.body).replace('"seed": 1', '"seed": 5')

    told = check(alice_api, text=text, against=story.recipe_id)["difference"]

    changed = [line for line in told if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert changed[1].strip("+, ") == '"seed": 5'


def test_a_recipe_of_somebody_else_is_not_compared_with(
    charlie_api: APIClient, story: Run
) -> None:
    told = check(charlie_api, text="{}", against=story.recipe_id)

    assert told["errors"][0]["field"] == "against"
