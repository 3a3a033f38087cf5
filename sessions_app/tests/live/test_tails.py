"""The tail that all followers of a run share: who begins it, ends it, and what it survives."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from hwbpweb.redis import redis_client
from sessions_app.live import tail
from sessions_app.models import Run
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
)
from sessions_app.tests.live.follower import (
    change,
    follow,
    hits,
    publish,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


async def test_followers_share_one_reader(
    live: Run, alice: User, following: Any
) -> None:
    for _ in range(5):
        await following(live.pk, alice)

    assert tail.tails_open() == 1


async def test_the_last_follower_ends_the_reader(live: Run, alice: User) -> None:
    follower = await follow(live.pk, alice)

    await follower.socket.disconnect()

    assert tail.tails_open() == 0


async def test_a_slow_follower_does_not_hold_up_another(
    live: Run, alice: User, following: Any
) -> None:
    await following(live.pk, alice, after="1:60")  # never takes a frame
    quick = await following(live.pk, alice, after="1:60")

    for first in range(11, 61, 10):
        await publish(live.pk, hits(first, first + 9))
    await quick.until_seq(360)

    assert quick.seqs == list(range(61, 361))


async def test_an_idle_socket_lives_longer_than_the_clients_default_timeout(
    live: Run, alice: User, following: Any
) -> None:
    """redis-py 8 ends a blocking read after 5 s unless told otherwise."""
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    await asyncio.sleep(6)

    await publish(live.pk, hits(11, 11))
    await change(live, state="paused")
    await follower.until_state("paused")
    await follower.until_seq(66)

    assert follower.seqs == list(range(61, 67))


async def test_a_lost_redis_costs_a_follower_nothing(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)

    await publish(live.pk, hits(11, 11))
    await change(live, state="paused")
    await follower.until_seq(66)
    await follower.until_state("paused")

    assert follower.seqs == list(range(61, 67))


async def test_a_database_that_is_away_for_a_moment_is_waited_for(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    look, failures = tail.Tail._look, iter([OperationalError("locked")])

    async def looked(self: tail.Tail) -> None:
        for failure in failures:
            raise failure
        await look(self)

    monkeypatch.setattr(tail.Tail, "_look", looked)
    await change(live, state="paused")
    await follower.until_state("paused")

    assert next(failures, None) is None  # it was away
    assert follower.states[-1]["state"] == "paused"


async def test_a_look_at_the_row_leaves_no_connection_open(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    await change(live, state="paused")
    await follower.until_state("paused")

    # In the thread that all of these share.
    assert await sync_to_async(lambda: connection.connection)() is None


async def test_whoever_comes_while_the_row_is_read_is_let_in(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    """Two open the page at the same moment: the second one found no row and was told
    that there is no such run."""
    look = tail.Tail._look

    async def slowly(self: tail.Tail) -> None:
        await asyncio.sleep(0.2)
        await look(self)

    monkeypatch.setattr(tail.Tail, "_look", slowly)
    followers = await asyncio.gather(
        *(following(live.pk, alice, after="1:0") for _ in range(3))
    )

    for follower in followers:
        await follower.until_seq(10 * EVENTS_PER_HIT)
    assert [len(f.seqs) for f in followers] == [10 * EVENTS_PER_HIT] * 3


async def test_a_first_one_who_leaves_at_once_stands_in_nobodys_way(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    look = tail.Tail._look

    async def slowly(self: tail.Tail) -> None:
        await asyncio.sleep(0.2)
        await look(self)

    monkeypatch.setattr(tail.Tail, "_look", slowly)
    first = asyncio.create_task(tail.tail_join(live.pk))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    follower = await following(live.pk, alice, after="1:0")
    await follower.until_state("running")
    assert len(follower.seqs) == 10 * EVENTS_PER_HIT


async def test_a_tail_that_breaks_lets_its_followers_go(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")

    async def broken(self: tail.Tail) -> None:
        raise ValueError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(tail.Tail, "_look", broken)
        await change(live, state="paused")
        assert await follower.refusal() == 1011
    again = await following(live.pk, alice, after="1:60")

    await again.until_state("paused")


async def test_a_lost_redis_leaves_no_reader(live: Run, alice: User) -> None:
    follower = await follow(live.pk, alice)
    await follower.until_state("running")

    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    await follower.socket.disconnect()

    assert tail.tails_open() == 0
