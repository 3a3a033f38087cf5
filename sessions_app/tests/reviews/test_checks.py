"""Checks of a series, in Patchwork's words: state, context, target_url, description."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Review, SeriesCheck
from sessions_app.services.checks import MAX_CHECKS, combined_state
from sessions_app.services.reviews import review_import, review_set
from sessions_app.tests.mail.letters import mbox
from sessions_app.tests.reviews.story import mail

PAGE = "https://ci.example.org/42"


def rest(review: Review) -> str:
    return f"/api/v1/reviews/{review.pk}/checks/"


def add(client: APIClient, review: Review, **fields: Any) -> Any:
    return client.post(rest(review), {"version": 1, "state": "success"} | fields)


def told(client: APIClient, review: Review) -> list[Any]:
    return client.get(rest(review)).json()


def test_a_check_is_kept(review: Review, alice_api: APIClient) -> None:
    answer = add(
        alice_api,
        review,
        patch=1,
        context="kselftest",
        state="fail",
        target_url=PAGE,
        description="breakpoint_test: 3 of 110 failed",
    )

    assert answer.status_code == 201
    (check,) = told(alice_api, review)
    assert {k: check[k] for k in check if k not in ("id", "date")} == {
        "version": 1,
        "patch": 1,
        "context": "kselftest",
        "state": "fail",
        "target_url": PAGE,
        "description": "breakpoint_test: 3 of 110 failed",
        "user": "alice",
    }


def test_the_last_of_a_context_counts(review: Review, alice_api: APIClient) -> None:
    add(alice_api, review, context="build", state="pending")
    add(alice_api, review, context="build", state="success")

    assert [each["state"] for each in told(alice_api, review)] == ["success"]
    assert SeriesCheck.objects.count() == 2


def test_contexts_patches_and_versions_stand_for_themselves(
    review: Review, alice_api: APIClient
) -> None:
    add(alice_api, review, context="build")
    add(alice_api, review, context="boot")
    add(alice_api, review, context="build", patch=1)
    add(alice_api, review, context="build", version=2)

    found = told(alice_api, review)

    assert [(c["version"], c["patch"], c["context"]) for c in found] == [
        (1, None, "boot"),
        (1, None, "build"),
        (1, 1, "build"),
        (2, None, "build"),
    ]


@pytest.mark.parametrize(
    ("wrong", "allowed"),
    [
        ({"version": 9}, "1, 2, 3"),
        ({"patch": 7}, "1"),
        ({"state": "error"}, "pending, success, warning, fail"),
        ({"target_url": "javascript:alert(1)"}, None),
        ({"target_url": "//ci.example.org"}, None),
        ({"context": "with space"}, None),
        ({"context": "a" * 256}, None),
        ({"description": "a" * 1001}, None),
        ({"user": "eve"}, None),
    ],
)
def test_what_is_wrong_is_named(
    review: Review, alice_api: APIClient, wrong: dict[str, Any], allowed: str | None
) -> None:
    answer = add(alice_api, review, **wrong)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, next(iter(wrong)))
    assert allowed is None or error["allowed"] == allowed


def test_there_are_so_many_and_no_more(
    review: Review, alice: User, alice_api: APIClient
) -> None:
    SeriesCheck.objects.bulk_create(
        SeriesCheck(review=review, version=1, context="x", user_name="alice")
        for _ in range(MAX_CHECKS)
    )

    assert add(alice_api, review).status_code == 422


def test_only_the_owner_adds_some(review: Review, charlie_api: APIClient) -> None:
    review_set(review=review, visibility="public")

    assert add(charlie_api, review).status_code == 403


def test_whoever_reads_the_review_reads_them(
    review: Review, alice_api: APIClient, client: Client
) -> None:
    add(alice_api, review)
    review_set(review=review, visibility="unlisted")

    assert len(client.get(rest(review)).json()) == 1


def test_they_stay_when_mail_joins(
    review: Review, alice: User, alice_api: APIClient
) -> None:
    """The rows of versions are made anew then."""
    add(alice_api, review, patch=1)
    late = mail(
        "late",
        "Dave <dave@example.org>",
        "Re: x",
        "Late.",
        900,
        "v1",
    )

    (brought,) = review_import(owner=alice, data=mbox(late))

    assert (brought.review, brought.new) == (review, 1)
    assert len(told(alice_api, review)) == 1


def test_the_page_shows_them(
    review: Review, alice_api: APIClient, alice_client: Client
) -> None:
    add(alice_api, review, context="boot", state="warning", target_url=PAGE)

    html = alice_client.get(f"/reviews/{review.pk}/?v=1").content.decode()

    assert f'href="{PAGE}"' in html
    assert "Checks of v1" in html


def test_the_page_of_another_version_does_not(
    review: Review, alice_api: APIClient, alice_client: Client
) -> None:
    add(alice_api, review)

    html = alice_client.get(f"/reviews/{review.pk}/?v=2").content.decode()

    assert "Checks of" not in html


def test_what_a_test_system_says_is_no_html(
    review: Review, alice_api: APIClient, alice_client: Client
) -> None:
    add(alice_api, review, description="<script>1</script>")

    html = alice_client.get(f"/reviews/{review.pk}/?v=1").content.decode()

    assert "&lt;script&gt;1&lt;/script&gt;" in html


@pytest.mark.parametrize(
    ("states", "all_of_it"),
    [
        ([], ""),
        (["success"], "success"),
        (["success", "pending"], "pending"),
        (["pending", "warning", "success"], "warning"),
        (["warning", "fail", "pending"], "fail"),
    ],
)
def test_the_worst_stands_for_all(states: list[str], all_of_it: str) -> None:
    assert combined_state([SeriesCheck(state=s) for s in states]) == all_of_it
