"""From what happened to the receiver: outbox, attempts, waits, giving up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from hwbpweb.celery import app
from sessions_app import dispatch
from sessions_app.errors import InvalidWebhook
from sessions_app.models import DebugSession, Webhook, WebhookDelivery
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.notices.queue import notices_requeue
from sessions_app.services.webhooks.delivery import (
    ATTEMPTS,
    MAX_GIVEN_UP,
    MAX_TOLD,
    WAITS,
    delivery_attempt,
)
from sessions_app.services.webhooks.register import (
    delivery_again,
    webhook_change,
    webhook_create,
    webhook_test,
)
from sessions_app.services.webhooks.signing import webhook_secret
from sessions_app.tests.webhooks.receiver import Receiver


def annotate(session: DebugSession, body: str = "Look here.") -> None:
    annotation_create(
        session=session, author=session.owner, name="alice", body=body, anchor=Anchor()
    )


@pytest.fixture
def delivery(hook: Webhook, session: DebugSession) -> WebhookDelivery:
    annotate(session)
    return WebhookDelivery.objects.get()


def tried(delivery: WebhookDelivery) -> WebhookDelivery:
    """The next attempt, at its time."""
    WebhookDelivery.objects.filter(pk=delivery.pk, state="pending").update(
        due_at=timezone.now()
    )
    delivery_attempt(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def given_up(hook: Webhook, there: Receiver) -> None:
    """A delivery at whose end nobody has taken it."""
    made = WebhookDelivery.objects.create(
        webhook=hook,
        event="run.finished",
        body="{}",
        due_at=timezone.now(),
        tries=ATTEMPTS - 1,
    )
    there.statuses[:] = [500]
    delivery_attempt(made.pk)


def test_it_arrives(delivery: WebhookDelivery, there: Receiver) -> None:
    tried(delivery)

    assert (delivery.state, delivery.due_at) == ("delivered", None)
    assert there.got[0].path == "/hook?of=alice"


def test_the_signature_can_be_verified(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    """As the specification says it: HMAC-SHA256 over id.timestamp.body."""
    tried(delivery)
    (got,) = there.got
    key = base64.b64decode(webhook_secret(delivery.webhook_id).removeprefix("whsec_"))
    head = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}."
    digest = hmac.new(key, head.encode() + got.body, hashlib.sha256).digest()

    version, _, given = got.headers["webhook-signature"].partition(",")

    assert version == "v1"
    assert hmac.compare_digest(given, base64.b64encode(digest).decode())


def test_its_time_is_that_of_the_attempt(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    """Receivers refuse what is older than five minutes; a retry may come hours later."""
    tried(delivery)

    assert abs(time.time() - int(there.got[0].headers["webhook-timestamp"])) < 60


def test_it_says_what_it_is(delivery: WebhookDelivery, there: Receiver) -> None:
    tried(delivery)
    (got,) = there.got

    assert got.headers["hwbpweb-event"] == "remark.added"
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body)["type"] == "remark.added"


def test_it_arrives_once_however_often_it_is_queued(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    delivery_attempt(delivery.pk)
    delivery_attempt(delivery.pk)

    assert len(there.got) == 1


def test_after_a_500_it_waits(delivery: WebhookDelivery, there: Receiver) -> None:
    there.statuses[:] = [500]
    before = timezone.now()

    tried(delivery)

    assert delivery.state == "pending"
    assert before + WAITS[0] <= delivery.due_at <= timezone.now() + WAITS[0]


def test_before_its_time_it_is_not_tried_again(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    there.statuses[:] = [500]
    tried(delivery)

    delivery_attempt(delivery.pk)

    assert len(there.got) == 1


def test_the_second_attempt_has_the_same_id_and_body(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    there.statuses[:] = [500]

    tried(tried(delivery))

    first, second = there.got
    assert delivery.state == "delivered"
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_the_waits_grow() -> None:
    assert list(WAITS) == sorted(set(WAITS))


def test_after_the_last_attempt_it_is_given_up(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    there.statuses[:] = [500] * ATTEMPTS

    for _ in range(ATTEMPTS):
        tried(delivery)

    assert (delivery.state, delivery.due_at) == ("failed", None)
    assert [each["status"] for each in delivery.attempts] == [500] * ATTEMPTS


def test_what_was_given_up_is_sent_again(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    """As if nothing had been: with the same id, and all attempts."""
    there.statuses[:] = [500] * ATTEMPTS
    for _ in range(ATTEMPTS):
        tried(delivery)

    delivery_attempt(delivery_again(delivery=delivery).pk)

    delivery.refresh_from_db()
    ids = {each.headers["webhook-id"] for each in there.got}
    assert (delivery.state, len(ids)) == ("delivered", 1)


def test_what_is_pending_is_not(delivery: WebhookDelivery) -> None:
    with pytest.raises(InvalidWebhook):
        delivery_again(delivery=delivery)


def test_what_is_switched_off_sends_nothing_again(
    delivery: WebhookDelivery, hook: Webhook
) -> None:
    tried(delivery)
    webhook_change(webhook=hook, enabled=False)

    with pytest.raises(InvalidWebhook):
        delivery_again(delivery=delivery)


def test_so_many_attempts_are_kept(delivery: WebhookDelivery, there: Receiver) -> None:
    """The last ones."""
    for _ in range(MAX_TOLD + 3):
        delivery_attempt(delivery.pk)
        delivery.refresh_from_db()
        delivery_again(delivery=delivery)

    assert len(delivery.attempts) == MAX_TOLD


def test_a_dead_receiver_is_said_in_words(
    alice: User, session: DebugSession, loopback: None
) -> None:
    webhook_create(owner=alice, url="http://127.0.0.1:1/", events=["remark.added"])
    annotate(session)

    delivery = tried(WebhookDelivery.objects.get())

    assert delivery.last_attempt is not None
    assert delivery.last_attempt["status"] is None
    assert delivery.last_attempt["error"] == "nobody listens there"


def test_an_attempt_whose_worker_died_is_taken_up_again(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    """It was claimed and nothing came of it."""
    own = WebhookDelivery.objects.filter(pk=delivery.pk)
    own.update(tries=1, due_at=timezone.now() - timedelta(seconds=1))

    delivery_attempt(delivery.pk)

    assert len(there.got) == 1


def test_one_that_takes_each_worker_down_is_given_up(
    delivery: WebhookDelivery, there: Receiver
) -> None:
    WebhookDelivery.objects.update(tries=ATTEMPTS)

    tried(delivery)

    assert (delivery.state, there.got) == ("failed", [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [204, 500])
def test_a_webhook_may_be_deleted_during_an_attempt(
    delivery: WebhookDelivery, hook: Webhook, there: Receiver, status: int
) -> None:
    def delete() -> None:
        Webhook.objects.filter(pk=hook.pk).delete()
        connection.close()

    there.statuses[:], there.during = [status], delete

    delivery_attempt(delivery.pk)

    assert len(there.got) == 1
    assert not WebhookDelivery.objects.exists()


def test_an_address_that_never_takes_anything_is_switched_off(
    hook: Webhook, there: Receiver
) -> None:
    for _ in range(MAX_GIVEN_UP):
        given_up(hook, there)

    hook.refresh_from_db()
    assert hook.disabled_at is not None
    assert "given up" in hook.disabled_why


def test_one_that_arrives_begins_the_count_anew(
    hook: Webhook, there: Receiver, session: DebugSession
) -> None:
    for _ in range(MAX_GIVEN_UP - 1):
        given_up(hook, there)
    there.statuses.clear()
    annotate(session)
    tried(WebhookDelivery.objects.get(state="pending"))

    given_up(hook, there)

    hook.refresh_from_db()
    assert (hook.disabled_at, hook.given_up) == (None, 1)


@pytest.fixture
def waiting(hook: Webhook, session: DebugSession) -> list[WebhookDelivery]:
    """Three of them."""
    for _ in range(3):
        annotate(session)
    return list(WebhookDelivery.objects.order_by("created_at"))


def rest_after(waiting: list[WebhookDelivery], there: Receiver, status: int) -> bool:
    """Whether the others wait with one that met this."""
    there.statuses[:] = [status]
    first, *others = waiting
    tried(first)
    dues = set(WebhookDelivery.objects.values_list("due_at", flat=True))
    return dues == {first.due_at}


@pytest.mark.parametrize(
    ("status", "rests"), [(503, True), (429, True), (500, False), (400, False)]
)
def test_not_now_is_said_of_all(
    waiting: list[WebhookDelivery], there: Receiver, status: int, rests: bool
) -> None:
    """Unlike what is wrong with one."""
    assert rest_after(waiting, there, status) == rests


@pytest.fixture
def silent(hook: Webhook, waiting: list[WebhookDelivery]) -> Webhook:
    """Nobody answers there any more."""
    Webhook.objects.update(url="http://127.0.0.1:1/")
    tried(waiting[0])
    hook.refresh_from_db()
    return hook


def test_where_nobody_answers_all_wait(
    silent: Webhook, waiting: list[WebhookDelivery]
) -> None:
    for each in waiting:
        delivery_attempt(each.pk)

    assert sorted(silent.deliveries.values_list("tries", flat=True)) == [0, 0, 1]


def test_what_comes_meanwhile_waits_too(silent: Webhook, session: DebugSession) -> None:
    annotate(session)

    assert silent.deliveries.latest("created_at").due_at == silent.rest_until


def test_a_test_does_not(silent: Webhook) -> None:
    made = webhook_test(webhook=silent)

    assert made.due_at is not None
    assert made.due_at <= timezone.now()


def test_one_that_arrives_ends_the_rest(
    silent: Webhook, waiting: list[WebhookDelivery], there: Receiver
) -> None:
    Webhook.objects.update(url=there.url)

    tried(waiting[1])

    silent.refresh_from_db()
    assert silent.rest_until is None


def test_410_switches_it_off_at_once(
    delivery: WebhookDelivery, there: Receiver, hook: Webhook
) -> None:
    there.statuses[:] = [410]

    tried(delivery)

    hook.refresh_from_db()
    assert (delivery.state, hook.disabled_at is None) == ("failed", False)


def test_what_is_switched_off_sends_nothing_that_waited(
    delivery: WebhookDelivery, there: Receiver, hook: Webhook
) -> None:
    webhook_change(webhook=hook, enabled=False)

    tried(delivery)

    assert (delivery.state, there.got) == ("failed", [])


def test_what_is_switched_off_hears_of_nothing_new(
    hook: Webhook, session: DebugSession
) -> None:
    webhook_change(webhook=hook, enabled=False)

    annotate(session)

    assert not WebhookDelivery.objects.exists()


def test_somebody_who_is_not_active_any_more_hears_nothing(
    delivery: WebhookDelivery, there: Receiver, alice: User
) -> None:
    alice.is_active = False
    alice.save()

    tried(delivery)

    assert there.got == []


def test_other_people_hear_nothing(
    hook: Webhook, charlie: User, there: Receiver
) -> None:
    """Of what charlie owns."""
    annotate(DebugSession.objects.create(owner=charlie, title="His own"))

    assert not WebhookDelivery.objects.exists()


def test_what_was_rolled_back_is_not_told(hook: Webhook, session: DebugSession) -> None:
    with transaction.atomic():
        annotate(session)
        transaction.set_rollback(True)

    assert not WebhookDelivery.objects.exists()


def test_a_test_is_tried_once(hook: Webhook, there: Receiver) -> None:
    there.statuses[:] = [500]

    delivery = tried(webhook_test(webhook=hook))

    hook.refresh_from_db()
    assert (delivery.event, delivery.state, hook.given_up) == (
        "webhook.test",
        "failed",
        0,
    )


def test_it_is_queued_when_the_transaction_is_through(
    redis_server: str,
    hook: Webhook,
    session: DebugSession,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        annotate(session)

    assert dispatch.waiting_notices() == 1


def test_what_is_due_again_goes_back_into_the_queue(
    redis_server: str, delivery: WebhookDelivery
) -> None:
    assert (notices_requeue(), dispatch.waiting_notices()) == (1, 1)


def test_what_waits_in_the_queue_is_not_put_there_twice(
    redis_server: str, delivery: WebhookDelivery
) -> None:
    notices_requeue()

    assert (notices_requeue(), dispatch.waiting_notices()) == (0, 1)


@pytest.fixture
def no_broker() -> Iterator[None]:
    """Nobody listens where the queue should be."""
    before = app.conf.broker_url
    app.conf.update(broker_url="redis://127.0.0.1:1/0")
    app._after_fork()  # connections are made anew
    yield
    app.conf.update(broker_url=before)
    app._after_fork()


def test_the_queue_may_be_away(
    hook: Webhook,
    session: DebugSession,
    no_broker: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The remark is kept and the delivery is due all the same."""
    with django_capture_on_commit_callbacks(execute=True):
        annotate(session)

    assert session.annotations.count() == 1
    assert WebhookDelivery.objects.get().due_at is not None
