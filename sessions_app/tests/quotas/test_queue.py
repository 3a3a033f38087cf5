"""In which order queued runs are taken, and who is told of their place."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.run_queue import queue_order, queue_place
from sessions_app.services import execution
from sessions_app.services.execution import turn_take
from sessions_app.services.run_commands import run_cancel
from sessions_app.services.runs import Lease, run_claim
from sessions_app.tests.factories import create_run, create_session


def queued(owner: User, count: int, state: str = "queued") -> list[Run]:
    """Runs that somebody has started, in this order."""
    session = create_session(owner)
    wishes: dict[str, Any] = {"state": state, "outcome": "", "started_by": owner}
    return [create_run(session, epoch=0, **wishes) for _ in range(count)]


def keys(*runs: Run) -> list[object]:
    return [run.pk for run in runs]


def test_one_persons_runs_are_taken_as_they_came(alice: User) -> None:
    runs = queued(alice, 3)

    assert queue_order() == keys(*runs)


def test_people_take_turns(alice: User, charlie: User) -> None:
    a, b, c = queued(alice, 3)
    x, y = queued(charlie, 2)

    assert queue_order() == keys(a, x, b, y, c)


def test_whoever_has_a_run_going_has_had_a_turn(alice: User, charlie: User) -> None:
    queued(alice, 1, state="running")
    a, b = queued(alice, 2)
    x, y = queued(charlie, 2)

    assert queue_order() == keys(x, a, y, b)


def test_a_paused_run_is_one_that_goes_on(alice: User, charlie: User) -> None:
    queued(alice, 1, state="paused")
    (a,) = queued(alice, 1)
    (x,) = queued(charlie, 1)

    assert queue_order() == keys(x, a)


def test_a_parked_run_is_not(alice: User, charlie: User) -> None:
    (parked,) = queued(alice, 1, state="paused")
    Run.objects.filter(pk=parked.pk).update(parked_at=timezone.now())
    (a,) = queued(alice, 1)
    (x,) = queued(charlie, 1)

    assert queue_order() == keys(a, x)


def test_one_that_goes_on_waits_from_that_moment(alice: User) -> None:
    parked, later = queued(alice, 2)
    now = timezone.now()
    Run.objects.filter(pk=parked.pk).update(parked_at=now, held_since=now)

    assert queue_order() == keys(later, parked)


def test_a_place_counts_from_1(alice: User, charlie: User) -> None:
    _, b = queued(alice, 2)
    (x,) = queued(charlie, 1)

    assert (queue_place(x), queue_place(b)) == (2, 3)


@pytest.mark.parametrize("state", ["running", "paused", "finished", "cancelled"])
def test_what_does_not_wait_has_none(alice: User, state: str) -> None:
    (run,) = queued(alice, 1, state=state)

    assert queue_place(run) is None


def test_who_leaves_the_queue_lets_the_others_up(alice: User) -> None:
    first, second = queued(alice, 2)

    run_cancel(run=first)

    assert queue_place(second) == 1


@pytest.fixture
def taken(monkeypatch: Any) -> list[object]:
    """What was executed, in order; here there is no child to do it."""
    done: list[object] = []

    def executed(lease: Lease) -> None:
        done.append(lease.run_id)

    monkeypatch.setattr(execution, "_executed", executed)
    return done


def test_a_message_takes_the_run_whose_turn_it_is(
    alice: User, charlie: User, taken: list[object]
) -> None:
    a, b = queued(alice, 2)
    (x,) = queued(charlie, 1)

    for message in (a, b, x):  # as they were sent
        turn_take(message.pk)

    assert taken == keys(a, x, b)


def test_a_run_whose_worker_was_lost_goes_on_first(
    alice: User, taken: list[object], settings: Any
) -> None:
    settings.LEASE_TTL = 0.0
    (lost,) = queued(alice, 1)
    run_claim(lost.pk, "a worker that vanishes")
    queued(alice, 1)

    turn_take(lost.pk)

    assert taken == [lost.pk]


def test_a_message_too_many_takes_nothing(alice: User, taken: list[object]) -> None:
    (run,) = queued(alice, 1)

    for _ in range(3):
        turn_take(run.pk)

    assert taken == [run.pk]


def test_rest_tells_the_place(alice: User, alice_api: APIClient) -> None:
    first, second = queued(alice, 2)

    answer = alice_api.get(f"/api/v1/runs/{second.pk}/")

    assert answer.json()["place"] == 2


def test_a_run_that_is_over_has_null_there(run: Run, alice_api: APIClient) -> None:
    assert alice_api.get(f"/api/v1/runs/{run.pk}/").json()["place"] is None


def test_a_list_looks_at_the_queue_once(
    alice: User, alice_api: APIClient, django_assert_max_num_queries: Any
) -> None:
    queued(alice, 30)

    with django_assert_max_num_queries(6):
        found = alice_api.get("/api/v1/runs/").json()["results"]
    assert [each["place"] for each in found] == list(range(30, 0, -1))


def test_the_page_says_it(alice: User, alice_client: Client) -> None:
    _, second = queued(alice, 2)

    text = alice_client.get(f"/sessions/{second.session_id}/?run=2").text

    assert ">queued, place 2</span>" in text


def test_so_does_the_list_of_sessions(
    session: DebugSession, alice: User, alice_client: Client
) -> None:
    queued(alice, 1)
    create_run(session, state="queued", outcome="", started_by=alice)

    text = alice_client.get("/?rows=1").text

    assert ">queued, place 1</span>" in text
    assert ">queued, place 2</span>" in text


def test_the_page_of_a_parked_run_says_so(
    session: DebugSession, alice_client: Client
) -> None:
    create_run(session, state="paused", outcome="", parked_at=timezone.now())

    text = alice_client.get(f"/sessions/{session.pk}/").text

    assert ">parked</span>" in text
