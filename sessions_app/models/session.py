"""DebugSession: one subject under inspection; its runs and remarks hang on it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from sessions_app.models.deletion import PresentManager, deleted_at_field
from sessions_app.models.team import Team


class DebugSession(models.Model):
    """What a person opens, shares and talks about."""

    class Visibility(models.TextChoices):
        """Unlisted: whoever has the address; public: also in the lists of others."""

        PRIVATE = "private"
        UNLISTED = "unlisted"
        PUBLIC = "public"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="debug_sessions",
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    scenario = models.SlugField(blank=True)
    patch_text = models.TextField(blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    team = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    """Whose members have their role here too."""
    deleted_at = deleted_at_field()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PresentManager["DebugSession"]()
    everything = models.Manager["DebugSession"]()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title
