"""Runs that stand still hold a worker: not for ever."""

from __future__ import annotations

import logging
from datetime import timedelta

import redis
from django.conf import settings
from django.utils import timezone

from sessions_app.errors import RunNotActive, ViewersUnknown
from sessions_app.live.presence import present
from sessions_app.models import Run
from sessions_app.services.runs import run_cancel, run_resume

logger = logging.getLogger(__name__)

_STOOD = "a debugger held it for too long without a command"


def holds_end() -> int:
    """Let go of runs that have stood still for too long; how many. A paused one goes on,
    and records what it would have; one that a debugger holds is cancelled, for nothing
    but the debugger could let it go on."""
    now = timezone.now()
    count = 0
    held = Run.objects.filter(state__in=Run.LEASED, held_since__isnull=False)
    for run in held:
        assert run.held_since is not None  # the query says so
        if now - run.held_since > _patience(run):
            # Not asked again in the next round: the worker has its word by then.
            Run.objects.filter(pk=run.pk).update(held_since=now)
            count += _let_go(run)
    return count


def _patience(run: Run) -> timedelta:
    """How long it may stand still; a limit of 0 is none."""
    minutes = settings.HOLD_WATCHED_MINUTES
    if not _attended(run):
        minutes = settings.HOLD_MINUTES
    return timedelta(minutes=minutes) if minutes else timedelta.max


def _attended(run: Run) -> bool:
    """Whether a debugger is there, or somebody looks; where that is not known, so."""
    if run.debugger:
        return True
    try:
        return present(run.pk).count > 0
    except ViewersUnknown:
        return True


def _let_go(run: Run) -> bool:
    try:
        if run.debugger:
            Run.objects.filter(pk=run.pk).update(detail=_STOOD)
            run_cancel(run=run)
        else:
            run_resume(run=run)
    except RunNotActive:
        return False  # it has just ended
    except redis.RedisError as error:
        logger.warning("run %s not let go of: %s", run.pk, error)
        return False
    logger.info("run %s stood still for too long", run.pk)
    return True
