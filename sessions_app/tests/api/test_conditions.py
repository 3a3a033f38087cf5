"""POST /recipes/ with conditions: taken, canonical, refused with the place."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from sessions_app.tests.factories import create_image, recipe_body

RECIPES = "/api/v1/recipes/"


@pytest.fixture
def image(db: None) -> Any:
    return create_image()


def post(client: APIClient, image: Any, **wanted: Any) -> Response:
    """The short form, with one breakpoint."""
    watch = {"type": "write", "length": 4, "at": "counter", **wanted}
    return client.post(
        RECIPES, {"image": image.sha256, "breakpoints": [watch]}, format="json"
    )


def test_the_short_form_takes_them(alice_api: APIClient, image: Any) -> None:
    wanted = {"condition": "value > 5", "ignore": 2, "limit": 3}

    answer = post(alice_api, image, **wanted)

    made = answer.json()["recipe"]["breakpoints"][0]
    assert (answer.status_code, made | wanted) == (201, made)


def test_wanting_every_hit_is_the_recipe_without_them(
    alice_api: APIClient, image: Any
) -> None:
    said = {"condition": None, "ignore": 0, "limit": None}

    ids = [post(alice_api, image, **w).json()["id"] for w in ({}, said)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("condition", "detail"),
    [
        pytest.param("value >", "at character 8: expected a value", id="syntax"),
        pytest.param(
            "u32[count] > 1", 'character 5: unknown symbol "count"', id="symbol"
        ),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["short", "whole"])
def test_a_condition_that_cannot_be_evaluated_is_never_queued(
    alice_api: APIClient, image: Any, condition: str, detail: str, whole: bool
) -> None:
    if whole:
        body = recipe_body(image)
        body["breakpoints"][0]["condition"] = condition
        answer = alice_api.post(RECIPES, body, format="json")
    else:
        answer = post(alice_api, image, condition=condition)

    problem = answer.json()
    assert answer.status_code == 422
    assert "breakpoints[0].condition" in str(problem)
    assert detail in str(problem)
