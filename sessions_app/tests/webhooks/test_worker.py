"""A run through the real queues: the receiver hears of its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from sessions_app import runner
from sessions_app.models import Notification, Run, Webhook, WebhookDelivery
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.launch import launch_scenario
from sessions_app.services.webhooks.register import webhook_create
from sessions_app.tests.factories import create_session, create_user
from sessions_app.tests.webhooks.receiver import Receiver

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


def eventually(condition: Callable[[], object], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def started(alice: User, slug: str) -> Run:
    scenario = runner.scenario(slug)
    assert scenario is not None
    return launch_scenario(owner=alice, scenario=scenario).runs.get()


def test_the_end_of_a_run_is_delivered(alice: User, there: Receiver) -> None:
    webhook_create(owner=alice, url=there.url, events=Webhook.Event.values)

    run = started(alice, "watched-counter")

    assert eventually(lambda: there.got)
    told: dict[str, Any] = json.loads(there.got[0].body)
    run.refresh_from_db()
    assert (told["type"], told["data"]["run"]["id"]) == ("run.finished", str(run.pk))
    assert told["data"]["run"]["digest"] == run.digest
    assert eventually(
        lambda: WebhookDelivery.objects.filter(state="delivered").exists()
    )


def test_a_mail_is_sent_by_the_worker(alice: User) -> None:
    alice.email = "alice@example.org"
    alice.save()
    annotation_create(
        session=create_session(alice),
        author=None,
        name="Bob (by link)",
        body="Look, @alice.",
        anchor=Anchor(),
    )

    assert eventually(lambda: Notification.objects.filter(mailed_at__isnull=False))
    assert [each.to for each in mail.outbox] == [["alice@example.org"]]
