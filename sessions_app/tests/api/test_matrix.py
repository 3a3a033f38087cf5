"""/matrix/: words by scenario and kernel, and the run of a cell."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from sessions_app import runner
from sessions_app.tests.matrix.cells import store_all, store_cell

MATRIX = "/api/v1/matrix/"


def test_it_answers_row_variant_word(alice_api: APIClient, redis_server: str) -> None:
    store_cell("W1", "d1", "stops:1")

    told = alice_api.get(f"{MATRIX}?row=W1&variant=d1,d2").json()

    assert told == {
        "emulator": runner.build_id(),
        "missing": 1,
        "cells": {"W1": {"d1": "stops:1", "d2": None}},
    }


def test_it_has_everything_without_a_choice(
    alice_api: APIClient, redis_server: str
) -> None:
    store_all()

    told = alice_api.get(MATRIX).json()

    assert told["missing"] == 0
    assert {len(line) for line in told["cells"].values()} == {len(runner.variants())}
    assert len(told["cells"]) == len(runner.matrix_rows())


def test_full_has_recipe_and_digest(alice_api: APIClient, redis_server: str) -> None:
    store_cell("W1", "d2", "lost")
    store_cell("W2", "d2", "livelock", digest="")

    cells = alice_api.get(f"{MATRIX}?row=W1,W2&variant=d2&full=1").json()["cells"]

    assert cells["W1"]["d2"] == {
        "word": "lost",
        "severity": "fault",
        "recipe": "ab" * 32,
        "digest": "cd" * 32,
    }
    assert cells["W2"]["d2"]["digest"] is None


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ("row=W99", "row", "W1, W2"),
        ("variant=z", "variant", "a, b-real"),
        ("variant=", "variant", "a, b-real"),
        ("full=yes", "full", "0, 1"),
    ],
)
def test_a_wrong_choice_says_what_there_is(
    alice_api: APIClient, query: str, field: str, allowed: str
) -> None:
    answer = alice_api.get(f"{MATRIX}?{query}")

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["field"]) == (422, field)
    assert error["allowed"].startswith(allowed)


def test_without_a_queue_it_is_a_problem(alice_api: APIClient, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = alice_api.get(MATRIX)

    assert (answer.status_code, answer.json()["code"]) == (422, "job_failed")


def test_a_cell_runs(alice_api: APIClient) -> None:
    answer = alice_api.post(f"{MATRIX}W1/d2/run/")

    assert (answer.status_code, answer.json()["state"]) == (201, "queued")


def test_a_cell_runs_once(alice_api: APIClient) -> None:
    first = alice_api.post(f"{MATRIX}W1/d2/run/").json()
    again = alice_api.post(f"{MATRIX}W1/d2/run/")

    assert (again.status_code, again.json()["id"]) == (200, first["id"])


@pytest.mark.parametrize("path", ["W99/d2/", "W1/z/"])
def test_a_cell_that_is_not_there_is_404(alice_api: APIClient, path: str) -> None:
    assert alice_api.post(f"{MATRIX}{path}run/").status_code == 404


def test_it_needs_a_person(client: APIClient, db: None) -> None:
    assert client.get(MATRIX).status_code == 401
    assert client.post(f"{MATRIX}W1/d2/run/").status_code == 401


@pytest.mark.parametrize("path", [MATRIX, f"{MATRIX}{{row}}/{{column}}/run/"])
def test_schema_describes(client: APIClient, db: None, path: str) -> None:
    assert path in client.get("/api/schema/?format=json").json()["paths"]
