"""/api/v1/compare/: who may ask, what is answered, what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from emulator.events import Outcome
from sessions_app.models import DebugSession, Run
from sessions_app.tests.compared import stored_run
from sessions_app.tests.factories import create_run, create_session

Json = dict[str, Any]


@pytest.fixture
def left(session: DebugSession) -> Run:
    """Ten hits, all right."""
    return stored_run(session)


@pytest.fixture
def right(session: DebugSession) -> Run:
    """Ten hits; DR7 is stale after hits 4 and 7."""
    return stored_run(session, stale=(4, 7))


def ask(api: APIClient, left: object, right: object, **query: object) -> Any:
    pk = [getattr(run, "pk", run) for run in (left, right)]
    return api.get("/api/v1/compare/", {"left": pk[0], "right": pk[1], **query})


def compared(api: APIClient, left: Run, right: Run, **query: object) -> Json:
    answer = ask(api, left, right, **query)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


# --- Who


def test_alice_compares_her_runs(alice_api: APIClient, left: Run, right: Run) -> None:
    assert compared(alice_api, left, right)["equal"] is False


def test_bob_compares_runs_of_the_shared_session(
    bob_api: APIClient, left: Run, right: Run
) -> None:
    assert compared(bob_api, left, right)["equal"] is False


def test_charlie_does_not_find_the_runs(
    charlie_api: APIClient, left: Run, right: Run
) -> None:
    assert ask(charlie_api, left, right).status_code == 404


def test_a_stranger_does_not_find_the_runs(
    client: APIClient, left: Run, right: Run
) -> None:
    assert ask(client, left, right).status_code == 404


@pytest.mark.parametrize("swapped", [False, True])
def test_both_runs_must_be_readable(
    alice_api: APIClient, left: Run, charlie: User, swapped: bool
) -> None:
    secret = stored_run(create_session(charlie))
    pair = (secret, left) if swapped else (left, secret)

    assert ask(alice_api, *pair).status_code == 404


def test_bobs_link_does_not_reach_another_session(
    bob_api: APIClient, left: Run, alice: User
) -> None:
    elsewhere = stored_run(create_session(alice))

    assert ask(bob_api, left, elsewhere).status_code == 404


def test_runs_of_two_sessions_of_one_person(
    alice_api: APIClient, left: Run, alice: User
) -> None:
    elsewhere = stored_run(create_session(alice))

    assert compared(alice_api, left, elsewhere)["equal"] is True


# --- What


def test_the_first_divergence_is_in_a_register(
    alice_api: APIClient, left: Run, right: Run
) -> None:
    first = compared(alice_api, left, right)["first"]

    assert first["sentence"] == "DR7 after IRET: left 0xd0602, right 0x10602"
    assert (first["at"]["left_hit"], first["left_seq"]) == (4, 24)


def test_the_counts(alice_api: APIClient, left: Run, right: Run) -> None:
    found = compared(alice_api, left, right)

    assert (found["differences"], found["counts"]["hits"]["same"]) == (2, 8)
    assert found["after_iret"]["right"] == {"returns": 10, "dr7_parted": 2}


def test_one_sort_of_difference_is_one_fact(
    alice_api: APIClient, left: Run, right: Run
) -> None:
    (fact,) = compared(alice_api, left, right)["facts"]

    assert (fact["subject"], fact["count"], fact["difference"]) == (
        "DR7 after IRET",
        2,
        1,
    )


def test_addresses_have_the_names_of_the_recipe(
    alice_api: APIClient, session: DebugSession, left: Run
) -> None:
    fewer = stored_run(session, (1, 2))

    sentence = compared(alice_api, left, fewer)["first"]["sentence"]

    assert sentence == "left hits counter from again+0x7 on CPU 0, right does not"


def test_equal_runs(alice_api: APIClient, session: DebugSession, left: Run) -> None:
    found = compared(alice_api, left, stored_run(session))

    assert (found["equal"], found["first"], found["differences"]) == (True, None, 0)


def test_a_run_is_equal_to_itself(alice_api: APIClient, left: Run) -> None:
    assert compared(alice_api, left, left)["equal"] is True


def test_equal_digests_are_said(alice_api: APIClient, session: DebugSession) -> None:
    one, other = (stored_run(session, digest="ab" * 32) for _ in range(2))

    assert compared(alice_api, one, other)["same_digest"] is True


def test_another_digest_of_the_same_events_is_no_difference(
    alice_api: APIClient, session: DebugSession
) -> None:
    one, other = (stored_run(session, digest=d * 32) for d in ("ab", "cd"))

    found = compared(alice_api, one, other)
    assert (found["equal"], found["same_digest"]) == (True, False)


def test_the_cursor_walks_over_every_difference_once(
    alice_api: APIClient, left: Run, right: Run
) -> None:
    seen, after = [], 0
    while after is not None:
        page = compared(alice_api, left, right, after=after, limit=1)
        seen += [r["number"] for r in page["results"] if r["type"] == "difference"]
        after = page["next"]

    assert seen == [1, 2]


def test_equal_stretches_are_folded(
    alice_api: APIClient, left: Run, right: Run
) -> None:
    results = compared(alice_api, left, right)["results"]

    assert [r.get("hits", "difference") for r in results] == [
        3,
        "difference",
        2,
        "difference",
        3,
    ]


# --- Runs that are not over


def test_a_running_run_is_compared_as_far_as_it_is_stored(
    alice_api: APIClient, session: DebugSession, left: Run
) -> None:
    short = {"state": "running", "outcome": "", "end": None}
    running = stored_run(session, range(1, 6), **short)

    found = compared(alice_api, left, running)

    assert found["equal"] is True
    assert found["compared"]["right"] == {
        "events": 30,
        "whole": False,
        "short": "is running",
    }


def test_a_difference_before_the_end_of_a_running_run_is_one(
    alice_api: APIClient, session: DebugSession, left: Run
) -> None:
    running = stored_run(
        session, range(1, 9), stale=(2,), end=None, state="running", outcome=""
    )

    assert compared(alice_api, left, running)["differences"] == 1


def test_a_cancelled_run_says_so(
    alice_api: APIClient, session: DebugSession, left: Run
) -> None:
    cancelled = stored_run(
        session,
        range(1, 6),
        end=Outcome.cancelled,
        state="cancelled",
        outcome="cancelled",
    )

    found = compared(alice_api, left, cancelled)
    assert (found["equal"], found["compared"]["right"]["short"]) == (
        True,
        "ended early: cancelled",
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_run_without_events_is_a_problem(
    alice_api: APIClient, session: DebugSession, left: Run, side: str
) -> None:
    queued = create_run(session, state="queued", outcome="")
    pair = (queued, left) if side == "left" else (left, queued)

    answer = ask(alice_api, *pair)

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_recorded")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == side


def test_more_events_than_are_read_are_said(
    alice_api: APIClient, session: DebugSession
) -> None:
    long, other = stored_run(session), stored_run(session)
    Run.objects.filter(pk=long.pk).update(events=5_000_000)

    found = compared(alice_api, long, other)

    assert found["compared"]["left"]["whole"] is False
    assert "61 events that are read" in found["compared"]["left"]["short"]


# --- What is refused


def test_an_unknown_run(alice_api: APIClient, left: Run) -> None:
    answer = ask(alice_api, left, uuid.uuid4())

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param({"left": "x"}, "left", id="no-id"),
        pytest.param({"left": ""}, "left", id="empty"),
        pytest.param({"after": "-1"}, "after", id="cursor"),
        pytest.param({"limit": "0"}, "limit", id="no-limit"),
        pytest.param({"limit": "101"}, "limit", id="limit-too-high"),
    ],
)
def test_what_makes_no_sense_is_refused(
    alice_api: APIClient, left: Run, query: dict[str, str], field: str
) -> None:
    given = {"left": str(left.pk), "right": str(left.pk)} | query

    answer = alice_api.get("/api/v1/compare/", given)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_both_runs_must_be_named(alice_api: APIClient, left: Run) -> None:
    answer = alice_api.get("/api/v1/compare/", {"left": str(left.pk)})

    error = answer.json()["errors"][0]
    assert (error["field"], error["detail"]) == ("right", "missing")


def test_the_schema_describes_it(client: APIClient, db: None) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]

    names = {p["name"] for p in paths["/api/v1/compare/"]["get"]["parameters"]}
    assert names == {"left", "right", "after", "limit"}


def test_a_second_question_costs_few_queries(
    alice_api: APIClient, left: Run, right: Run, django_assert_max_num_queries
) -> None:
    compared(alice_api, left, right)

    with django_assert_max_num_queries(16):
        compared(alice_api, left, right, after=1)
