"""A review: a series of patches with its versions and the mail about it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from sessions_app.models.anchor import MachinePart
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession
from sessions_app.models.team import Team


class Review(models.Model):
    """One topic of a list, as somebody brought it here. Message-IDs are its identity."""

    Visibility = DebugSession.Visibility

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        CHANGES = "changes requested"
        REJECTED = "rejected"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews"
    )
    title = models.CharField(max_length=300)
    author_name = models.CharField(max_length=200, blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    team = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="reviews"
    )
    """Whose members have their role here too."""
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    session = models.ForeignKey(
        DebugSession,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reviews",
    )
    """Where its evidence is recorded."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title


class MailMessage(models.Model):
    """A message as it came, with what was read of it."""

    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, related_name="messages"
    )
    message_id = models.CharField(max_length=260)
    subject = models.CharField(max_length=1000, blank=True)
    author_name = models.CharField(max_length=200, blank=True)
    author_address = models.CharField(max_length=250)
    date = models.DateTimeField(null=True, blank=True)
    parent_id = models.CharField(max_length=260, blank=True)
    """Message-ID of the nearest message before it that is here."""
    position = models.PositiveIntegerField(default=0)
    depth = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    raw = models.BinaryField()
    problems: models.JSONField[Any, list[str]] = models.JSONField(default=list)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "message_id"], name="message_once_in_review"
            )
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id

    @property
    def author(self) -> str:
        """The name, or the address."""
        return self.author_name or self.author_address


class SeriesVersion(models.Model):
    """One posting of the series."""

    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, related_name="versions"
    )
    version = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    cover = models.ForeignKey(
        MailMessage, on_delete=models.CASCADE, null=True, related_name="+"
    )
    rfc = models.BooleanField(default=False)
    resend = models.BooleanField(default=False)
    missing: models.JSONField[Any, list[int]] = models.JSONField(default=list)
    variant = models.CharField(max_length=80, blank=True)
    """The kernel, or the id of a switch set, whose behaviour stands for it."""
    bound_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["version", "pk"]

    def __str__(self) -> str:
        return f"v{self.version}"


class SeriesPatch(models.Model):
    """A patch at its place in a posting."""

    version = models.ForeignKey(
        SeriesVersion, on_delete=models.CASCADE, related_name="patches"
    )
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=1000)
    message = models.ForeignKey(
        MailMessage, on_delete=models.CASCADE, related_name="patches"
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "number"], name="patch_place_in_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class ReviewRemark(MachinePart):
    """A person's remark on lines of a message, with the machine's event that proves it."""

    class Claim(models.TextChoices):
        OPEN = "open"
        SUPPORTED = "supported"
        REFUTED = "refuted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="remarks")
    message = models.ForeignKey(
        MailMessage, on_delete=models.CASCADE, related_name="remarks"
    )
    first = models.PositiveIntegerField(default=0)
    at = models.PositiveIntegerField(default=0)
    """Lines of the body from 1; 0: the whole message."""
    answers = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    body = models.TextField()
    draft = models.BooleanField(default=True)
    """Seen by its author only, until it is sent."""
    run = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="evidence"
    )
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    hit_no = models.PositiveBigIntegerField(null=True, blank=True)
    evidence = models.TextField(blank=True)
    """What the machine said there, copied when it was joined."""
    claim = models.CharField(max_length=10, choices=Claim.choices, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    """Its words are gone, its answers stay."""

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["message", "at"])]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:40]}"
