"""/scenarios/: the library with its versions, and running one or both of them."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from sessions_app import runner
from sessions_app.models import DebugSession, Run

SCENARIOS = "/api/v1/scenarios/"


def story() -> runner.Scenario:
    found = runner.scenario("perf-eats-kgdb")
    assert found is not None
    return found


def test_the_list_carries_versions(alice_api: APIClient) -> None:
    listed = alice_api.get(SCENARIOS).json()

    assert {s["slug"]: len(s["versions"]) for s in listed} == {
        s.slug: len(s.versions) for s in runner.scenarios()
    }


def test_a_version_says_all_that_a_script_needs(alice_api: APIClient) -> None:
    version = alice_api.get(f"{SCENARIOS}execute-without-rf/").json()["versions"][0]

    assert {name: version[name] for name in version if name != "recipe"} == {
        "index": 0,
        "role": "buggy",
        "label": "6.x without RF",
        "variant": "g-bare",
        "certainty": "recorded",
        "changes": {"rf_by": "none"},
        "expect": {"outcome": "livelock", "violations": ["progress"]},
        "expect_words": [
            "it never gets past one instruction: livelock",
            "no forward progress",
        ],
    }


def test_one_scenario_has_text_and_recipe(alice_api: APIClient) -> None:
    told = alice_api.get(f"{SCENARIOS}perf-eats-kgdb/").json()

    assert "Both times the same seam" in told["text"] and told["recipe"]["format"] == 1


def test_an_unknown_one_is_a_problem(alice_api: APIClient) -> None:
    answer = alice_api.get(f"{SCENARIOS}nothing/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", [None, {}])
def test_without_a_version_its_own_recipe_runs(
    alice_api: APIClient, body: object
) -> None:
    answer = alice_api.post(f"{SCENARIOS}perf-eats-kgdb/run/", body)

    assert answer.status_code == 201
    assert Run.objects.get().recipe_id == story().versions[0].recipe_id


def test_a_version_is_chosen_by_its_index(alice_api: APIClient) -> None:
    alice_api.post(f"{SCENARIOS}perf-eats-kgdb/run/", {"version": 3})

    run = Run.objects.get()
    assert (run.recipe_id, run.label) == (
        story().versions[3].recipe_id,
        "2.6.33 as merged",
    )


@pytest.mark.parametrize(
    ("slug", "version", "allowed"),
    [
        ("perf-eats-kgdb", 5, "0 to 4"),
        ("watched-counter", 0, "nothing: it has no versions"),
        ("perf-eats-kgdb", -1, "a whole number from 0 to 100"),
        ("perf-eats-kgdb", "first", "a whole number from 0 to 100"),
    ],
)
def test_a_version_that_is_not_there_is_refused(
    alice_api: APIClient, slug: str, version: object, allowed: str
) -> None:
    answer = alice_api.post(f"{SCENARIOS}{slug}/run/", {"version": version})

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["field"], error["allowed"]) == (
        422,
        "version",
        allowed,
    )
    assert not DebugSession.objects.exists()


def test_an_unknown_field_is_refused(alice_api: APIClient) -> None:
    answer = alice_api.post(f"{SCENARIOS}perf-eats-kgdb/run/", {"role": "buggy"})

    assert answer.json()["errors"][0]["allowed"] == "version, variant, paused"


def test_a_scenario_runs_on_another_kernel(alice_api: APIClient) -> None:
    alice_api.post(f"{SCENARIOS}watched-counter/run/", {"variant": "d4"})

    body = json.loads(Run.objects.get().recipe.body)
    assert body["variant"]["base"] == "d4"


def test_an_unknown_kernel_is_refused(alice_api: APIClient) -> None:
    answer = alice_api.post(f"{SCENARIOS}watched-counter/run/", {"variant": "z9"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "variant")


def test_a_scenario_can_be_held_for_a_debugger(alice_api: APIClient) -> None:
    alice_api.post(f"{SCENARIOS}watched-counter/run/", {"paused": True})

    assert Run.objects.get().hold


def test_both_sides_are_queued_in_one_session(alice_api: APIClient) -> None:
    made = alice_api.post(f"{SCENARIOS}perf-eats-kgdb/compare/").json()

    assert made["left"]["session"] == made["right"]["session"] == made["session"]["id"]
    assert (made["left"]["label"], made["right"]["label"]) == (
        "Stable since February 2026",
        "6.x before that",
    )


def test_the_answer_names_the_page(alice_api: APIClient) -> None:
    made = alice_api.post(f"{SCENARIOS}perf-eats-kgdb/compare/").json()

    assert made["url"] == f"/compare/{made['left']['id']}/{made['right']['id']}/"


def test_what_is_no_story_cannot_be_compared(alice_api: APIClient) -> None:
    assert alice_api.post(f"{SCENARIOS}watched-counter/compare/").status_code == 404


@pytest.mark.parametrize("tail", ["", "perf-eats-kgdb/"])
def test_reading_needs_a_person(client: APIClient, db: None, tail: str) -> None:
    assert client.get(f"{SCENARIOS}{tail}").status_code == 401


@pytest.mark.parametrize("tail", ["run/", "compare/"])
def test_running_needs_a_person(client: APIClient, db: None, tail: str) -> None:
    assert client.post(f"{SCENARIOS}perf-eats-kgdb/{tail}").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/api/v1/scenarios/{slug}/", "/api/v1/scenarios/{slug}/compare/"],
)
def test_schema_describes(client: APIClient, db: None, path: str) -> None:
    assert path in client.get("/api/schema/?format=json").json()["paths"]
