"""Notification: that somebody was spoken to, or of; and how they want to hear of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from sessions_app.models.mail import Review, ReviewRemark
from sessions_app.models.review import Annotation
from sessions_app.models.session import DebugSession


class Notification(models.Model):
    """For one person about one remark, of a session or of a review. The words are not
    copied: whoever lost access is not told them."""

    class Why(models.TextChoices):
        """The strongest first; a person hears of a remark once, for the strongest."""

        MENTION = "mention"
        REPLY = "reply"
        REMARK = "remark"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    why = models.CharField(max_length=10, choices=Why.choices)
    session = models.ForeignKey(
        DebugSession, on_delete=models.CASCADE, null=True, related_name="+"
    )
    annotation = models.ForeignKey(
        Annotation, on_delete=models.CASCADE, null=True, related_name="notifications"
    )
    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, null=True, related_name="+"
    )
    remark = models.ForeignKey(
        ReviewRemark, on_delete=models.CASCADE, null=True, related_name="notifications"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When a mail may be tried (again); None: none is to be sent."""
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["person", "read_at", "-created_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "annotation"], name="annotation_told_once"
            ),
            models.UniqueConstraint(
                fields=["person", "remark"], name="remark_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    session__isnull=False,
                    annotation__isnull=False,
                    review=None,
                    remark=None,
                )
                | models.Q(
                    session=None,
                    annotation=None,
                    review__isnull=False,
                    remark__isnull=False,
                ),
                name="notification_of_one_remark",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.why} for {self.person_id}"


class NoticePreference(models.Model):
    """What a person is told by mail; without a row the default."""

    class Mail(models.TextChoices):
        OFF = "off"
        DIRECT = "direct", "mentions and replies"
        ALL = "all", "also remarks on what is mine"

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notice_preference",
    )
    mail = models.CharField(max_length=10, choices=Mail.choices, default=Mail.DIRECT)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.mail}"
