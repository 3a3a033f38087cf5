"""A run from the wish to its end: queued, leased to a worker, over.

queued → running ⇄ paused → finished | failed | cancelled. Every change is a conditional
UPDATE whose row count decides, so that two workers, or a worker and a person, cannot
both win. A lease has an epoch; what comes with an older one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from sessions_app import dispatch, stream
from sessions_app.errors import RunNotActive, StaleLease, UnknownCommand
from sessions_app.models import DebugSession, EventChunk, Run, StoredRecipe
from sessions_app.runner import RunEnd

_FAILURES = frozenset({"crashed", "killed", "recipe_error"})
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to execute a run, until somebody has a higher epoch."""

    run_id: UUID
    epoch: int
    owner: str


def run_create(*, session: DebugSession, recipe: StoredRecipe) -> Run:
    """The next run of a session, queued."""
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                run = _numbered(session, recipe)
        except IntegrityError:
            # Somebody else took the number at the same moment.
            if attempt == _TRIES - 1:
                raise
            continue
        break
    DebugSession.objects.filter(pk=session.pk).update(updated_at=timezone.now())
    dispatch.enqueue_run(run.pk)
    return run


def _numbered(session: DebugSession, recipe: StoredRecipe) -> Run:
    last = Run.objects.filter(session=session).aggregate(n=Max("number"))["n"] or 0
    return Run.objects.create(session=session, recipe=recipe, number=last + 1)


def _expiry() -> timedelta:
    return timedelta(seconds=settings.LEASE_TTL)


def run_claim(run_id: UUID | str, owner: str) -> Lease | None:
    """Take a queued run, or one whose worker has gone silent. None: nothing to take."""
    now = timezone.now()
    free = Q(state=Run.State.QUEUED) | Q(state__in=Run.LEASED, lease_expires__lt=now)
    with transaction.atomic():
        taken = Run.objects.filter(
            free, pk=run_id, attempts__lt=settings.MAX_ATTEMPTS
        ).update(
            state=Run.State.RUNNING,
            epoch=F("epoch") + 1,
            attempts=F("attempts") + 1,
            lease_owner=owner,
            lease_expires=now + _expiry(),
            started_at=now,
            events=0,
            hits=0,
            retired=0,
        )
        if not taken:
            return None
        run = Run.objects.only("epoch").get(pk=run_id)
        # A run is a function of its recipe: what the last worker stored comes again.
        EventChunk.objects.filter(run_id=run.pk, epoch__lt=run.epoch).delete()
    stream.publish_state(run.pk)
    return Lease(run.pk, run.epoch, owner)


def lease_renew(lease: Lease) -> bool:
    """Whether the lease still holds; then it holds for LEASE_TTL more seconds."""
    return bool(
        Run.objects.filter(
            pk=lease.run_id, epoch=lease.epoch, state__in=Run.LEASED
        ).update(lease_expires=timezone.now() + _expiry())
    )


def run_set_paused(lease: Lease, paused: bool) -> None:
    """The child holds, or goes on."""
    before, after = Run.State.RUNNING, Run.State.PAUSED
    if not paused:
        before, after = after, before
    changed = Run.objects.filter(
        pk=lease.run_id, epoch=lease.epoch, state=before
    ).update(state=after)
    if changed:
        stream.publish_state(lease.run_id)


def run_finish(lease: Lease, end: RunEnd) -> None:
    """Write down how the run ended. Raises StaleLease."""
    if end.outcome in _FAILURES:
        state = Run.State.FAILED
    elif end.outcome == "cancelled":
        state = Run.State.CANCELLED
    else:
        state = Run.State.FINISHED
    ended = Run.objects.filter(
        pk=lease.run_id, epoch=lease.epoch, state__in=Run.LEASED
    ).update(
        state=state,
        outcome=end.outcome,
        detail=end.detail,
        retired=end.retired,
        digest=end.digest,
        emulator_version=end.emulator,
        lease_owner="",
        lease_expires=None,
        finished_at=timezone.now(),
    )
    if not ended:
        raise StaleLease(f"epoch {lease.epoch} of run {lease.run_id} is over")
    DebugSession.objects.filter(runs=lease.run_id).update(updated_at=timezone.now())
    stream.publish_state(lease.run_id)


def run_fail(run_id: UUID, detail: str) -> bool:
    """A run that no worker can bring to an end. False when it is over already."""
    failed = Run.objects.filter(
        pk=run_id, state__in=[Run.State.QUEUED, *Run.LEASED]
    ).update(
        state=Run.State.FAILED,
        outcome="crashed",
        detail=detail,
        epoch=F("epoch") + 1,
        lease_owner="",
        lease_expires=None,
        finished_at=timezone.now(),
    )
    if failed:
        stream.publish_state(run_id)
    return bool(failed)


def run_command(*, run: Run, command: str) -> None:
    """cancel, pause or resume. Raises UnknownCommand or RunNotActive."""
    if command == "cancel":
        run_cancel(run=run)
    elif command == "pause":
        run_pause(run=run)
    elif command == "resume":
        run_resume(run=run)
    else:
        raise UnknownCommand(
            f"a run does not know {command[:40]!r}",
            field="command",
            value=command,
            allowed="cancel, pause, resume",
        )


def run_cancel(*, run: Run) -> None:
    """End the run; what it recorded stays. Also ends one that has not begun."""
    now = timezone.now()
    queued = Run.objects.filter(pk=run.pk, state=Run.State.QUEUED).update(
        state=Run.State.CANCELLED,
        outcome="cancelled",
        cancel_requested=True,
        finished_at=now,
    )
    if queued:
        stream.publish_state(run.pk)
        return
    # Kept in the row too: a worker reads it there when Redis forgets the command.
    _to_worker(run, "cancel", {"cancel_requested": True})


def run_pause(*, run: Run) -> None:
    """Hold at the next event boundary or slice end."""
    _to_worker(run, "pause", {})


def run_resume(*, run: Run) -> None:
    """Go on."""
    _to_worker(run, "resume", {})


def _to_worker(run: Run, command: str, changes: dict[str, bool]) -> None:
    held = Run.objects.filter(pk=run.pk, state__in=Run.LEASED)
    if not (held.update(**changes) if changes else held.exists()):
        run.refresh_from_db(fields=["state"])
        raise RunNotActive(
            f"run {run.number} is {run.state}; it cannot be told to {command}"
        )
    dispatch.send_command(run.pk, command)


def runs_reap() -> int:
    """Bring runs back whose worker is gone or whose message was lost; how many.

    After MAX_ATTEMPTS a run fails with the reason: a target that takes its worker down
    would do so for ever.
    """
    now = timezone.now()
    lost = Run.objects.filter(state__in=Run.LEASED, lease_expires__lt=now)
    count = 0
    for run in lost.only("pk", "attempts"):
        count += 1
        if run.attempts >= settings.MAX_ATTEMPTS:
            run_fail(
                run.pk, f"the worker vanished {run.attempts} times during this run"
            )
        else:
            dispatch.enqueue_run(run.pk)
    return count + _requeue_forgotten()


def _requeue_forgotten() -> int:
    """Queued runs whose message went down with Redis: none waits, yet they do."""
    before = timezone.now() - 3 * _expiry()
    waiting = Run.objects.filter(state=Run.State.QUEUED, created_at__lt=before)
    keys = list(waiting.values_list("pk", flat=True)[:100])
    if not keys or dispatch.waiting_runs():
        return 0
    for key in keys:
        dispatch.enqueue_run(key)
    return len(keys)
