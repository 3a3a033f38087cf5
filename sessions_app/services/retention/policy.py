"""How long traces are kept, and which outlive that (decision D17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from sessions_app.models import (
    Annotation,
    DebugSession,
    NotebookEntry,
    ReviewRemark,
    Run,
    ShareLink,
    Trial,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """0: without a limit."""

    days: float = 0
    bytes: int = 0
    undo_days: float = 7


def present_policy() -> Policy:
    """The one of the settings."""
    return Policy(settings.KEEP_DAYS, settings.KEEP_BYTES, settings.UNDO_DAYS)


def with_protection(runs: QuerySet[Run]) -> QuerySet[Any]:
    """Each run with is_annotated, is_evidence, is_kept, is_shared, is_open."""
    fresh = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    # A link shows the session: all of its runs, unless it was made for one.
    shown = Q(run=OuterRef("pk")) | Q(run=None, session=OuterRef("session"))
    private = DebugSession.Visibility.PRIVATE
    seen = DebugSession.everything.exclude(visibility=private)
    return runs.annotate(
        is_annotated=Exists(Annotation.objects.filter(run=OuterRef("pk"))),
        is_evidence=Exists(ReviewRemark.objects.filter(run=OuterRef("pk")))
        | Exists(Trial.objects.filter(run=OuterRef("pk"))),
        is_kept=Exists(NotebookEntry.objects.filter(run=OuterRef("pk"))),
        is_shared=Exists(ShareLink.objects.filter(fresh, shown, revoked_at=None)),
        is_open=Exists(seen.filter(pk=OuterRef("session"))),
    )


def unprotected(runs: QuerySet[Run]) -> QuerySet[Any]:
    """Those whose trace may go."""
    return with_protection(runs).filter(
        is_annotated=False,
        is_evidence=False,
        is_kept=False,
        is_shared=False,
        is_open=False,
    )


def is_protected(run_id: UUID) -> bool:
    """Whether the trace of a run must stay."""
    return not unprotected(Run.objects.filter(pk=run_id)).exists()


def protection(run: Run) -> list[str]:
    """Why the trace of a run outlives retention, in words; empty: it does not."""
    found = with_protection(Run.everything.filter(pk=run.pk)).values_list(
        "is_annotated", "is_evidence", "is_kept", "is_shared", "is_open"
    )
    words = (
        "has a remark",
        "is evidence in a review",
        "has a moment in the notebook",
        "is shared by a link",
        "can be read by whoever has its address",
    )
    return [
        word for row in found for word, holds in zip(words, row, strict=True) if holds
    ]
