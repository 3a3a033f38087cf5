"""SwitchSet: a kernel of one's own, as the switches that differ from a shipped variant."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class SwitchSet(models.Model):
    """Recipes do not refer to it: they hold its base and changes as they were."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", "private: only you"
        UNLISTED = "unlisted", "unlisted: whoever has the address and is signed in"
        PUBLIC = "public", "public: everybody who is signed in"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="switch_sets"
    )
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80)
    base = models.CharField(max_length=40)
    """Id of a shipped variant."""
    changes: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    """What differs from it: switch to value."""
    note = models.TextField(blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "slug"], name="switch_set_slug_of_owner"
            )
        ]

    def __str__(self) -> str:
        return self.name
