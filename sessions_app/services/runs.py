"""A run from the wish to its end: queued, leased to a worker, over.

queued → running ⇄ paused → finished | failed | cancelled; a paused one whose worker was
given back is queued again to go on. Every change is a conditional
UPDATE whose row count decides, so that two workers, or a worker and a person, cannot
both win. A lease has an epoch; what comes with an older one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from sessions_app import dispatch, stream
from sessions_app.errors import RunNotOver, StaleLease
from sessions_app.models import DebugSession, EventChunk, Run, RunCommand, StoredRecipe
from sessions_app.runner import EMULATOR_VERSION, RunEnd
from sessions_app.services.chunks import chunks_delete
from sessions_app.services.quotas import bytes_check, runs_check
from sessions_app.services.webhooks.outbox import run_over

_FAILURES = frozenset({"crashed", "killed", "recipe_error"})
_TRIES = 5
#: States of a debugger in which the machine stands still for it.
_HOLDING = ("attached", "stopped")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to execute a run, until somebody has a higher epoch."""

    run_id: UUID
    epoch: int
    owner: str
    again: bool = False
    """The run was parked: it is made again up to where it stood."""
    events: int = 0
    """So many are stored and known when they come again."""
    hits: int = 0
    retired: int = 0
    spent_ms: int = 0
    """Of the wall limit."""


def run_create(
    *,
    session: DebugSession,
    recipe: StoredRecipe,
    by: User | None = None,
    **wishes: Any,
) -> Run:
    """The next run of a session, queued; by: who starts it, else the session's owner.
    wishes: label, hold, played_from. Raises TooManyRuns of theirs, and StorageFull where
    the owner's is."""
    wishes["started_by"] = by or session.owner
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                runs_check(wishes["started_by"])
                bytes_check(session.owner)
                run = _numbered(session, recipe, wishes)
        except IntegrityError:
            # Somebody else took the number at the same moment.
            if attempt == _TRIES - 1:
                raise
            continue
        break
    DebugSession.objects.filter(pk=session.pk).update(updated_at=timezone.now())
    dispatch.enqueue_run(run.pk)
    return run


def _numbered(
    session: DebugSession, recipe: StoredRecipe, wishes: dict[str, Any]
) -> Run:
    last = Run.everything.filter(session=session).aggregate(n=Max("number"))["n"] or 0
    return Run.objects.create(session=session, recipe=recipe, number=last + 1, **wishes)


def run_replay(*, run: Run, by: User | None = None) -> Run:
    """A run of the same recipe that does what debuggers did to this one, with nobody
    there. Raises RunNotOver: a log that still grows cannot be played back; and what
    run_create raises."""
    if not run.is_over:
        raise RunNotOver(
            f"run {run.number} is {run.state}; it can be played back when it is over"
        )
    return run_create(session=run.session, recipe=run.recipe, by=by, played_from=run)


def _expiry() -> timedelta:
    return timedelta(seconds=settings.LEASE_TTL)


def run_claim(run_id: UUID | str, owner: str) -> Lease | None:
    """Take a queued run, or one whose worker has gone silent. None: nothing to take."""
    return _unparked(run_id, owner) or _claimed(run_id, owner)


def _unparked(run_id: UUID | str, owner: str) -> Lease | None:
    """Take a parked run that is to go on. What is stored stays, and so does the epoch:
    its worker has left, nobody else writes. Another emulator may tell it otherwise, and
    begins anew; so does a run that plays back the log of one that is gone since."""
    parked = Run.objects.filter(
        pk=run_id,
        state=Run.State.QUEUED,
        parked_at__isnull=False,
        emulator_version=EMULATOR_VERSION,
    )
    found = parked.first()
    if found is None or _log_lines(found) != found.log_lines:
        return None
    with transaction.atomic():
        taken = parked.update(
            state=Run.State.RUNNING,
            attempts=F("attempts") + 1,
            lease_owner=owner,
            lease_expires=timezone.now() + _expiry(),
            detail="",
            parked_at=None,
            held_since=None,
        )
        if not taken:
            return None
        run = Run.objects.get(pk=run_id)
    stream.publish_state(run.pk)
    return Lease(
        run.pk,
        run.epoch,
        owner,
        again=True,
        events=run.events,
        hits=run.hits,
        retired=run.retired,
        spent_ms=run.spent_ms,
    )


def _log_lines(run: Run) -> int:
    """Lines of the command logs that a worker of the run is given."""
    own = RunCommand.objects.filter(run=run, epoch=run.epoch).count()
    return own + (_log_lines(run.played_from) if run.played_from else 0)


def _claimed(run_id: UUID | str, owner: str) -> Lease | None:
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
            detail="",
            events=0,
            hits=0,
            retired=0,
            tidy=False,
            pruned_at=None,
            debugger={},
            held_since=None,
            parked_at=None,
            spent_ms=0,
        )
        if not taken:
            return None
        run = Run.objects.only("epoch").get(pk=run_id)
        # A run is a function of its recipe: what the last worker stored comes again.
        # What a debugger did to it does not: that connection is gone.
        chunks_delete(EventChunk.objects.filter(run_id=run.pk, epoch__lt=run.epoch))
        RunCommand.objects.filter(run_id=run.pk, epoch__lt=run.epoch).delete()
    stream.publish_state(run.pk)
    return Lease(run.pk, run.epoch, owner)


def lease_renew(lease: Lease) -> bool:
    """Whether the lease still holds; then it holds for LEASE_TTL more seconds."""
    return bool(
        Run.everything.filter(
            pk=lease.run_id, epoch=lease.epoch, state__in=Run.LEASED
        ).update(lease_expires=timezone.now() + _expiry())
    )


def run_set_paused(lease: Lease, paused: bool) -> None:
    """The child holds, or goes on."""
    leased = Run.everything.filter(pk=lease.run_id, epoch=lease.epoch)
    if paused:
        changed = leased.filter(state=Run.State.RUNNING).update(
            state=Run.State.PAUSED, held_since=timezone.now()
        )
    else:
        changed = leased.filter(state=Run.State.PAUSED).update(state=Run.State.RUNNING)
        # A debugger that has taken it over meanwhile holds it from then on.
        leased.filter(debugger={}).update(held_since=None)
    if changed:
        stream.publish_state(lease.run_id)


def run_set_debugger(lease: Lease, facts: dict[str, Any]) -> None:
    """Who controls the run, {} for nobody."""
    leased = Run.everything.filter(pk=lease.run_id, epoch=lease.epoch)
    held = timezone.now() if facts.get("state") in _HOLDING else None
    going = leased.filter(state=Run.State.RUNNING).update(
        debugger=facts, held_since=held
    )
    paused = leased.filter(state=Run.State.PAUSED).update(debugger=facts)
    if going or paused:
        stream.publish_state(lease.run_id)


def run_park(lease: Lease, end: RunEnd) -> None:
    """The worker gives back a run that stands still; its command log says where. Raises
    StaleLease."""
    own = Run.everything.filter(
        pk=lease.run_id, epoch=lease.epoch, state__in=Run.LEASED
    )
    run = own.first()
    parked = run and own.update(
        state=Run.State.PAUSED,
        parked_at=timezone.now(),
        spent_ms=end.spent_ms,
        log_lines=_log_lines(run),
        retired=end.retired,
        emulator_version=EMULATOR_VERSION,
        attempts=0,
        debugger={},
        lease_owner="",
        lease_expires=None,
    )
    if not parked:
        raise StaleLease(f"epoch {lease.epoch} of run {lease.run_id} is over")
    stream.publish_state(lease.run_id)


def run_finish(lease: Lease, end: RunEnd) -> None:
    """Write down how the run ended. Raises StaleLease."""
    if end.outcome in _FAILURES:
        state = Run.State.FAILED
    elif end.outcome == "cancelled":
        state = Run.State.CANCELLED
    else:
        state = Run.State.FINISHED
    with transaction.atomic():
        _write_end(lease, end, state)
        run_over(lease.run_id)
    stream.publish_state(lease.run_id)


def _write_end(lease: Lease, end: RunEnd, state: str) -> None:
    ended = Run.everything.filter(
        pk=lease.run_id, epoch=lease.epoch, state__in=Run.LEASED
    ).update(
        state=state,
        outcome=end.outcome,
        # Whoever had it cancelled may have said why.
        detail=end.detail or F("detail"),
        retired=end.retired,
        digest=end.digest,
        emulator_version=end.emulator,
        violations=_violations(end),
        debugger={},
        held_since=None,
        lease_owner="",
        lease_expires=None,
        finished_at=timezone.now(),
    )
    if not ended:
        raise StaleLease(f"epoch {lease.epoch} of run {lease.run_id} is over")
    DebugSession.objects.filter(runs=lease.run_id).update(updated_at=timezone.now())


def _violations(end: RunEnd) -> list[dict[str, object]] | None:
    if end.violations is None:
        return None
    return [{"name": name, "seq": seq} for name, seq in end.violations]


def run_fail(run_id: UUID, detail: str) -> bool:
    """A run that no worker can bring to an end. False when it is over already.

    The epoch stays: what the last worker stored is the run's trace. A worker that comes
    back finds the run over and is refused all the same.
    """
    with transaction.atomic():
        failed = Run.everything.filter(
            pk=run_id, state__in=[Run.State.QUEUED, *Run.LEASED]
        ).update(
            state=Run.State.FAILED,
            outcome="crashed",
            detail=detail,
            debugger={},
            lease_owner="",
            lease_expires=None,
            finished_at=timezone.now(),
        )
        if failed:
            run_over(run_id)
    if failed:
        stream.publish_state(run_id)
    return bool(failed)


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
