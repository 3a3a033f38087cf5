"""What people want of a run that goes on: pause, resume, cancel, and to be there again.

A run that has a worker is told through it. A parked one has none: it is queued again, and
the next worker makes it again up to where it stood (docs/debugging.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_app import dispatch, stream
from sessions_app.errors import RunNotActive, UnknownCommand
from sessions_app.models import Run
from sessions_app.services.webhooks.outbox import run_over

_PARKED = Q(parked_at__isnull=False)
_UNBEGUN = Q(state=Run.State.QUEUED) | Q(state=Run.State.PAUSED) & _PARKED


def run_command(*, run: Run, command: str) -> None:
    """cancel, pause, resume or park. Raises UnknownCommand or RunNotActive."""
    if command == "cancel":
        run_cancel(run=run)
    elif command == "pause":
        run_pause(run=run)
    elif command == "resume":
        run_resume(run=run)
    elif command == "park":
        run_park_wish(run=run)
    else:
        raise UnknownCommand(
            f"a run does not know {command[:40]!r}",
            field="command",
            value=command,
            allowed="cancel, pause, resume, park",
        )


def run_cancel(*, run: Run) -> None:
    """End the run; what it recorded stays. Also ends one that no worker has."""
    with transaction.atomic():
        ended = Run.everything.filter(_UNBEGUN, pk=run.pk).update(
            state=Run.State.CANCELLED,
            outcome="cancelled",
            cancel_requested=True,
            held_since=None,
            parked_at=None,
            finished_at=timezone.now(),
        )
        if ended:
            run_over(run.pk)
    if ended:
        stream.publish_state(run.pk)
        return
    # Kept in the row too: a worker reads it there when Redis forgets the command.
    _to_worker(run, "cancel", {"cancel_requested": True})


def run_pause(*, run: Run) -> None:
    """Hold at the next event boundary or slice end. A parked one stands already."""
    if not _is_parked(run, hold=True):
        _to_worker(run, "pause", {})


def run_resume(*, run: Run) -> None:
    """Go on; a parked one as soon as a worker has made it again."""
    if not run_unpark(run=run, hold=False):
        _to_worker(run, "resume", {})


def run_park_wish(*, run: Run) -> None:
    """Give its worker back, if it still stands when that hears of it."""
    if not _has_no_worker(run):
        _to_worker(run, "park", {})


def run_unpark(*, run: Run, hold: bool) -> bool:
    """Queue a parked run; hold: it shall stand where it stood, for a debugger comes.
    False: it is not parked."""
    # Asked again and again by connections that wait: mostly there is nothing to write.
    if not _parked(run).exists():
        return False
    queued = Run.objects.filter(_PARKED, pk=run.pk, state=Run.State.PAUSED).update(
        state=Run.State.QUEUED, hold=hold, held_since=timezone.now()
    )
    if queued:
        dispatch.enqueue_run(run.pk)
        stream.publish_state(run.pk)
    return bool(queued) or _is_parked(run, hold=hold)


def _is_parked(run: Run, *, hold: bool) -> bool:
    """Whether it is, or waits for a worker to go on; then the last wish counts."""
    parked = _parked(run)
    return parked.exists() and bool(parked.update(hold=hold))


def _parked(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(_PARKED, pk=run.pk, state__in=Run.ACTIVE)


def run_parked(run_id: UUID, words: Sequence[str]) -> None:
    """Do what was wanted of a run while its worker was giving it back, also of one that
    was deleted meanwhile."""
    run = Run.everything.filter(pk=run_id).first()
    if run is None or run.is_over:
        return
    if run.cancel_requested or "cancel" in words:
        run_cancel(run=run)
    elif "resume" in words:
        run_unpark(run=run, hold=False)


def _to_worker(run: Run, command: str, changes: dict[str, bool]) -> None:
    held = Run.objects.filter(pk=run.pk, state__in=Run.LEASED, parked_at=None)
    if held.update(**changes) if changes else held.exists():
        dispatch.send_command(run.pk, command)
        if not _has_no_worker(run):
            return
        # It was given back at this moment; whether its worker saw the word is not known.
        words = [command, *dispatch.take_commands(run.pk)]
    elif _has_no_worker(run):
        words = [command]
    else:
        run.refresh_from_db(fields=["state"])
        raise RunNotActive(
            f"run {run.number} is {run.state}; it cannot be told to {command}"
        )
    run_parked(run.pk, words)


def _has_no_worker(run: Run) -> bool:
    return Run.objects.filter(_PARKED, pk=run.pk, state=Run.State.PAUSED).exists()
