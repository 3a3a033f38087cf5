"""What no honest client sends gets a problem, never a server error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import create_run, create_session, create_user

NINES = "9" * 5000


def test_nobody_breaks_the_server_with_an_id_that_is_none(db: None) -> None:
    paths = ("sessions/abc/", "runs/abc/", "runs/abc/symbols/")

    statuses = {APIClient().get(f"/api/v1/{path}").status_code for path in paths}

    assert statuses == {404}


@pytest.mark.parametrize("path", ["annotations/abc/", "share-links/abc/"])
def test_an_id_in_a_session_that_is_none_is_not_found(
    alice_api: APIClient, session: DebugSession, path: str
) -> None:
    answer = alice_api.delete(f"/api/v1/sessions/{session.pk}/{path}")

    assert (answer.status_code, answer["Content-Type"]) == (
        404,
        "application/problem+json",
    )


def test_an_id_of_a_token_that_is_none_is_not_found(alice_api: APIClient) -> None:
    assert alice_api.delete("/api/v1/tokens/abc/").status_code == 404


@pytest.mark.parametrize("cursor", ["cD0=", "cD14eHg="])
def test_a_made_up_cursor_is_not_found(alice_api: APIClient, cursor: str) -> None:
    answer = alice_api.get("/api/v1/runs/", {"cursor": cursor})

    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["limit", "after", "slot", "cpu"])
def test_a_number_of_thousands_of_digits_is_refused(
    alice_api: APIClient, run: Run, name: str
) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/events/", {name: NINES})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("recipes/", "[" * 100_000 + "]" * 100_000, id="deep"),
        pytest.param("sessions/", json.dumps({"title": "\ud800"}), id="surrogate"),
        pytest.param("images/", json.dumps({"assembly": "\ud800"}), id="assembly"),
        pytest.param("recipes/", json.dumps({"\ud800": 1}), id="in-a-name"),
    ],
)
def test_json_that_cannot_be_kept_is_a_problem(
    alice_api: APIClient, path: str, body: str
) -> None:
    answer = alice_api.post(f"/api/v1/{path}", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_fault_inside_a_list_names_its_place(alice_api: APIClient) -> None:
    watch = {"type": "write", "length": 3, "at": "x"}
    body = {"image": "a" * 64, "breakpoints": [watch | {"length": 4}, watch]}

    error: dict[str, Any] = alice_api.post("/api/v1/recipes/", body).json()["errors"][0]

    assert (error["field"], error["detail"]) == (
        "breakpoints[1].length",
        '"3" is not a valid choice.',
    )


def test_an_owner_reads_a_recipe_that_many_others_ran_later(
    alice_api: APIClient, alice: User, run: Run
) -> None:
    others = create_session(create_user("crowd"))
    for number in range(1, 61):
        create_run(others, recipe=run.recipe, number=number)

    assert alice_api.get(f"/api/v1/recipes/{run.recipe_id}/").status_code == 200
