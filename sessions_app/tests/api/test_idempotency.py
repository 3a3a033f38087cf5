"""A POST that is sent again under its key is done once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, KeptAnswer, Review
from sessions_app.services.retention import present_policy, prune
from sessions_app.tests.reviews.story import THREAD

URL = "/api/v1/sessions/"
KEY = "6f1c-the-first"


def post(api: APIClient, title: str = "One", key: str = KEY) -> Any:
    return api.post(URL, {"title": title}, HTTP_IDEMPOTENCY_KEY=key)


def aged(by: timedelta) -> None:
    KeptAnswer.objects.update(claimed_at=F("claimed_at") - by)


def under_way(api: APIClient) -> None:
    """As it is while the first request is served."""
    post(api)
    DebugSession.objects.all().delete()
    KeptAnswer.objects.update(status=None, body=b"", content_type="")


def test_the_first_answer_is_given_again(alice_api: APIClient) -> None:
    first, again = post(alice_api), post(alice_api)

    assert (again.status_code, again["Content-Type"], again.content) == (
        201,
        first["Content-Type"],
        first.content,
    )


def test_an_answer_given_again_says_so(alice_api: APIClient) -> None:
    first, again = post(alice_api), post(alice_api)

    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (
        False,
        "true",
    )


def test_it_is_made_once(alice_api: APIClient) -> None:
    post(alice_api)
    post(alice_api)

    assert DebugSession.objects.count() == 1


def test_without_a_key_it_is_made_each_time(alice_api: APIClient) -> None:
    alice_api.post(URL, {"title": "One"})
    alice_api.post(URL, {"title": "One"})

    assert DebugSession.objects.count() == 2


def test_another_key_is_another_request(alice_api: APIClient) -> None:
    post(alice_api)
    post(alice_api, key="another")

    assert DebugSession.objects.count() == 2


def test_another_body_under_the_key_is_refused(alice_api: APIClient) -> None:
    post(alice_api)

    answer = post(alice_api, "Two")

    assert (answer.status_code, answer.json()["code"]) == (
        422,
        "idempotency_key_reused",
    )


def test_another_address_under_the_key_is_refused(
    alice_api: APIClient, session: DebugSession
) -> None:
    url = f"{URL}{session.pk}/duplicate/"
    post(alice_api)

    assert alice_api.post(url, HTTP_IDEMPOTENCY_KEY=KEY).status_code == 422


def test_the_order_of_fields_is_no_other_body(alice_api: APIClient) -> None:
    one = '{"title": "One", "description": "x"}'
    two = '{"description": "x", "title": "One"}'
    sent = [
        alice_api.post(
            URL, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=KEY
        )
        for body in (one, two)
    ]

    assert [answer.status_code for answer in sent] == [201, 201]


def test_keys_are_a_persons_own(alice_api: APIClient, charlie_api: APIClient) -> None:
    post(alice_api)

    assert post(charlie_api).json()["owner"] == "charlie"


def test_a_request_under_way_is_a_conflict(alice_api: APIClient) -> None:
    under_way(alice_api)

    answer = post(alice_api)

    assert (
        answer.status_code,
        answer.json()["code"],
        DebugSession.objects.count(),
    ) == (
        409,
        "idempotency_key_in_use",
        0,
    )


def test_a_request_whose_server_died_can_be_sent_again(alice_api: APIClient) -> None:
    under_way(alice_api)
    aged(timedelta(minutes=11))

    assert post(alice_api).status_code == 201


def test_what_was_refused_can_be_mended(alice_api: APIClient) -> None:
    refused = post(alice_api, "")

    assert (refused.status_code, post(alice_api, "One").status_code) == (422, 201)


def test_what_nobody_expected_leaves_no_claim(
    alice_api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("sessions_app.api.sessions.session_create", broken)
    alice_api.raise_request_exception = False

    assert (post(alice_api).status_code, KeptAnswer.objects.count()) == (500, 0)


def test_after_a_day_it_is_a_new_request(alice_api: APIClient) -> None:
    post(alice_api)
    aged(timedelta(hours=25))

    assert post(alice_api, "Two").status_code == 201


def test_the_reaper_removes_what_is_a_day_old(alice_api: APIClient) -> None:
    post(alice_api)
    aged(timedelta(hours=25))

    list(prune(present_policy(), timezone.now()))

    assert not KeptAnswer.objects.exists()


def test_the_reaper_leaves_what_is_not(alice_api: APIClient) -> None:
    post(alice_api)

    list(prune(present_policy(), timezone.now()))

    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "é"])
def test_a_key_that_is_none_is_refused(alice_api: APIClient, key: str) -> None:
    answer = post(alice_api, key=key)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (
        422,
        "Idempotency-Key",
    )


def mail(data: bytes) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("thread.mbox", data)}


def test_a_file_is_compared_by_its_bytes(alice_api: APIClient) -> None:
    """Each time the form has another boundary."""
    url = "/api/v1/reviews/"
    sent = [
        alice_api.post(url, mail(data), format="multipart", HTTP_IDEMPOTENCY_KEY=KEY)
        for data in (THREAD, THREAD, THREAD + b"\n")
    ]

    assert [answer.status_code for answer in sent] == [201, 201, 422]
    assert Review.objects.count() == 1


def test_a_secret_is_never_kept(alice_api: APIClient, alice: User) -> None:
    alice_api.post("/api/v1/tokens/", {"name": "x"}, HTTP_IDEMPOTENCY_KEY=KEY)

    assert not KeptAnswer.objects.exists()
