"""A person's webhooks: making, changing, trying, ending."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sessions_app import dispatch
from sessions_app.errors import InvalidWebhook
from sessions_app.models import Webhook, WebhookDelivery
from sessions_app.services.webhooks.address import check_url
from sessions_app.services.webhooks.outbox import put
from sessions_app.services.webhooks.signing import webhook_secret
from sessions_app.services.webhooks.words import message

#: Of one person.
MAX_WEBHOOKS = 20
#: Tests of one webhook that may wait at a time.
_MAX_TESTS = 5


@transaction.atomic
def webhook_create(
    *, owner: User, url: str, events: Sequence[str]
) -> tuple[Webhook, str]:
    """An address and the secret with which it verifies. Raises InvalidWebhook."""
    check_url(url)
    wanted = _events(events)
    if Webhook.objects.filter(owner=owner).count() >= MAX_WEBHOOKS:
        raise InvalidWebhook(
            "there are as many webhooks as one person may have",
            field="url",
            value=url[:200],
            allowed=f"at most {MAX_WEBHOOKS}",
        )
    made = Webhook.objects.create(owner=owner, url=url, events=wanted)
    return made, webhook_secret(made.pk)


def _events(names: Sequence[str]) -> list[str]:
    known: list[str] = Webhook.Event.values
    if not names or set(names) - set(known):
        raise InvalidWebhook(
            "a webhook hears of something",
            field="events",
            value=", ".join(names)[:200],
            allowed=", ".join(known),
        )
    return [name for name in known if name in names]


def webhook_change(
    *,
    webhook: Webhook,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Of what it hears, and whether at all; what is None stays. Raises InvalidWebhook."""
    if events is not None:
        webhook.events = _events(events)
    if enabled is not None and enabled != (webhook.disabled_at is None):
        webhook.disabled_at = None if enabled else timezone.now()
        webhook.disabled_why = "" if enabled else "by its owner"
        webhook.given_up, webhook.rest_until = 0, None
    webhook.save()
    return webhook


def delivery_again(*, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send one that is over once more, with the same id and body. Raises
    InvalidWebhook."""
    over = WebhookDelivery.objects.filter(pk=delivery.pk, webhook__disabled_at=None)
    now = timezone.now()
    taken = over.exclude(state=WebhookDelivery.State.PENDING).update(
        state=WebhookDelivery.State.PENDING, tries=0, due_at=now, finished_at=None
    )
    if not taken:
        raise InvalidWebhook(
            "it is not sent again",
            field="delivery",
            value=str(delivery.pk),
            allowed="one that is over, of a webhook that is switched on",
        )
    dispatch.enqueue_delivery(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def webhook_test(*, webhook: Webhook) -> WebhookDelivery:
    """A delivery that says nothing but that the address works. Raises InvalidWebhook."""
    waiting = webhook.deliveries.filter(
        event=WebhookDelivery.TEST, state=WebhookDelivery.State.PENDING
    ).count()
    if webhook.disabled_at is not None or waiting >= _MAX_TESTS:
        raise InvalidWebhook(
            "no test was sent",
            field="webhook",
            value=str(webhook.pk),
            allowed=f"one that is switched on, with less than {_MAX_TESTS} tests waiting",
        )
    data = {"webhook": str(webhook.pk), "events": webhook.events}
    body = message(WebhookDelivery.TEST, data, timezone.now())
    return put(webhook, WebhookDelivery.TEST, body)
