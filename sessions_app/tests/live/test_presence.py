"""Who looks at a run: told to whoever may read it, to nobody else, and not for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hwbpweb.redis import redis_client
from sessions_app.live import presence
from sessions_app.live.presence import Roll, roll_of, viewers_key
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    create_run,
    create_user,
    store_hits,
)
from sessions_app.tests.live.follower import Follower, cookie_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]
ALICE = {"name": "alice", "pages": 1}
ALICE_TWICE = {"name": "alice", "pages": 2}


@pytest.fixture
def finished(session: DebugSession) -> Run:
    run = create_run(session)
    store_hits(run, 2)
    return run


async def until_count(follower: Follower, count: int) -> dict[str, Any]:
    """The first roll with so many."""
    while not follower.viewers or follower.viewers[-1]["count"] != count:
        await follower.take()
    return follower.viewers[-1]


@database_sync_to_async
def over_rest(run: Run, user: User | None) -> tuple[int, Any]:
    client = APIClient()
    if user is not None:
        client.force_login(user)
    answer = client.get(f"/api/v1/runs/{run.pk}/viewers/")
    return answer.status_code, answer.json()


async def test_a_viewer_is_told_of_themself(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice)

    roll = await until_count(follower, 1)

    assert roll == {"count": 1, "people": [ALICE], "guests": 0}


async def test_two_pages_are_one_person(
    finished: Run, alice: User, following: Any
) -> None:
    await following(finished.pk, alice)
    follower = await following(finished.pk, alice)

    while not follower.viewers or follower.viewers[-1]["people"] != [ALICE_TWICE]:
        await follower.take()

    assert follower.viewers[-1]["count"] == 1


async def test_a_guest_comes_without_a_name(
    finished: Run, session: DebugSession, alice: User, following: Any
) -> None:
    cookies, _ = await cookie_of(session)
    follower = await following(finished.pk, alice)

    await following(finished.pk, cookies=cookies)

    assert await until_count(follower, 2) == {
        "count": 2,
        "people": [ALICE],
        "guests": 1,
    }


async def test_who_leaves_is_gone(
    finished: Run, session: DebugSession, alice: User, following: Any
) -> None:
    cookies, _ = await cookie_of(session)
    guest = await following(finished.pk, cookies=cookies)
    follower = await following(finished.pk, alice)
    await until_count(follower, 2)

    await guest.socket.disconnect()

    assert (await until_count(follower, 1))["guests"] == 0


async def test_the_last_one_leaves_nothing(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice)
    await until_count(follower, 1)

    await follower.socket.disconnect()

    with redis_client() as client:
        assert client.zcard(viewers_key(finished.pk)) == 0


async def test_another_process_is_heard_of(
    finished: Run, alice: User, following: Any
) -> None:
    """As a second web process announces its viewers."""
    follower = await following(finished.pk, alice)
    await until_count(follower, 1)
    with redis_client() as client:
        later = time.time() + presence.KEPT
        client.zadd(viewers_key(finished.pk), {presence.member("bob"): later})

    await presence.announce(str(finished.pk))

    names = [p["name"] for p in (await until_count(follower, 2))["people"]]
    assert names == ["alice", "bob"]


async def test_a_process_that_died_is_forgotten(
    finished: Run, alice: User, following: Any
) -> None:
    with redis_client() as client:
        past = time.time() - 1
        client.zadd(viewers_key(finished.pk), {presence.member("bob"): past})

    follower = await following(finished.pk, alice)

    assert (await until_count(follower, 1))["people"] == [ALICE]


async def test_the_owner_reads_it_over_rest(
    finished: Run, alice: User, following: Any
) -> None:
    await until_count(await following(finished.pk, alice), 1)

    told = await over_rest(finished, alice)

    assert told == (200, {"count": 1, "people": [ALICE], "guests": 0})


async def test_charlie_does_not_learn_who_looks(
    finished: Run, alice: User, following: Any
) -> None:
    charlie = await database_sync_to_async(create_user)("charlie")
    await until_count(await following(finished.pk, alice), 1)

    status, told = await over_rest(finished, charlie)

    assert status == 404
    assert "alice" not in str(told)


async def test_who_is_refused_does_not_count(
    finished: Run, alice: User, following: Any
) -> None:
    charlie = await database_sync_to_async(create_user)("charlie")
    await following(finished.pk, charlie)

    roll = await until_count(await following(finished.pk, alice), 1)

    assert roll["people"] == [ALICE]


def test_without_redis_it_is_not_known(
    finished: Run, alice: User, settings: Any
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    client = APIClient()
    client.force_login(alice)

    answer = client.get(f"/api/v1/runs/{finished.pk}/viewers/")

    assert (answer.status_code, answer.json()["code"]) == (503, "viewers_unknown")


def test_a_name_with_a_colon_stays_whole() -> None:
    assert roll_of([presence.member("a:b").encode()]) == Roll((("a:b", 1),), 0)
