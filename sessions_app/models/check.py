"""SeriesCheck: what a test system says of a version of a series, or of one patch."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from sessions_app.models.mail import Review


class SeriesCheck(models.Model):
    """In the words of Patchwork's checks. Named by numbers: the rows of versions and
    patches are made anew when mail joins."""

    class State(models.TextChoices):
        """The most harmless first."""

        PENDING = "pending"
        SUCCESS = "success"
        WARNING = "warning"
        FAIL = "fail"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, related_name="series_checks"
    )
    version = models.PositiveIntegerField()
    patch = models.PositiveIntegerField(null=True, blank=True)
    """Number in the version; None: of all of it."""
    context = models.SlugField(max_length=255)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PENDING
    )
    target_url = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    user_name = models.CharField(max_length=150)
    date = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["date"]
        indexes = [models.Index(fields=["review", "version", "patch"])]

    def __str__(self) -> str:
        return f"{self.context}: {self.state}"
