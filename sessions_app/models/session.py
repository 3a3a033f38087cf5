"""DebugSession: one subject under inspection; its runs and remarks hang on it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class DebugSession(models.Model):
    """What a person opens, shares and talks about."""

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
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title
