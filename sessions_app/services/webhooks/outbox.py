"""What happened becomes deliveries, in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from sessions_app import dispatch
from sessions_app.models import (
    Annotation,
    ReviewRemark,
    Run,
    Webhook,
    WebhookDelivery,
)
from sessions_app.services.webhooks.words import (
    annotation_data,
    message,
    remark_data,
    run_data,
)

Event = Webhook.Event


def run_over(run_id: UUID) -> None:
    """A run ended, however it did; and perhaps something did not hold in it."""
    run = Run.everything.select_related("session").filter(pk=run_id).first()
    if run is None:
        return
    owner = run.session.owner_id
    tell(owner, Event.RUN_FINISHED, lambda: run_data(run))
    if run.violations:
        tell(owner, Event.INVARIANT_VIOLATED, lambda: run_data(run))


def annotation_added(annotation: Annotation) -> None:
    """Somebody remarked in a session."""
    owner = annotation.session.owner_id
    tell(owner, Event.REMARK_ADDED, lambda: annotation_data(annotation))


def remark_added(remark: ReviewRemark) -> None:
    """Somebody's remark in a review is seen from now on."""
    owner = remark.review.owner_id
    tell(owner, Event.REMARK_ADDED, lambda: remark_data(remark))


def tell(owner_id: int, event: str, data: Callable[[], dict[str, Any]]) -> None:
    """One delivery for each address of the owner that wants the event; data is asked for
    when there is one."""
    own = Webhook.objects.filter(
        owner_id=owner_id, disabled_at=None, owner__is_active=True
    )
    wanted = [hook for hook in own if event in hook.events]
    if wanted:
        body = message(event, data(), timezone.now())
        for hook in wanted:
            put(hook, event, body)


def put(webhook: Webhook, event: str, body: str) -> WebhookDelivery:
    """One delivery, due now, or when the address has rested. A test asks whether somebody
    answers again."""
    now = timezone.now()
    rests = event != WebhookDelivery.TEST and webhook.rest_until
    due = max(now, rests) if rests else now
    made = WebhookDelivery.objects.create(
        webhook=webhook, event=event, body=body, due_at=due
    )
    if due == now:
        dispatch.enqueue_delivery(made.pk)
    return made
