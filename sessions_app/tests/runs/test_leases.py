"""Who may execute a run, and what happens when a worker goes silent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hwbpweb.redis import redis_client
from sessions_app import dispatch
from sessions_app.errors import RunNotActive, StaleLease, UnknownCommand
from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.runner import EMULATOR_VERSION, PARKED, LoggedLine, RunEnd
from sessions_app.selectors import records_from
from sessions_app.services import run_commands, runs
from sessions_app.services.debugger import CommandLog
from sessions_app.tests.factories import create_recipe, create_run, store_hits

pytestmark = pytest.mark.usefixtures("redis_server")
END = RunEnd("completed", "", 6, 1, 10, "ab" * 32, "0.1.0")


@pytest.fixture
def queued(session: DebugSession) -> Run:
    return create_run(session, state="queued", outcome="", epoch=0)


def expire(run: Run) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(lease_expires=past)


def told(run: Run) -> list[str]:
    with redis_client() as client:
        raw = client.lrange(dispatch.commands_key(run.pk), 0, -1)
    return [json.loads(word)["do"] for word in raw]


def test_runs_of_a_session_are_numbered(session: DebugSession) -> None:
    made = [runs.run_create(session=session, recipe=create_recipe()) for _ in range(3)]

    assert [run.number for run in made] == [1, 2, 3]


def test_a_run_is_queued_when_the_transaction_is_through(
    session: DebugSession, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        runs.run_create(session=session, recipe=create_recipe())
        assert dispatch.waiting_runs() == 0

    assert dispatch.waiting_runs() == 1


def test_a_queued_run_is_claimed_once(queued: Run) -> None:
    assert runs.run_claim(queued.pk, "a") is not None
    assert runs.run_claim(queued.pk, "b") is None


def test_a_silent_workers_run_is_claimed_under_a_new_epoch(queued: Run) -> None:
    runs.run_claim(queued.pk, "a")
    expire(queued)

    lease = runs.run_claim(queued.pk, "b")

    assert lease is not None
    assert lease.epoch == 2


def test_a_renewed_lease_is_not_claimed(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    expire(queued)

    assert runs.lease_renew(lease)
    assert runs.run_claim(queued.pk, "b") is None


def test_a_lost_lease_cannot_be_renewed(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    expire(queued)
    runs.run_claim(queued.pk, "b")

    assert not runs.lease_renew(lease)


def test_a_stale_worker_cannot_finish_the_run(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    expire(queued)
    runs.run_claim(queued.pk, "b")

    with pytest.raises(StaleLease):
        runs.run_finish(lease, END)
    queued.refresh_from_db()
    assert queued.state == "running"


def test_a_new_epoch_drops_what_the_last_one_stored(queued: Run) -> None:
    runs.run_claim(queued.pk, "a")
    queued.refresh_from_db()
    store_hits(queued, 5)
    expire(queued)

    runs.run_claim(queued.pk, "b")

    queued.refresh_from_db()
    assert (EventChunk.objects.count(), queued.events) == (0, 0)


def test_a_new_epoch_drops_what_a_debugger_did_to_the_last(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    log = CommandLog(lease)
    log.add(LoggedLine(0, 0, 1, "open", "alice", "full"))
    log.store()
    runs.run_set_debugger(lease, {"who": "alice"})
    expire(queued)

    runs.run_claim(queued.pk, "b")

    queued.refresh_from_db()
    assert (queued.commands.count(), queued.debugger) == (0, {})


def test_a_stale_worker_cannot_say_who_controls(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    expire(queued)
    runs.run_claim(queued.pk, "b")

    runs.run_set_debugger(lease, {"who": "alice"})

    queued.refresh_from_db()
    assert queued.debugger == {}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("completed", "finished"),
        ("livelock", "finished"),
        ("limit_reached", "finished"),
        ("wall_limit", "finished"),
        ("guest_fault", "finished"),
        ("cancelled", "cancelled"),
        ("crashed", "failed"),
        ("killed", "failed"),
        ("recipe_error", "failed"),
    ],
)
def test_each_outcome_leads_to_its_state(queued: Run, outcome: str, state: str) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None

    runs.run_finish(lease, RunEnd(outcome))

    queued.refresh_from_db()
    assert (queued.state, queued.outcome) == (state, outcome)


def test_the_end_is_written_down(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None

    runs.run_finish(lease, END)

    queued.refresh_from_db()
    assert (queued.digest, queued.retired, queued.emulator_version) == (
        "ab" * 32,
        10,
        "0.1.0",
    )
    assert queued.finished_at is not None


def test_the_reaper_brings_back_a_silent_workers_run(
    queued: Run, django_capture_on_commit_callbacks: Any
) -> None:
    runs.run_claim(queued.pk, "a")
    expire(queued)

    with django_capture_on_commit_callbacks(execute=True):
        count = runs.runs_reap()

    assert (count, dispatch.waiting_runs()) == (1, 1)


def test_the_reaper_gives_up_after_three_attempts(queued: Run) -> None:
    for owner in "abc":
        assert runs.run_claim(queued.pk, owner) is not None
        expire(queued)

    runs.runs_reap()

    queued.refresh_from_db()
    assert (queued.state, queued.outcome) == ("failed", "crashed")
    assert "vanished 3 times" in queued.detail


def test_what_the_last_of_them_stored_can_be_read_and_nothing_is_added(
    queued: Run,
) -> None:
    leases = []
    for owner in "abc":
        leases.append(runs.run_claim(queued.pk, owner))
        expire(queued)
    queued.refresh_from_db()
    store_hits(queued, 10)

    runs.runs_reap()

    queued.refresh_from_db()
    assert [r.seq for r in records_from(queued, 1, 1000)] == list(range(1, 61))
    last = leases[-1]
    assert last is not None
    assert not runs.lease_renew(last)
    with pytest.raises(StaleLease):
        runs.run_finish(last, END)


def test_a_run_that_took_three_workers_is_not_claimed_again(queued: Run) -> None:
    for owner in "abc":
        runs.run_claim(queued.pk, owner)
        expire(queued)

    assert runs.run_claim(queued.pk, "d") is None


def test_the_reaper_leaves_a_held_run_alone(queued: Run) -> None:
    runs.run_claim(queued.pk, "a")

    assert runs.runs_reap() == 0


def test_a_forgotten_message_is_sent_again(
    queued: Run, django_capture_on_commit_callbacks: Any
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(pk=queued.pk).update(created_at=long_ago)

    with django_capture_on_commit_callbacks(execute=True):
        runs.runs_reap()

    assert dispatch.waiting_runs() == 1


def test_a_queued_run_is_cancelled_at_once(queued: Run) -> None:
    run_commands.run_command(run=queued, command="cancel")

    queued.refresh_from_db()
    assert (queued.state, queued.outcome) == ("cancelled", "cancelled")


def test_a_cancelled_run_is_not_claimed(queued: Run) -> None:
    run_commands.run_cancel(run=queued)

    assert runs.run_claim(queued.pk, "a") is None


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_a_command_reaches_the_worker(queued: Run, command: str) -> None:
    runs.run_claim(queued.pk, "a")

    run_commands.run_command(run=queued, command=command)

    assert told(queued) == [command]


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_a_finished_run_takes_no_command(session: DebugSession, command: str) -> None:
    run = create_run(session)

    with pytest.raises(RunNotActive, match="finished"):
        run_commands.run_command(run=run, command=command)


def test_a_queued_run_cannot_be_paused(queued: Run) -> None:
    with pytest.raises(RunNotActive, match="queued"):
        run_commands.run_pause(run=queued)


def test_an_unknown_command_is_refused(queued: Run) -> None:
    with pytest.raises(UnknownCommand):
        run_commands.run_command(run=queued, command="explode")


@pytest.fixture
def parked(session: DebugSession) -> Run:
    """Queued to go on from its 6th event."""
    return create_run(
        session,
        state="queued",
        outcome="",
        epoch=3,
        events=6,
        hits=1,
        parked_at=timezone.now(),
        emulator_version=EMULATOR_VERSION,
        spent_ms=1500,
    )


def test_a_parked_run_goes_on_under_its_epoch(parked: Run) -> None:
    lease = runs.run_claim(parked.pk, "a")

    assert lease == runs.Lease(
        parked.pk,
        3,
        "a",
        again=True,
        events=6,
        hits=1,
        retired=parked.retired,
        spent_ms=1500,
    )


def test_one_whose_source_is_gone_begins_anew(parked: Run) -> None:
    """It played back a log of which nothing is left."""
    Run.objects.filter(pk=parked.pk).update(log_lines=3)

    assert runs.run_claim(parked.pk, "a") == runs.Lease(parked.pk, 4, "a")


def test_a_worker_that_is_lost_while_it_makes_it_again_costs_an_epoch(
    parked: Run,
) -> None:
    runs.run_claim(parked.pk, "a")
    expire(parked)

    lease = runs.run_claim(parked.pk, "b")

    assert lease == runs.Lease(parked.pk, 4, "b")


def test_what_another_emulator_recorded_is_recorded_anew(parked: Run) -> None:
    Run.objects.filter(pk=parked.pk).update(emulator_version="0.0.0")

    lease = runs.run_claim(parked.pk, "a")

    assert lease == runs.Lease(parked.pk, 4, "a")


def test_a_run_that_stands_parked_is_not_claimed(parked: Run) -> None:
    Run.objects.filter(pk=parked.pk).update(state="paused")

    assert runs.run_claim(parked.pk, "a") is None


def test_nor_is_it_told_to_park(parked: Run) -> None:
    Run.objects.filter(pk=parked.pk).update(state="paused")

    run_commands.run_command(run=parked, command="park")

    assert told(parked) == []


def test_a_stale_worker_cannot_park_the_run(queued: Run) -> None:
    lease = runs.run_claim(queued.pk, "a")
    assert lease is not None
    expire(queued)
    runs.run_claim(queued.pk, "b")

    with pytest.raises(StaleLease):
        runs.run_park(lease, RunEnd(PARKED))
