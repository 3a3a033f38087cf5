"""Every error is a problem+json that names field, value and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app.models import Annotation, DebugSession, Run, StoredRecipe


def first_error(answer: Any) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["errors"][0]
    return error


def test_the_content_type_is_problem_json(alice_api: APIClient) -> None:
    answer = alice_api.get("/api/v1/runs/00000000-0000-0000-0000-000000000000/")

    assert answer["Content-Type"] == "application/problem+json"


def test_a_problem_has_type_title_status_and_detail(alice_api: APIClient) -> None:
    problem = alice_api.post("/api/v1/sessions/", {}).json()

    assert (problem["type"], problem["title"], problem["status"]) == (
        "urn:hwbpweb:problem:invalid_fields",
        "Unprocessable Entity",
        422,
    )


def test_an_unknown_field_is_named_with_the_known_ones(alice_api: APIClient) -> None:
    answer = alice_api.post("/api/v1/sessions/", {"title": "x", "titel": "y"})

    assert first_error(answer) == {
        "field": "titel",
        "value": "y",
        "detail": "unknown field",
        "allowed": "title, description, patch_text, visibility, team",
    }


def test_an_overlong_value_is_cut_in_the_answer(alice_api: APIClient) -> None:
    error = first_error(alice_api.post("/api/v1/sessions/", {"title": "x" * 5000}))

    assert (len(error["value"]), error["allowed"]) == (
        201,
        "not empty, at most 200 characters",
    )


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        pytest.param("slot=4", "slot", "4", id="fifth-slot"),
        pytest.param("cpu=x", "cpu", "x", id="cpu-no-number"),
        pytest.param("kind=hits", "kind", "hits", id="unknown-kind"),
        pytest.param("addr=0x10..0x1", "addr", "0x10..0x1", id="range-backwards"),
        pytest.param("addr=nowhere", "addr", "nowhere", id="unknown-symbol"),
        pytest.param("limit=0", "limit", "0", id="no-limit"),
        pytest.param("limit=5000", "limit", "5000", id="limit-too-high"),
        pytest.param("after=-1", "after", "-1", id="cursor-negative"),
        pytest.param("q=wrong", "q", "wrong", id="line-without-key"),
        pytest.param("q=cpu:0+color:1", "q", "color:1", id="line-unknown-key"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    alice_api: APIClient, run: Run, query: str, field: str, value: str
) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/events/?{query}")

    error = first_error(answer)
    assert (answer.status_code, error["field"], error["value"]) == (422, field, value)


def test_the_refusal_of_a_filter_says_what_is_allowed(
    alice_api: APIClient, run: Run
) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/hits/?slot=7")

    assert first_error(answer)["allowed"] == "0 to 3"


def test_json_that_is_none_is_a_problem(alice_api: APIClient) -> None:
    answer = alice_api.post("/api/v1/sessions/", "{", content_type="application/json")

    assert (answer.status_code, answer["Content-Type"]) == (
        400,
        "application/problem+json",
    )


def test_a_remark_on_a_line_that_is_not_there_names_the_last(
    alice_api: APIClient, session: DebugSession
) -> None:
    url = f"/api/v1/sessions/{session.pk}/annotations/"

    error = first_error(alice_api.post(url, {"body": "x", "patch_line": 3}))

    assert (error["field"], error["value"], error["allowed"]) == (
        "patch_line",
        3,
        "1 to 2",
    )


def test_a_refused_remark_is_not_kept(
    alice_api: APIClient, session: DebugSession
) -> None:
    alice_api.post(f"/api/v1/sessions/{session.pk}/annotations/", {"body": ""})

    assert not Annotation.objects.exists()


def test_a_recipe_names_the_field_at_fault(alice_api: APIClient) -> None:
    answer = alice_api.post("/api/v1/recipes/", {"format": 2})

    assert (answer.status_code, first_error(answer)["field"]) == (422, "format")


def test_a_refused_recipe_is_not_kept(alice_api: APIClient) -> None:
    alice_api.post("/api/v1/recipes/", {"format": 2})

    assert not StoredRecipe.objects.exists()


def test_an_upload_over_the_limit_is_refused_by_its_length(
    alice_api: APIClient,
) -> None:
    answer = alice_api.post(
        "/api/v1/images/", {"assembly": "nop"}, CONTENT_LENGTH=str(100 << 20)
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")
