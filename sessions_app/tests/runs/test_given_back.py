"""Wishes that meet a run at the moment when its worker gives it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from hwbpweb.redis import redis_client
from sessions_app import dispatch
from sessions_app.models import DebugSession, Run
from sessions_app.runner import PARKED, RunEnd
from sessions_app.services import run_commands, runs
from sessions_app.tests.factories import create_run

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture
def held(session: DebugSession) -> Run:
    """A worker has it, and it stands."""
    return create_run(session, state="paused", outcome="", epoch=1)


def given_back(run: Run) -> None:
    """As its worker does."""
    runs.run_park(runs.Lease(run.pk, 1, "w"), RunEnd(PARKED))
    run_commands.run_parked(run.pk, dispatch.take_commands(run.pk))


@pytest.fixture
def too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker leaves between the look at the row and the word to it."""
    send = dispatch.send_command

    def late(run_id: Any, command: str) -> None:
        given_back(Run.objects.get(pk=run_id))
        send(run_id, command)

    monkeypatch.setattr(dispatch, "send_command", late)


@pytest.mark.usefixtures("too_late")
def test_a_resume_that_no_worker_heard_is_done(held: Run) -> None:
    run_commands.run_resume(run=held)

    held.refresh_from_db()
    assert (held.state, held.hold) == ("queued", False)


@pytest.mark.usefixtures("too_late")
def test_the_next_worker_does_not_hear_it(held: Run) -> None:
    """A debugger may have it woken, to find it where it stood."""
    run_commands.run_resume(run=held)

    with redis_client() as client:
        assert client.exists(dispatch.commands_key(held.pk)) == 0


@pytest.mark.parametrize(
    ("command", "state"), [("resume", "queued"), ("cancel", "cancelled")]
)
def test_a_wish_finds_it_given_back_just_now(
    held: Run, command: str, state: str
) -> None:
    """Between the look for a parked one and the look for one that has a worker."""
    given_back(held)

    run_commands._to_worker(held, command, {"cancel_requested": command == "cancel"})

    held.refresh_from_db()
    assert held.state == state


def test_a_deleted_one_is_brought_to_its_end(held: Run) -> None:
    Run.objects.filter(pk=held.pk).update(
        cancel_requested=True, deleted_at=timezone.now()
    )

    given_back(held)

    assert Run.everything.get(pk=held.pk).state == "cancelled"
