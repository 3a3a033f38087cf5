"""What would be removed now, each with its reason. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.services.retention.policy import Policy, unprotected


@dataclass(frozen=True, slots=True)
class Removal:
    """kind: session, run (both deleted by their owner), or trace."""

    kind: str
    pk: UUID
    what: str
    why: str
    size: int
    """Bytes of its trace."""


def removals(policy: Policy, now: datetime) -> Iterator[Removal]:
    """In the order in which they are done."""
    yield from _deleted(now - timedelta(days=policy.undo_days), policy)
    old: set[UUID] = set()
    if policy.days:
        for removal in _aged(policy, now):
            old.add(removal.pk)
            yield removal
    if policy.bytes:
        yield from _too_many(policy, old, now)


def _deleted(limit: datetime, policy: Policy) -> Iterator[Removal]:
    why = "deleted {:%Y-%m-%d}, more than " + f"{policy.undo_days:g} days ago"
    for session in DebugSession.everything.filter(deleted_at__lt=limit):
        size = _size(EventChunk.objects.filter(run__session=session))
        assert session.deleted_at is not None
        said = why.format(session.deleted_at)
        yield Removal("session", session.pk, f"session “{session.title}”", said, size)
    runs = Run.everything.filter(deleted_at__lt=limit, session__deleted_at=None)
    for run in runs.select_related("session"):
        assert run.deleted_at is not None
        said = why.format(run.deleted_at)
        yield Removal("run", run.pk, _words(run), said, _size(run.chunks.all()))


def _with_traces() -> QuerySet[Any]:
    """Runs that are over and have a trace that may go, the oldest first."""
    over = Run.objects.filter(state__in=Run.OVER, pruned_at=None)
    found: QuerySet[Any] = (
        unprotected(over)
        .annotate(
            size=Coalesce(Sum("chunks__size"), 0),
            ended=Coalesce("finished_at", "created_at"),
        )
        .filter(size__gt=0)
        .select_related("session")
        .order_by("ended")
    )
    return found


def _aged(policy: Policy, now: datetime) -> Iterator[Removal]:
    limit = now - timedelta(days=policy.days)
    for run in _with_traces().filter(ended__lt=limit):
        why = f"ended {run.ended:%Y-%m-%d}, more than {policy.days:g} days ago"
        yield Removal("trace", run.pk, f"trace of {_words(run)}", why, run.size)


def _too_many(policy: Policy, gone: set[UUID], now: datetime) -> Iterator[Removal]:
    """Of those that go for another reason nothing is counted."""
    present = EventChunk.objects.filter(run__deleted_at=None).exclude(run__in=gone)
    total = _size(present)
    for run in _with_traces().exclude(pk__in=gone):
        if total <= policy.bytes:
            return
        why = f"all traces have {total} bytes, more than {policy.bytes}"
        yield Removal("trace", run.pk, f"trace of {_words(run)}", why, run.size)
        total -= run.size


def _size(chunks: QuerySet[EventChunk]) -> int:
    return int(chunks.aggregate(total=Sum("size"))["total"] or 0)


def _words(run: Run) -> str:
    return f"run {run.number} of “{run.session.title}”"
