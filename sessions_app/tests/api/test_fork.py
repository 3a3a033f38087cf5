"""POST /runs/<id>/fork/."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app import runner
from sessions_app.models import Run
from sessions_app.services.launch import launch_scenario
from sessions_app.tests.factories import create_switch_set


@pytest.fixture
def story(alice: User) -> Run:
    found = runner.scenario("perf-eats-kgdb")
    assert found is not None
    return launch_scenario(owner=alice, scenario=found).runs.get()


def fork(client: APIClient, run: Run, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/runs/{run.pk}/fork/", body)


def test_a_variant(alice_api: APIClient, story: Run) -> None:
    answer = fork(alice_api, story, {"variant": "d1"})

    told = answer.json()
    assert (answer.status_code, told["number"], told["state"]) == (201, 2, "queued")
    assert told["session"] == str(story.session_id)
    assert told["recipe"] != story.recipe_id


def test_a_set(alice_api: APIClient, story: Run, alice: User) -> None:
    own = create_switch_set(alice, name="No RF", base="d4")

    told = fork(alice_api, story, {"set": str(own.pk)}).json()

    assert told["label"] == "No RF, on d4"


def test_the_same_kernel_is_the_same_recipe(alice_api: APIClient, story: Run) -> None:
    told = fork(alice_api, story, {"variant": "h"}).json()

    assert told["recipe"] == story.recipe_id


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({}, "invalid_fields", "say which kernel"),
        (
            {"variant": "d1", "set": str(uuid4())},
            "invalid_fields",
            "one kernel, not two",
        ),
        ({"variant": "z"}, "unknown_kernel", "no kernel “z” is known to you"),
        ({"set": "x"}, "invalid_fields", "Must be a valid UUID."),
        ({"base": "d1"}, "invalid_fields", "unknown field"),
    ],
)
def test_what_is_wrong_is_named(
    alice_api: APIClient, story: Run, body: dict[str, Any], code: str, detail: str
) -> None:
    answer = fork(alice_api, story, body)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, code)
    assert told["errors"][0]["detail"] == detail
    assert story.session.runs.count() == 1


def test_a_set_of_somebody_else_is_unknown(
    alice_api: APIClient, story: Run, charlie: User
) -> None:
    other = create_switch_set(charlie)

    answer = fork(alice_api, story, {"set": str(other.pk)})

    assert answer.json()["code"] == "unknown_kernel"


def test_charlie_does_not_find_the_run(charlie_api: APIClient, story: Run) -> None:
    assert fork(charlie_api, story, {"variant": "d1"}).status_code == 404


def test_it_needs_a_person(client: APIClient, story: Run) -> None:
    answer = client.post(f"/api/v1/runs/{story.pk}/fork/", {"variant": "d1"})

    assert answer.status_code == 401


def test_schema_describes(client: APIClient, db: None) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]

    assert "/api/v1/runs/{id}/fork/" in paths
