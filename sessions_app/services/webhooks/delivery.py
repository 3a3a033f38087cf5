"""The worker's side: attempts, growing waits, giving up where people see it."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sessions_app.models import Webhook, WebhookDelivery
from sessions_app.services.webhooks.address import read_url
from sessions_app.services.webhooks.post import NotDelivered, post
from sessions_app.services.webhooks.signing import signature, webhook_secret

logger = logging.getLogger(__name__)

#: Before the second attempt, the third …; after the last of them it is given up.
WAITS = tuple(timedelta(seconds=s) for s in (10, 60, 600, 3600))
ATTEMPTS = len(WAITS) + 1
#: Attempts that are kept of one delivery, the last ones.
MAX_TOLD = 20
#: Deliveries given up in a row after which an address hears no more.
MAX_GIVEN_UP = 10
#: An attempt whose worker died is taken up again after this.
_LEASE = timedelta(minutes=1)
#: "Never send this again", the receiver's own word for it.
_GONE = 410
#: "Not now", likewise.
_NOT_NOW = (429, 503)

State = WebhookDelivery.State


def delivery_attempt(delivery_id: UUID | str) -> None:
    """Try once, if it is due and nobody else does. Twice in the queue it is sent once."""
    now = timezone.now()
    own = WebhookDelivery.objects.filter(
        pk=delivery_id, state=State.PENDING, due_at__lte=now
    )
    if not own.update(due_at=now + _LEASE, tries=F("tries") + 1):
        return
    delivery = WebhookDelivery.objects.select_related("webhook__owner").get(
        pk=delivery_id
    )
    hook = delivery.webhook
    if hook.disabled_at is not None or not hook.owner.is_active:
        _close(delivery, State.FAILED, None, "the webhook is switched off")
        return
    if delivery.tries > ATTEMPTS:
        _close(delivery, State.FAILED, None, "each attempt took its worker down")
        return
    try:
        status = _send(delivery)
    except NotDelivered as error:
        _failed(delivery, error)
    else:
        _close(delivery, State.DELIVERED, status, "")
        Webhook.objects.filter(pk=hook.pk).update(given_up=0, rest_until=None)


def _send(delivery: WebhookDelivery) -> int:
    hook, body = delivery.webhook, delivery.body.encode()
    now = int(time.time())
    secret = webhook_secret(hook.pk)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "hwbpweb",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, delivery.message_id, now, body),
        "hwbpweb-event": delivery.event,
    }
    return post(read_url(hook.url), body, headers)


@transaction.atomic
def _failed(delivery: WebhookDelivery, error: NotDelivered) -> None:
    last = delivery.tries >= ATTEMPTS or delivery.event == WebhookDelivery.TEST
    if error.status == _GONE or last:
        _close(delivery, State.FAILED, error.status, error.why)
        _count(delivery, error)
        return
    _note(delivery, error.status, error.why)
    due = timezone.now() + WAITS[delivery.tries - 1]
    _keep(delivery, due_at=due)
    if error.status is None or error.status in _NOT_NOW:
        _rest(delivery.webhook, due)


def _rest(hook: Webhook, until: datetime) -> None:
    """What else waits for an address where nobody answers waits with this one: a receiver
    that keeps each connection open would hold up everybody's deliveries."""
    Webhook.objects.filter(pk=hook.pk).update(rest_until=until)
    waiting = hook.deliveries.filter(state=State.PENDING, due_at__lt=until)
    waiting.exclude(event=WebhookDelivery.TEST).update(due_at=until)


def _count(delivery: WebhookDelivery, error: NotDelivered) -> None:
    """A test is somebody who looks: it counts for nothing."""
    own = Webhook.objects.filter(pk=delivery.webhook_id, disabled_at=None)
    why = ""
    if delivery.event != WebhookDelivery.TEST:
        own.update(given_up=F("given_up") + 1)
        if own.filter(given_up__gte=MAX_GIVEN_UP).exists():
            why = f"{MAX_GIVEN_UP} deliveries in a row were given up"
    if error.status == _GONE:
        why = "the receiver answered 410 Gone"
    if why and own.update(disabled_at=timezone.now(), disabled_why=why):
        logger.warning("webhook %s is switched off: %s", delivery.webhook_id, why)


def _close(
    delivery: WebhookDelivery, state: str, status: int | None, error: str
) -> None:
    _note(delivery, status, error)
    _keep(delivery, state=state, due_at=None, finished_at=timezone.now())


def _keep(delivery: WebhookDelivery, **fields: Any) -> None:
    """If it is there: its webhook may have been deleted during the attempt."""
    own = WebhookDelivery.objects.filter(pk=delivery.pk)
    own.update(attempts=delivery.attempts, **fields)


def _note(delivery: WebhookDelivery, status: int | None, error: str) -> None:
    at = timezone.now().isoformat().replace("+00:00", "Z")
    told = {"at": at, "status": status, "error": error}
    delivery.attempts = [*delivery.attempts, told][-MAX_TOLD:]


def due_deliveries(limit: int) -> list[UUID]:
    """Those that can be tried now, the oldest first."""
    found = WebhookDelivery.objects.filter(
        state=State.PENDING, due_at__lte=timezone.now()
    )
    return list(found.order_by("due_at").values_list("pk", flat=True)[:limit])
