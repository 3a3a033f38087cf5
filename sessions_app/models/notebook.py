"""NotebookEntry: a moment that somebody kept, with what the machine said and their text."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from sessions_app.models.anchor import MOMENTS
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession


class NotebookEntry(models.Model):
    """Words about the moment are copied when it is kept: the notebook stays readable
    whatever becomes of the trace, and lists without opening it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        DebugSession, on_delete=models.CASCADE, related_name="notebook"
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="kept")
    seq = models.PositiveBigIntegerField()
    hit_no = models.PositiveBigIntegerField(null=True, blank=True)
    """Number of the hit at seq; None for an event that is none."""
    moment = models.CharField(max_length=8, blank=True)
    """Which snapshot was looked at; empty: the last of the hit."""
    title = models.CharField(max_length=200)
    sentence = models.TextField(blank=True)
    place = models.CharField(max_length=300, blank=True)
    """CPU, slot, what is watched, by which instruction, and when."""
    text = models.TextField(blank=True)
    position = models.PositiveIntegerField()
    """From 1, without gaps, within the session."""
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["session", "position"])]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "run", "seq", "moment"], name="moment_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

    @property
    def query(self) -> str:
        """The query string of the page that shows the moment."""
        if self.hit_no is None:
            return f"run={self.run.number}&event={self.seq}"
        moment = f"&moment={self.moment}" if self.moment else ""
        return f"run={self.run.number}&hit={self.hit_no}{moment}"

    @property
    def name(self) -> str:
        """``hit 412 of run 2, after IRET``."""
        what = f"hit {self.hit_no}" if self.hit_no else f"event {self.seq}"
        moment = f", {MOMENTS[self.moment]}" if self.moment in MOMENTS else ""
        return f"{what} of run {self.run.number}{moment}"
