"""/api/v1/reviews/."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from sessions_app.models import Review, ReviewRemark, Run
from sessions_app.services.reviews import review_set
from sessions_app.tests.reviews.story import THREAD, TITLE

REVIEWS = "/api/v1/reviews/"


def url(review: Review, tail: str = "") -> str:
    return f"{REVIEWS}{review.pk}/{tail}"


def test_a_file_is_read(alice_api: APIClient) -> None:
    upload = SimpleUploadedFile("thread.mbox", THREAD)

    answer = alice_api.post(REVIEWS, {"file": upload}, format="multipart")

    (told,) = answer.json()
    assert (answer.status_code, told["new"], told["review"]["title"]) == (201, 7, TITLE)


def test_pasted_mail_is_read(alice_api: APIClient) -> None:
    answer = alice_api.post(REVIEWS, {"text": THREAD.decode()}, format="json")

    assert answer.json()[0]["new"] == 7


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"text": " "}, "mail"), ({}, "text"), ({"text": "x", "a": 1}, "a")],
)
def test_what_is_wrong_is_named(alice_api: APIClient, sent: dict, field: str) -> None:
    answer = alice_api.post(REVIEWS, sent, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_review_tells_its_versions(alice_api: APIClient, review: Review) -> None:
    told = alice_api.get(url(review)).json()

    assert [v["version"] for v in told["versions"]] == [1, 2, 3]
    assert told["versions"][0]["patches"][0]["message_id"] == "v1@example.org"


def test_messages_come_in_reading_order(alice_api: APIClient, review: Review) -> None:
    told = alice_api.get(url(review, "messages/")).json()

    assert [m["message_id"] for m in told][:2] == [
        "v1@example.org",
        "bob-1@example.org",
    ]


def test_versions_are_paired(alice_api: APIClient, review: Review) -> None:
    (pair,) = alice_api.get(url(review, "versions/1/3/")).json()

    assert (pair["left"], pair["mark"], pair["right"]) == (1, "!", 1)


def test_state_and_visibility_change(alice_api: APIClient, review: Review) -> None:
    sent = {"state": "accepted", "visibility": "public"}

    told = alice_api.patch(url(review), sent, format="json").json()

    assert (told["state"], told["visibility"]) == ("accepted", "public")


def remark(client: APIClient, review: Review, **fields: object):
    sent = {"message_id": "v1@example.org", "at": 3, "body": "Hm."} | fields
    return client.post(url(review, "remarks/"), sent, format="json")


def test_a_remark_with_its_moment(
    alice_api: APIClient, review: Review, run: Run
) -> None:
    proof = f"/sessions/{run.session_id}/?run=1&hit=7"

    made = remark(alice_api, review, proof=proof, claim="supported").json()

    assert (made["run"], made["hit_no"], made["claim"], made["draft"]) == (
        str(run.pk),
        7,
        "supported",
        True,
    )


def test_a_claim_is_a_check(alice_api: APIClient, review: Review, run: Run) -> None:
    proof = f"/sessions/{run.session_id}/?run=1&hit=7"
    made = remark(alice_api, review, proof=proof).json()
    alice_api.patch(
        url(review, f"remarks/{made['id']}/"), {"claim": "supported"}, format="json"
    )

    (check,) = alice_api.get(url(review, "checks/")).json()

    assert (check["state"], check["context"]) == ("warning", f"hwbpweb/{made['id']}")


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"at": 9999}, 422, "at"),
        ({"body": "  "}, 422, "body"),
        ({"proof": "nowhere"}, 422, "proof"),
        ({"message_id": "unknown@x"}, 404, None),
    ],
)
def test_a_remark_that_makes_no_sense_is_refused(
    alice_api: APIClient,
    review: Review,
    fields: dict,
    status: int,
    field: str | None,
) -> None:
    answer = remark(alice_api, review, **fields)

    named = [error["field"] for error in answer.json().get("errors", [])] or [None]
    assert (answer.status_code, named, ReviewRemark.objects.count()) == (
        status,
        [field],
        0,
    )


def test_drafts_are_their_authors(
    alice_api: APIClient, charlie_api: APIClient, review: Review
) -> None:
    review_set(review=review, visibility="public")
    remark(charlie_api, review)

    before = alice_api.get(url(review, "remarks/")).json()
    charlie_api.post(url(review, "publish/"))

    assert (len(before), len(alice_api.get(url(review, "remarks/")).json())) == (0, 1)


@pytest.mark.parametrize(
    "tail", ["", "messages/", "versions/1/2/", "remarks/", "checks/"]
)
def test_a_private_review_is_not_there_for_others(
    charlie_api: APIClient, review: Review, tail: str
) -> None:
    assert charlie_api.get(url(review, tail)).status_code == 404
    assert APIClient().get(url(review, tail)).status_code == 404


def test_a_reader_changes_nothing(charlie_api: APIClient, review: Review) -> None:
    review_set(review=review, visibility="public")

    assert charlie_api.delete(url(review)).status_code == 403
    assert charlie_api.patch(url(review), {}, format="json").status_code == 403


def test_somebody_elses_remark_is_not_changed(
    alice_api: APIClient, charlie_api: APIClient, review: Review
) -> None:
    review_set(review=review, visibility="public")
    made = remark(alice_api, review).json()
    path = url(review, f"remarks/{made['id']}/")

    assert charlie_api.patch(path, {"body": "x"}, format="json").status_code == 404
    assert charlie_api.delete(path).status_code == 404


def test_the_list_is_ones_own(
    alice_api: APIClient, charlie_api: APIClient, review: Review
) -> None:
    assert len(alice_api.get(REVIEWS).json()["results"]) == 1
    assert charlie_api.get(REVIEWS).json()["results"] == []
