"""A run that stands gives its worker back, and goes on where it stood (decisions D9)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hwbp.rsp import frame
from sessions_app import selectors
from sessions_app.models import Run
from sessions_app.services.debugger import command_lines
from sessions_app.services.run_commands import (
    run_cancel,
    run_park_wish,
    run_parked,
    run_pause,
    run_resume,
    run_unpark,
)
from sessions_app.services.runs import run_create
from sessions_app.services.verification import stored_digest
from sessions_app.tests.debugger.desk import until
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS, assembled
from sessions_app.tests.debugger.worked import control, is_in, started
from sessions_app.tests.factories import create_user

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]
#: Long enough to be paused in the middle.
LONG = COUNTED.replace("1000", "40000")
WATCHED = {
    "breakpoints": [
        {
            "owner": "perf_user",
            "task": "main",
            "type": "write",
            "length": 4,
            "at": "counter",
        }
    ]
}


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture(autouse=True)
def ended(worker: None) -> Iterator[None]:
    """The worker leaves only when nothing stands any more."""
    yield
    for run in Run.objects.filter(state__in=Run.ACTIVE):
        run_cancel(run=run)
        assert is_in(run, *Run.OVER)


@pytest.fixture
def api(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


def park(run: Run) -> Run:
    """Have it give its worker back."""
    run_park_wish(run=run)
    assert until(lambda: Run.objects.get(pk=run.pk).parked_at is not None, 20)
    run.refresh_from_db()
    return run


def is_whole(run: Run) -> bool:
    """What is stored has the digest that the child said, once chunks are joined."""
    assert until(lambda: Run.objects.get(pk=run.pk).tidy, 20)
    return stored_digest(run, run.emulator_version) == run.digest


@pytest.fixture
def parked(alice: User) -> Run:
    """In the middle of its hits."""
    run = started(alice, LONG, WATCHED, hold=False)
    assert until(lambda: Run.objects.get(pk=run.pk).hits > 1000, 20)
    run_pause(run=run)
    assert is_in(run, "paused")
    park(run)
    assert 1000 < run.hits < 40_000
    return run


def test_a_parked_run_has_no_worker(parked: Run) -> None:
    assert (parked.state, parked.lease_owner, parked.lease_expires) == (
        "paused",
        "",
        None,
    )


def test_it_comes_out_as_if_it_had_never_stood(parked: Run) -> None:
    alone = run_create(session=parked.session, recipe=parked.recipe)
    run_resume(run=parked)

    assert is_in(parked, "finished")
    assert is_in(alone, "finished")
    assert (parked.digest, parked.hits) == (alone.digest, alone.hits)


def test_what_is_stored_is_what_the_digest_says(parked: Run) -> None:
    """Nothing twice, nothing missing where the second worker went on."""
    run_resume(run=parked)
    assert is_in(parked, "finished")

    assert is_whole(parked)


def test_what_was_there_is_not_told_again(parked: Run) -> None:
    epoch = parked.epoch
    run_resume(run=parked)
    assert is_in(parked, "finished")

    assert parked.epoch == epoch


def test_a_pause_of_a_parked_run_changes_nothing(parked: Run) -> None:
    run_pause(run=parked)

    assert is_in(parked, "paused")


def test_what_it_spent_of_its_time_stays_spent(parked: Run) -> None:
    """The limit is met as soon as it stands where it stood."""
    assert parked.spent_ms > 0
    Run.objects.filter(pk=parked.pk).update(spent_ms=10 * 60_000)
    run_resume(run=parked)

    assert is_in(parked, "finished")
    assert parked.outcome == "wall_limit"


def test_a_cancelled_one_keeps_what_it_recorded(parked: Run) -> None:
    run_cancel(run=parked)

    parked.refresh_from_db()
    assert (parked.state, parked.parked_at) == ("cancelled", None)
    assert len(selectors.records_from(parked, parked.events, 10)) == 1


def test_what_was_wanted_while_it_was_given_back_is_done(parked: Run) -> None:
    run_parked(parked.pk, ["pause", "resume"])

    assert is_in(parked, "finished")


def test_also_its_end(parked: Run) -> None:
    run_parked(parked.pk, ["resume", "cancel"])

    assert is_in(parked, "cancelled")


def test_another_emulator_begins_anew(parked: Run) -> None:
    Run.objects.filter(pk=parked.pk).update(emulator_version="0.0.0")
    epoch = parked.epoch
    run_resume(run=parked)

    assert is_in(parked, "finished")
    assert parked.epoch == epoch + 1
    assert is_whole(parked)


def test_a_run_held_before_its_first_instruction_stands_there_again(
    alice: User, api: APIClient
) -> None:
    run = started(alice, ENDLESS)
    assert is_in(run, "paused")
    park(run)

    told = control(api, run, "read_registers", names=["rip"])["result"]["registers"]

    assert int(told["rip"], 16) == assembled(ENDLESS)[2]["_start"]


@pytest.fixture
def stopped(alice: User, api: APIClient) -> Run:
    """A debugger stands at the third write, and its run is parked."""
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    control(api, run, "watch", at="counter")
    for _ in range(3):
        control(api, run, "continue", wait=True)
    return park(run)


def counter(api: APIClient, run: Run) -> str:
    told: Any = control(api, run, "read_memory", at="counter", length=4)
    return str(told["result"]["data"])


def reason(run: Run) -> object:
    return Run.objects.get(pk=run.pk).debugger.get("reason")


def test_a_debugger_finds_its_stop_again(stopped: Run, api: APIClient) -> None:
    assert counter(api, stopped) == "03000000"
    assert until(lambda: reason(stopped) == "watch")


def test_the_log_says_that_nobody_was_there(stopped: Run, api: APIClient) -> None:
    counter(api, stopped)

    lines = command_lines(stopped)
    at = [line["do"] for line in lines].index("park")
    before, after = lines[at], lines[at + 1]
    assert after["do"] == "open"
    assert [before[n] for n in ("cpu", "retired", "seq")] == [
        after[n] for n in ("cpu", "retired", "seq")
    ]


def test_all_that_was_done_is_played_back(stopped: Run, api: APIClient) -> None:
    control(api, stopped, "write_memory", at="counter", data="05000000")
    control(api, stopped, "continue")
    assert is_in(stopped, "finished")

    answer = api.post(f"/api/v1/runs/{stopped.pk}/replay/")

    again = Run.objects.get(pk=answer.json()["id"])
    assert is_in(again, "finished")
    assert again.digest == stopped.digest


def test_resumed_it_runs_on_without_a_debugger(stopped: Run) -> None:
    run_resume(run=stopped)

    assert is_in(stopped, "finished")
    assert is_whole(stopped)


def test_whoever_resumes_one_that_waits_to_stand_lets_it_go(stopped: Run) -> None:
    run_unpark(run=stopped, hold=True)
    assert is_in(stopped, "paused")
    run_resume(run=stopped)

    assert is_in(stopped, "finished")


def test_it_can_be_parked_again(stopped: Run, api: APIClient) -> None:
    counter(api, stopped)

    assert counter(api, park(stopped)) == "03000000"


def connected(api: APIClient, run: Run) -> socket.socket:
    """At the run's port, as a gdb that waits for no acknowledgement."""
    told = api.post(f"/api/v1/runs/{run.pk}/listen/").json()
    line = socket.create_connection((told["host"], told["port"]), timeout=20)
    line.sendall(frame(b"QStartNoAckMode"))
    assert line.recv(100).startswith(b"+$OK")
    return line


def answer(line: socket.socket, packet: bytes) -> bytes:
    line.sendall(frame(packet))
    heard = b""
    while heard.count(b"#") < 1 or heard[-3:-2] != b"#":
        heard += line.recv(1000)
    return heard


def test_a_gdb_at_the_port_is_hung_up_on_and_finds_its_stop_again(
    alice: User, api: APIClient
) -> None:
    run = started(alice, COUNTED)
    assert is_in(run, "paused")
    counter_at = assembled(COUNTED)[2]["counter"]
    with connected(api, run) as line:
        assert b"OK" in answer(line, b"Z2,%x,4" % counter_at)
        stop = answer(line, b"vCont;c")
        park(run)
        assert line.recv(1000) == b""

    with connected(api, run) as line:
        assert answer(line, b"?") == stop
