"""A debugged run through the real queue, worker, child, database and Redis."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import Run
from sessions_app.services.debugger import command_lines
from sessions_app.services.run_commands import run_cancel
from sessions_app.tests.debugger.desk import until
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS, assembled
from sessions_app.tests.debugger.worked import control, is_in, started
from sessions_app.tests.factories import create_user

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def api(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


@pytest.fixture
def held(alice: User) -> Iterator[Run]:
    run = started(alice, ENDLESS)
    assert is_in(run, "paused")
    yield run
    run.refresh_from_db()
    if not run.is_over:
        run_cancel(run=run)
        assert is_in(run, "cancelled")


def finished(api: APIClient, run: Run) -> Run:
    """Set the counter to 5 at its third write, and let it run to its end."""
    control(api, run, "watch", at="counter")
    for _ in range(3):
        control(api, run, "continue", wait=True)
    control(api, run, "write_memory", at="counter", data="05000000")
    control(api, run, "delete", breakpoint=1)
    control(api, run, "continue")
    assert is_in(run, "finished")
    return run


def test_a_held_run_waits_for_its_debugger(held: Run) -> None:
    assert (held.retired, held.debugger) == (0, {})


def test_resume_lets_a_held_run_go_without_one(held: Run, api: APIClient) -> None:
    api.post(f"/api/v1/runs/{held.pk}/resume/")

    assert is_in(held, "running")


def test_everybody_sees_who_controls(held: Run, api: APIClient) -> None:
    control(api, held, "attach")

    assert until(lambda: Run.objects.get(pk=held.pk).debugger.get("who") == "alice")


def test_stops_at_names(held: Run, api: APIClient) -> None:
    control(api, held, "break", at="again")

    told = control(api, held, "continue", wait=True)
    rip = control(api, held, "read_registers", names=["rip"])["result"]["registers"]

    assert told["result"]["stop"] == "breakpoint"
    assert int(rip["rip"], 16) == assembled(ENDLESS)[2]["again"]


def test_each_command_is_stored_with_name_and_position(
    held: Run, api: APIClient
) -> None:
    control(api, held, "threads")

    lines = command_lines(held)
    assert (lines[0]["do"], lines[0]["who"], lines[0]["retired"]) == (
        "open",
        "alice",
        0,
    )
    assert [line["do"] for line in lines[1:]] == ["data"] * (len(lines) - 1)


def test_a_debugger_may_leave(held: Run, api: APIClient) -> None:
    control(api, held, "break", at="again")
    control(api, held, "detach")

    assert until(lambda: Run.objects.get(pk=held.pk).debugger == {})
    assert is_in(held, "running")


def test_the_played_back_run_has_the_same_digest(alice: User, api: APIClient) -> None:
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    finished(api, run)

    answer = api.post(f"/api/v1/runs/{run.pk}/replay/")

    again = Run.objects.get(pk=answer.json()["id"])
    assert is_in(again, "finished")
    assert (again.digest, again.played_from) == (run.digest, run)


def test_a_played_back_run_can_be_played_back(alice: User, api: APIClient) -> None:
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    finished(api, run)
    once = Run.objects.get(pk=api.post(f"/api/v1/runs/{run.pk}/replay/").json()["id"])
    assert is_in(once, "finished")

    twice = Run.objects.get(pk=api.post(f"/api/v1/runs/{once.pk}/replay/").json()["id"])

    assert is_in(twice, "finished")
    assert twice.digest == run.digest


def test_a_run_that_goes_on_cannot_be_played_back(held: Run, api: APIClient) -> None:
    answer = api.post(f"/api/v1/runs/{held.pk}/replay/")

    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_over")


def test_nobody_controls_a_run_that_is_over(alice: User, api: APIClient) -> None:
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    control(api, run, "attach")
    control(api, run, "continue")
    assert is_in(run, "finished")

    answer = api.post(f"/api/v1/runs/{run.pk}/control/", {"do": "step"})

    assert (run.debugger, answer.status_code) == ({}, 409)


def test_time_in_the_debugger_is_not_the_runs(alice: User, api: APIClient) -> None:
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    control(api, run, "attach")
    time.sleep(0.5)
    control(api, run, "continue")

    assert is_in(run, "finished")
    assert run.outcome == "completed"


def test_a_port_speaks_to_the_same_debugger(held: Run, api: APIClient) -> None:
    told = api.post(f"/api/v1/runs/{held.pk}/listen/").json()
    with socket.create_connection((told["host"], told["port"]), timeout=5) as gdb:
        gdb.sendall(b"$?#3f")
        assert gdb.recv(1000).startswith(b"+$T05")

    assert told["host"] == "127.0.0.1"


def test_asking_twice_tells_the_same_port(held: Run, api: APIClient) -> None:
    path = f"/api/v1/runs/{held.pk}/listen/"

    assert api.post(path).json() == api.post(path).json()


def test_ports_can_be_forbidden(held: Run, api: APIClient, settings: Any) -> None:
    settings.DEBUG_PORTS = False

    answer = api.post(f"/api/v1/runs/{held.pk}/listen/")

    assert (answer.status_code, answer.json()["code"]) == (403, "ports_forbidden")
