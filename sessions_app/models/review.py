"""Annotation: a person's remark, pinned to a moment, a part of the machine or a patch line."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from sessions_app.models.anchor import MachinePart
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession


class AnnotationManager(models.Manager["Annotation"]):
    """Without remarks on runs that were deleted: they come back with the run."""

    def get_queryset(self) -> models.QuerySet[Annotation]:
        return super().get_queryset().filter(run__deleted_at=None)


class Annotation(MachinePart):
    """Any part of the anchor may be absent; without one it is about the session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        DebugSession, on_delete=models.CASCADE, related_name="annotations"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="annotations",
    )
    author_name = models.CharField(max_length=150)
    body = models.TextField()
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, null=True, blank=True, related_name="annotations"
    )
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    patch_line = models.PositiveIntegerField(null=True, blank=True)
    answers = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    """The remark at the top of the talk; its anchor is the talk's."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    """Its words are gone, its answers stay."""

    objects = AnnotationManager()
    everything = models.Manager["Annotation"]()

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["run", "seq"])]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:40]}"
