"""What the owner of a review says of its versions where subjects and titles do not."""

from __future__ import annotations

from typing import Any

from django.db import models

from sessions_app.models.mail import MailMessage, Review
from sessions_app.models.recipe import StoredRecipe
from sessions_app.models.run import Run


class VersionJoin(models.Model):
    """A posting that was moved to this review. It survives that versions are read anew:
    the Message-ID of its cover letter, or of its first patch, is its name."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="joins")
    came_from = models.ForeignKey(
        Review, on_delete=models.SET_NULL, null=True, related_name="given"
    )
    first = models.CharField(max_length=260)
    version = models.PositiveIntegerField()
    """Its number here."""
    was = models.PositiveIntegerField()
    """Its number there."""
    message_ids: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    """What came with it: patches and answers."""
    by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "first"], name="posting_once")
        ]

    def __str__(self) -> str:
        return f"v{self.was} as v{self.version}"


class PatchPairing(models.Model):
    """Two patches of two versions that are the same patch, whatever they look like."""

    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, related_name="pairings"
    )
    left = models.ForeignKey(MailMessage, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey(MailMessage, on_delete=models.CASCADE, related_name="+")
    by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["left", "right"], name="patches_paired_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.left_id} is {self.right_id}"


class Trial(models.Model):
    """A run of a question (a scenario, or a recipe of one's own) on the kernel that stood
    for a version. The number of the version, because versions are read anew."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="trials")
    version = models.PositiveIntegerField()
    question = models.CharField(max_length=150)
    """``scenario:slug``, ``scenario:slug/1`` for one of its versions, or ``recipe:`` and
    the hash of the recipe that was given."""
    title = models.CharField(max_length=300)
    variant = models.CharField(max_length=80)
    """The kernel, or the id of a switch set, that it ran on."""
    recipe = models.ForeignKey(StoredRecipe, on_delete=models.CASCADE, related_name="+")
    """What was asked, before it was put on a kernel."""
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="trials")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["review", "question"])]

    def __str__(self) -> str:
        return f"{self.question} on v{self.version}"
