"""Deleting sessions and runs, and taking that back while it can be."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions_app import stream
from sessions_app.errors import RunNotActive
from sessions_app.models import DebugSession, EventChunk, Run, RunMarks
from sessions_app.services.chunks import chunks_delete
from sessions_app.services.run_commands import run_cancel

logger = logging.getLogger(__name__)


def grace() -> timedelta:
    """How long a deletion can be undone."""
    return timedelta(days=settings.UNDO_DAYS)


def session_delete(*, session: DebugSession) -> None:
    """Hide a session with its runs, at once and everywhere; what runs is cancelled."""
    now = timezone.now()
    runs = list(Run.objects.filter(session=session))
    _cancel(runs)
    with transaction.atomic():
        Run.objects.filter(session=session).update(deleted_at=now)
        DebugSession.objects.filter(pk=session.pk).update(deleted_at=now)
    _tell(runs)


def run_delete(*, run: Run) -> None:
    """Hide one run of a session."""
    _cancel([run])
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    _tell([run])


def _cancel(runs: list[Run]) -> None:
    """What goes on, goes on for nobody."""
    for run in runs:
        if run.is_over:
            continue
        try:
            run_cancel(run=run)
        except RunNotActive:
            continue  # it has just ended
        except redis.RedisError as error:
            # The wish stands in the row, and the worker looks there too.
            logger.warning("cancel of run %s not sent: %s", run.pk, error)


def _tell(runs: list[Run]) -> None:
    """Let everybody who follows a run look again: it is not there."""
    for run in runs:
        stream.publish_state(run.pk)


def session_restore(*, session: DebugSession) -> None:
    """Bring a session back with the runs that were deleted with it; runs that had been
    deleted before stay so."""
    with transaction.atomic():
        Run.everything.filter(session=session, deleted_at=session.deleted_at).update(
            deleted_at=None
        )
        DebugSession.everything.filter(pk=session.pk).update(deleted_at=None)


def run_restore(*, run: Run) -> None:
    """Bring a run back."""
    Run.everything.filter(pk=run.pk).update(deleted_at=None)


def deleted_sessions(owner: User) -> QuerySet[DebugSession]:
    """What a person can still bring back, the last one deleted first."""
    found = DebugSession.everything.filter(owner=owner, deleted_at__gt=_limit())
    return found.order_by("-deleted_at")


def deleted_runs(session: DebugSession) -> QuerySet[Run]:
    """Runs of a session that is there that can still be brought back."""
    found = Run.everything.filter(session=session, deleted_at__gt=_limit())
    return found.order_by("-deleted_at")


def _limit() -> datetime:
    return timezone.now() - grace()


@transaction.atomic
def session_purge(session_id: UUID) -> None:
    """The end of a deleted session and of all that hangs on it; or nothing happens, as
    when it was brought back meanwhile."""
    gone = DebugSession.everything.filter(pk=session_id, deleted_at__isnull=False)
    if gone.select_for_update().first() is not None:
        chunks_delete(EventChunk.objects.filter(run__session_id=session_id))
        gone.delete()


@transaction.atomic
def run_purge(run_id: UUID) -> None:
    """The end of a deleted run, as session_purge."""
    gone = Run.everything.filter(pk=run_id, deleted_at__isnull=False)
    if gone.select_for_update().first() is not None:
        chunks_delete(EventChunk.objects.filter(run_id=run_id))
        gone.delete()


@transaction.atomic
def trace_remove(run_id: UUID) -> None:
    """The events of a run; recipe, outcome, digest and counters stay."""
    chunks_delete(EventChunk.objects.filter(run_id=run_id))
    RunMarks.objects.filter(run_id=run_id).delete()
    Run.everything.filter(pk=run_id).update(pruned_at=timezone.now())
