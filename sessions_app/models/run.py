"""Run: one execution of a recipe by a worker, with the lease that the worker holds."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from sessions_app.models.deletion import PresentManager, deleted_at_field
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
    ACTIVE = (State.QUEUED, *LEASED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        DebugSession, on_delete=models.CASCADE, related_name="runs"
    )
    number = models.PositiveIntegerField()
    recipe = models.ForeignKey(
        StoredRecipe, on_delete=models.PROTECT, related_name="runs"
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="started_runs",
    )
    """Whose turn in the queue it takes, and in whose number of runs at once it counts."""
    label = models.CharField(max_length=200, blank=True)
    """Why there is this run: a version of a scenario, another kernel."""
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
    violations: models.JSONField[Any, list[dict[str, Any]] | None] = models.JSONField(
        null=True, blank=True
    )
    """Invariants that did not hold, each with its first event; None: not known."""
    emulator_version = models.CharField(max_length=40, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    """Counts the leases; what carries an older one is refused."""
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_expires = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    hold = models.BooleanField(default=False)
    """Stop before the first instruction, or where it was parked, and wait for a debugger
    or for resume."""
    held_since = models.DateTimeField(null=True, blank=True)
    """Since when it stands still, paused or in a debugger's hands, or has waited for a
    worker to go on after it was parked; None: it does not."""
    parked_at = models.DateTimeField(null=True, blank=True)
    """When it gave its worker back; made again up to its last event it goes on."""
    spent_ms = models.PositiveBigIntegerField(default=0)
    """Of its wall limit, up to where it was parked."""
    log_lines = models.PositiveIntegerField(default=0)
    """Lines of command logs that make it again up to there, its source's included."""
    debugger: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    """Who controls it, through which face and how, and how the machine stands; empty
    when nobody does."""
    played_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    """The run whose command log this one plays back."""
    tidy = models.BooleanField(default=False)
    """Over, and its chunks are joined to full ones."""
    imported: models.JSONField[Any, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    """Where a run was recorded that came as a bundle, and who brought it when; None: here."""
    deleted_at = deleted_at_field()
    pruned_at = models.DateTimeField(null=True, blank=True)
    """When retention took the trace; recipe, digest and counters stay."""
    verifies = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="checks"
    )
    """The run that this one does again, to see whether it comes out the same."""
    verified: models.JSONField[Any, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    """What the last such run came to: run, number, emulator, same, at."""
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PresentManager["Run"]()
    everything = models.Manager["Run"]()

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
