"""Which things that happen are told, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Review, Run, Webhook, WebhookDelivery
from sessions_app.parts import Part
from sessions_app.runner import RunEnd
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.reviews import (
    Place,
    remark_create,
    remarks_publish,
    review_import,
)
from sessions_app.services.run_commands import run_cancel
from sessions_app.services.runs import run_claim, run_fail, run_finish
from sessions_app.services.webhooks.register import webhook_create
from sessions_app.tests.factories import create_run
from sessions_app.tests.reviews.story import THREAD

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture(autouse=True)
def wanted(alice: User) -> Webhook:
    made, _ = webhook_create(
        owner=alice, url="https://example.org/", events=Webhook.Event.values
    )
    return made


@pytest.fixture
def queued(session: DebugSession) -> Run:
    return create_run(session, state="queued", outcome="", epoch=0)


def end(**fields: Any) -> RunEnd:
    return RunEnd("completed", "", **fields)


def told() -> list[str]:
    found = WebhookDelivery.objects.order_by("created_at")
    return list(found.values_list("event", flat=True))


def data() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(WebhookDelivery.objects.latest("created_at").body)
    return body["data"]


def finish(run: Run, **fields: Any) -> None:
    lease = run_claim(run.pk, "a worker")
    assert lease is not None
    run_finish(lease, end(**fields))


def test_a_run_that_ended(queued: Run) -> None:
    finish(queued)

    assert told() == ["run.finished"]


def test_a_run_in_which_something_did_not_hold(queued: Run) -> None:
    finish(queued, violations=[("dr7_matches_shadow", 42)])

    assert sorted(told()) == ["run.finished", "run.invariant_violated"]
    assert data()["run"]["violations"] == [{"name": "dr7_matches_shadow", "seq": 42}]


def test_a_run_that_was_cancelled_before_it_began(queued: Run) -> None:
    run_cancel(run=queued)

    assert told() == ["run.finished"]
    assert data()["run"]["state"] == "cancelled"


def test_a_run_that_nobody_could_end(queued: Run) -> None:
    run_fail(queued.pk, "the worker vanished")

    assert told() == ["run.finished"]
    assert data()["run"]["state"] == "failed"


def test_an_address_hears_of_what_it_asked_for_only(
    wanted: Webhook, queued: Run
) -> None:
    wanted.events = ["remark.added"]
    wanted.save()

    finish(queued)

    assert told() == []


def same_words(said: dict[str, Any], rest: dict[str, Any]) -> None:
    assert {k: rest.get(k) for k in said} == said


def test_a_run_is_said_in_the_words_of_rest(queued: Run, alice_api: APIClient) -> None:
    finish(queued)

    same_words(data()["run"], alice_api.get(f"/api/v1/runs/{queued.pk}/").json())


def test_an_annotation_is_said_in_the_words_of_rest(
    session: DebugSession, run: Run, alice: User, alice_api: APIClient
) -> None:
    annotation_create(
        session=session,
        author=alice,
        name="alice",
        body="DR7 is <b>0x402</b>.",
        anchor=Anchor(run, 7, Part(register="dr7", bit=1)),
    )

    (rest,) = alice_api.get(f"/api/v1/sessions/{session.pk}/annotations/").json()[
        "results"
    ]
    same_words(data()["remark"], rest)


@pytest.fixture
def review(alice: User) -> Review:
    (found,) = review_import(owner=alice, data=THREAD)
    return found.review


def test_a_draft_is_told_when_it_is_published(review: Review, alice: User) -> None:
    message = review.messages.get(message_id="v1@example.org")
    remark_create(author=alice, place=Place(message, 2, 3), body="Why?")
    before = told()

    remarks_publish(review=review, author=alice)

    assert (before, told()) == ([], ["remark.added"])


def test_a_remark_is_said_in_the_words_of_rest(
    review: Review, alice: User, alice_api: APIClient
) -> None:
    message = review.messages.get(message_id="v1@example.org")
    remark_create(author=alice, place=Place(message, 2, 3), body="Why?")
    remarks_publish(review=review, author=alice)

    (rest,) = alice_api.get(f"/api/v1/reviews/{review.pk}/remarks/").json()
    same_words(data()["remark"], rest)


def test_a_link_leads_to_the_very_place(
    session: DebugSession, run: Run, alice: User, alice_api: APIClient
) -> None:
    made = annotation_create(
        session=session,
        author=alice,
        name="alice",
        body="Here.",
        anchor=Anchor(run, 7),
    )

    url = data()["url"]

    # The second hit of the factory's run is event 7.
    assert url.endswith(
        f"/sessions/{session.pk}/?run={run.number}&hit=2&tab=notes&pane=code#note-{made.pk}"
    )
