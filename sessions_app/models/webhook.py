"""Webhook: an address that hears of what happens to a person's things; its deliveries."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class Webhook(models.Model):
    """Where to, and of what. The key that signs is made of the id and SECRET_KEY
    (services.webhooks.signing), so that a copy of the database signs nothing."""

    class Event(models.TextChoices):
        RUN_FINISHED = "run.finished"
        INVARIANT_VIOLATED = "run.invariant_violated"
        REMARK_ADDED = "remark.added"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.CharField(max_length=500)
    events: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    """Names of Event."""
    given_up = models.PositiveIntegerField(default=0)
    """Deliveries in a row that were given up; one that arrives sets it to 0."""
    rest_until = models.DateTimeField(null=True, blank=True)
    """Nothing is sent before, because nobody answered."""
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """What is to be sent to one address, exactly; written in the transaction of what
    happened."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    #: Of a delivery that only says that the address works.
    TEST = "webhook.test"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.CharField(max_length=40)
    body = models.TextField()
    """JSON, the same bytes at each attempt."""
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PENDING
    )
    attempts: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    """Each with at, status (null: there was no answer) and error ("" for none)."""
    tries = models.PositiveSmallIntegerField(default=0)
    """Attempts that were begun; more than there are when a worker died in one."""
    due_at = models.DateTimeField(null=True, blank=True)
    """When it may be tried (again); None: it is over."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"]),
            models.Index(fields=["webhook", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"

    @property
    def message_id(self) -> str:
        """As the receiver sees it; the same at each attempt."""
        return f"msg_{self.pk.hex}"

    @property
    def last_attempt(self) -> dict[str, Any] | None:
        """The newest that is over."""
        return self.attempts[-1] if self.attempts else None
