"""Run: one execution of a recipe by a worker, with the lease that the worker holds."""

from __future__ import annotations

import uuid

from django.db import models

from sessions_app.models.recipe import StoredRecipe
from sessions_app.models.session import DebugSession


class Run(models.Model):
    """State, counters and outcome. Written only by sessions_app.services.runs."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PAUSED = "paused"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OVER = (State.FINISHED, State.FAILED, State.CANCELLED)
    LEASED = (State.RUNNING, State.PAUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        DebugSession, on_delete=models.CASCADE, related_name="runs"
    )
    number = models.PositiveIntegerField()
    recipe = models.ForeignKey(
        StoredRecipe, on_delete=models.PROTECT, related_name="runs"
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.QUEUED, db_index=True
    )
    outcome = models.CharField(max_length=20, blank=True)
    """A name of emulator.events.Outcome once the run is over."""
    detail = models.TextField(blank=True)
    events = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveBigIntegerField(default=0)
    retired = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    emulator_version = models.CharField(max_length=40, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    """Counts the leases; what carries an older one is refused."""
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_expires = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "number"], name="run_number_in_session"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_expires"])]

    def __str__(self) -> str:
        return f"run {self.number} of {self.session_id}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in self.OVER
