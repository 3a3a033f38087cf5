"""A run that stands still lets its worker go."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hwbpweb.redis import redis_client
from sessions_app import runner
from sessions_app.dispatch import commands_key
from sessions_app.models import DebugSession, Run
from sessions_app.services.holds import holds_end, parked_end
from sessions_app.services.launch import launch_scenario
from sessions_app.services.runs import Lease, run_set_debugger, run_set_paused
from sessions_app.tests.factories import create_run, create_session, create_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]
STOPPED = {"state": "stopped", "who": "alice", "face": "full"}


@pytest.fixture(autouse=True)
def minutes(settings: Any) -> None:
    settings.HOLD_MINUTES, settings.HOLD_WAITED_MINUTES = 5, 1
    settings.HOLD_DEBUGGER_MINUTES = settings.PARKED_DAYS = 30


@pytest.fixture
def session(transactional_db: None) -> DebugSession:
    return create_session(create_user("alice"))


def held(session: DebugSession, since: int, **fields: Any) -> Run:
    """A run that has stood still for so many minutes."""
    when = timezone.now() - timedelta(minutes=since)
    wishes: dict[str, Any] = {"state": "paused", "outcome": "", "held_since": when}
    return create_run(session, **(wishes | fields))


def told(run: Run) -> list[bytes]:
    """The commands to its worker."""
    with redis_client() as client:
        found: Any = client.lrange(commands_key(run.pk), 0, -1)
    return list(found)


def test_a_paused_run_is_parked(session: DebugSession) -> None:
    run = held(session, 6)

    assert holds_end() == 1
    assert told(run) == [b'{"do": "park"}']


def test_before_its_time_it_stays(session: DebugSession) -> None:
    run = held(session, 4)

    assert holds_end() == 0
    assert told(run) == []


def test_while_others_wait_for_a_worker_its_time_is_short(
    session: DebugSession,
) -> None:
    run = held(session, 2)
    create_run(session, state="queued", outcome="")

    assert holds_end() == 1
    assert told(run) == [b'{"do": "park"}']


def test_a_debugger_may_think_for_longer(session: DebugSession) -> None:
    held(session, 29, state="running", debugger=STOPPED)
    create_run(session, state="queued", outcome="")

    assert holds_end() == 0


def test_but_not_for_ever(session: DebugSession) -> None:
    run = held(session, 31, state="running", debugger=STOPPED)

    assert holds_end() == 1
    assert told(run) == [b'{"do": "park"}']


def test_one_that_is_parked_already_is_left_alone(session: DebugSession) -> None:
    held(session, 100_000, parked_at=timezone.now())

    assert holds_end() == 0


def parked(session: DebugSession, days: int) -> Run:
    when = timezone.now() - timedelta(days=days)
    return create_run(session, state="paused", outcome="", parked_at=when)


def test_what_nobody_wants_for_a_month_is_cancelled(session: DebugSession) -> None:
    run = parked(session, 31)

    assert parked_end() == 1
    run.refresh_from_db()
    assert (run.state, run.detail) == ("cancelled", "it stood parked for 30 days")


def test_for_a_month_it_stays(session: DebugSession) -> None:
    parked(session, 29)

    assert parked_end() == 0


def test_0_days_are_for_ever(session: DebugSession, settings: Any) -> None:
    settings.PARKED_DAYS = 0
    parked(session, 1000)

    assert parked_end() == 0


def test_the_worker_is_told_once(session: DebugSession) -> None:
    run = held(session, 6)

    holds_end()
    holds_end()

    assert len(told(run)) == 1


def test_0_is_for_ever(session: DebugSession, settings: Any) -> None:
    settings.HOLD_MINUTES = 0
    held(session, 100_000)

    assert holds_end() == 0


def test_a_pause_has_a_beginning_and_an_end(session: DebugSession) -> None:
    run = create_run(session, state="running", outcome="")
    lease = Lease(run.pk, run.epoch, "")

    run_set_paused(lease, True)
    run.refresh_from_db()
    assert run.held_since is not None

    run_set_paused(lease, False)
    run.refresh_from_db()
    assert (run.state, run.held_since) == ("running", None)


def test_so_has_a_stop_in_a_debugger(session: DebugSession) -> None:
    run = create_run(session, state="running", outcome="")
    lease = Lease(run.pk, run.epoch, "")

    run_set_debugger(lease, STOPPED)
    run.refresh_from_db()
    assert run.held_since is not None

    run_set_debugger(lease, STOPPED | {"state": "running"})
    run.refresh_from_db()
    assert run.held_since is None


@pytest.mark.processes
@pytest.mark.usefixtures("worker")
def test_a_worker_that_was_held_is_free_again(settings: Any) -> None:
    """Through queue, worker and child."""
    scenario = runner.scenario("watched-counter")
    assert scenario is not None
    owner = create_user("dora")
    run = launch_scenario(owner=owner, scenario=scenario, hold=True).runs.get()
    settings.HOLD_MINUTES = 1e-6

    deadline = time.monotonic() + 60
    while run.parked_at is None and time.monotonic() < deadline:
        holds_end()
        time.sleep(0.1)
        run.refresh_from_db()

    assert (run.state, run.lease_owner) == ("paused", "")
