"""Runs that stand still hold a worker: not for long, and shorter when others wait."""

from __future__ import annotations

import logging
from datetime import timedelta

import redis
from django.conf import settings
from django.utils import timezone

from sessions_app.errors import RunNotActive
from sessions_app.models import Run
from sessions_app.services.run_commands import run_cancel, run_park_wish

logger = logging.getLogger(__name__)


def holds_end() -> int:
    """Have runs parked that have stood still for too long; how many. They go on where
    they stood as soon as somebody wants it."""
    now = timezone.now()
    count = 0
    held = Run.objects.filter(
        state__in=Run.LEASED, held_since__isnull=False, parked_at=None
    )
    others = Run.objects.filter(state=Run.State.QUEUED).exists()
    for run in held:
        assert run.held_since is not None  # the query says so
        if now - run.held_since > _patience(run, others):
            # Not asked again in the next round: the worker has its word by then.
            Run.objects.filter(pk=run.pk).update(held_since=now)
            count += _let_go(run)
    return count


def parked_end() -> int:
    """Cancel runs that nobody has wanted for days: they keep their traces, and a place
    among the runs of whoever started them. How many; a limit of 0 is none."""
    if not settings.PARKED_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.PARKED_DAYS)
    old = Run.objects.filter(state=Run.State.PAUSED, parked_at__lt=before)
    for run in old:
        words = f"it stood parked for {settings.PARKED_DAYS:g} days"
        Run.objects.filter(pk=run.pk).update(detail=words)
        run_cancel(run=run)
        logger.info("run %s: %s", run.pk, words)
    return len(old)


def _patience(run: Run, others: bool) -> timedelta:
    """How long it may stand still; a limit of 0 is none. A gdb loses its connection when
    its run is parked, a pause loses nothing."""
    if run.debugger:
        minutes = settings.HOLD_DEBUGGER_MINUTES
    elif others:
        minutes = settings.HOLD_WAITED_MINUTES
    else:
        minutes = settings.HOLD_MINUTES
    return timedelta(minutes=minutes) if minutes else timedelta.max


def _let_go(run: Run) -> bool:
    try:
        run_park_wish(run=run)
    except RunNotActive:
        return False  # it has just ended
    except redis.RedisError as error:
        logger.warning("run %s not parked: %s", run.pk, error)
        return False
    logger.info("run %s has stood still for too long", run.pk)
    return True
