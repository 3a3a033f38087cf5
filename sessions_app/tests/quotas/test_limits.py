"""What one person may have at once, and how a refusal is worded."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from sessions_app import runner
from sessions_app.errors import StorageFull, TooManyRuns
from sessions_app.models import DebugSession, Image, Run, Team
from sessions_app.services.deletion import run_delete, session_delete
from sessions_app.services.images import image_keep
from sessions_app.services.launch import launch_scenario
from sessions_app.services.quotas import image_charge, usage_of
from sessions_app.services.run_commands import run_cancel
from sessions_app.services.runs import run_create
from sessions_app.services.teams import member_join, team_create
from sessions_app.tests.factories import (
    create_image,
    create_run,
    create_session,
    create_user,
    store_hits,
)


def waiting(session: DebugSession, count: int, **fields: Any) -> list[Run]:
    """Runs that their session's owner has started."""
    wishes = {"state": "queued", "outcome": "", "started_by": session.owner} | fields
    return [create_run(session, **wishes) for _ in range(count)]


def start(api: APIClient, run: Run) -> Any:
    """The same recipe once more, over REST."""
    wish = {"session": str(run.session_id), "recipe": run.recipe_id}
    return api.post("/api/v1/runs/", wish, format="json")


# Runs at once


def test_one_more_than_the_limit_is_refused(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_RUNS = 2
    waiting(session, 2)

    answer = start(alice_api, run)

    assert (answer.status_code, answer["Content-Type"]) == (
        429,
        "application/problem+json",
    )
    assert answer.json()["code"] == "too_many_runs"
    assert answer.json()["errors"] == [
        {
            "field": "runs",
            "value": 2,
            "detail": "2 runs of yours wait or go on; 2 may at once",
            "allowed": "fewer than 2: let one end, or cancel it",
        }
    ]
    assert Run.objects.count() == 3


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_what_waits_goes_on_or_stands_counts(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any, state: str
) -> None:
    settings.MAX_RUNS = 1
    waiting(session, 1, state=state)

    assert start(alice_api, run).status_code == 429


@pytest.mark.parametrize("state", ["finished", "failed", "cancelled"])
def test_what_is_over_does_not(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any, state: str
) -> None:
    settings.MAX_RUNS = 1
    waiting(session, 3, state=state)

    assert start(alice_api, run).status_code == 201


def test_a_cancelled_run_makes_room(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_RUNS = 1
    (first,) = waiting(session, 1)
    run_cancel(run=first)

    assert start(alice_api, run).status_code == 201


def test_runs_of_others_do_not_count(
    session: DebugSession, run: Run, alice_api: APIClient, charlie: User, settings: Any
) -> None:
    settings.MAX_RUNS = 1
    waiting(create_session(charlie), 5)

    assert start(alice_api, run).status_code == 201


def test_0_is_no_limit(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_RUNS = 0
    waiting(session, 200)

    assert start(alice_api, run).status_code == 201


def test_a_maintainer_starts_in_their_own_number(
    session: DebugSession,
    run: Run,
    charlie: User,
    charlie_api: APIClient,
    settings: Any,
) -> None:
    settings.MAX_RUNS = 1
    waiting(session, 1)
    team = team_create(owner=session.owner, name="kgdb")
    member_join(team=team, user=charlie, role="maintainer")
    DebugSession.objects.update(team=Team.objects.get())

    answer = start(charlie_api, run)

    assert answer.status_code == 201
    assert Run.objects.get(pk=answer.json()["id"]).started_by == charlie
    assert start(charlie_api, run).status_code == 429


def test_a_scenario_of_two_runs_starts_whole_or_not_at_all(
    alice: User, settings: Any
) -> None:
    settings.MAX_RUNS = 1
    scenario = runner.scenario("perf-eats-kgdb")
    assert scenario is not None
    assert scenario.pair is not None

    with pytest.raises(TooManyRuns):
        launch_scenario(owner=alice, scenario=scenario, versions=scenario.pair)

    assert not DebugSession.objects.exists()


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        ("runs/1/again/", "Not started"),
        ("runs/1/verify/", "may at once"),
        ("duplicate/", "Not duplicated"),
    ],
)
def test_a_page_says_which_limit(
    session: DebugSession,
    run: Run,
    alice_client: Client,
    settings: Any,
    tail: str,
    words: str,
) -> None:
    settings.MAX_RUNS = 1
    waiting(session, 1)

    answer = alice_client.post(f"/sessions/{session.pk}/{tail}", follow=True)

    assert words in answer.text
    assert "1 runs of yours wait or go on; 1 may at once" in answer.text


@pytest.mark.parametrize(
    ("tail", "given"),
    [
        ("runs/1/settings/", {"seed": "2"}),
        ("runs/1/breakpoint/", {"bp0-type": "write", "bp0-length": "4"}),
    ],
)
def test_so_does_a_form(
    alice: User, alice_client: Client, settings: Any, tail: str, given: dict[str, str]
) -> None:
    scenario = runner.scenario("watched-counter")
    assert scenario is not None
    session = launch_scenario(owner=alice, scenario=scenario)
    settings.MAX_RUNS = 1
    limits = {"instructions": "10000", "events": "1000", "wall_ms": "1000"}
    place = {"bp0-at": "demo_counter"}

    answer = alice_client.post(f"/sessions/{session.pk}/{tail}", given | limits | place)

    assert answer.status_code == 422
    assert "may at once" in answer.text
    assert session.runs.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_do_not_both_take_the_last_place(settings: Any) -> None:
    settings.MAX_RUNS = 1
    session = create_session(create_user("dora"))
    recipe = create_run(session).recipe
    told: list[str] = []

    def begin() -> None:
        try:
            run_create(session=session, recipe=recipe)
            told.append("started")
        except TooManyRuns:
            told.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == ["refused", "refused", "refused", "started"]


# Bytes


def size_of(run: Run) -> int:
    return sum(run.chunks.values_list("size", flat=True))


def test_traces_of_ones_sessions_count(alice: User, run: Run) -> None:
    other = create_run(run.session)
    store_hits(other, 10)

    assert usage_of(alice).traces == size_of(run) + size_of(other)
    assert size_of(run) > size_of(other) > 0


def test_traces_of_others_do_not(charlie: User, run: Run) -> None:
    assert usage_of(charlie).traces == 0


@pytest.mark.parametrize("what", ["run", "session"])
def test_what_is_deleted_does_not(alice: User, run: Run, what: str) -> None:
    if what == "run":
        run_delete(run=run)
    else:
        session_delete(session=run.session)

    assert usage_of(alice).traces == 0


def test_a_program_counts_once_for_each_who_brought_it(
    alice: User, charlie: User
) -> None:
    image = create_image(data=b"\x90" * 1000)
    for person in (alice, alice, charlie):
        image_charge(person, image)

    assert [usage_of(p).images for p in (alice, charlie)] == [1000, 1000]


def test_a_run_does_not_start_where_no_room_is(
    alice: User, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_BYTES = kept = size_of(run)

    answer = start(alice_api, run)

    assert (answer.status_code, answer.json()["code"]) == (403, "storage_full")
    error = answer.json()["errors"][0]
    assert (error["field"], error["value"]) == ("bytes", kept)
    assert error["allowed"].startswith(f"at most {kept}")
    assert Run.objects.count() == 1


def test_deleting_makes_room(
    alice: User, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_BYTES = size_of(run)
    second = create_run(run.session)
    run_delete(run=run)

    assert start(alice_api, second).status_code == 201


def unkept(size: int) -> Image:
    return Image(sha256="ab" * 32, data=b"\x90" * size, size=size, kind="elf64")


def test_a_program_that_does_not_fit_is_not_kept(alice: User, settings: Any) -> None:
    settings.MAX_BYTES = 999

    with pytest.raises(StorageFull) as refused:
        image_keep(unkept(1000), by=alice)

    assert "0 bytes" in refused.value.detail
    assert "1000 would come" in refused.value.detail
    assert not Image.objects.exists()


def test_one_that_just_fits_is(alice: User, settings: Any) -> None:
    settings.MAX_BYTES = 1000

    image_keep(unkept(1000), by=alice)

    assert usage_of(alice).images == 1000


def test_one_that_they_have_brought_before_is_no_more_bytes(
    alice: User, settings: Any
) -> None:
    settings.MAX_BYTES = 1000
    image_keep(unkept(1000), by=alice)

    image_keep(unkept(1000), by=alice)

    assert usage_of(alice).images == 1000


# What is told


def test_the_account_page_shows_both_meters(
    session: DebugSession, run: Run, alice_client: Client, settings: Any
) -> None:
    settings.MAX_RUNS = 4
    settings.MAX_BYTES = 10 * size_of(run)
    waiting(session, 1)

    text = alice_client.get("/accounts/usage/").text

    assert "25 percent of its limit" in text
    assert "10 percent of its limit" in text


def test_without_limits_it_says_so(alice_client: Client, settings: Any) -> None:
    settings.MAX_RUNS = settings.MAX_BYTES = 0

    text = alice_client.get("/accounts/usage/").text

    assert text.count(">none</td>") == 2
    assert "percent of its limit" not in text


def test_scripts_read_it(
    session: DebugSession, run: Run, alice_api: APIClient, settings: Any
) -> None:
    settings.MAX_RUNS, settings.MAX_BYTES = 7, 0
    waiting(session, 2)

    assert alice_api.get("/api/v1/quota/").json() == {
        "runs": {"used": 2, "limit": 7},
        "bytes": {
            "used": size_of(run),
            "traces": size_of(run),
            "images": 0,
            "limit": None,
        },
    }
