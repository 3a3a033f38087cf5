"""Following a run: nothing missing, nothing twice, nobody who may not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.core import signing

from hwbpweb.redis import redis_client
from sessions_app import consumers, hub, stream
from sessions_app.models import DebugSession, Run, ShareLink
from sessions_app.permissions import SHARE_COOKIE, SHARE_SALT
from sessions_app.services.sharing import share_link_create
from sessions_app.tests.factories import (
    create_run,
    create_session,
    create_user,
    store_chunk,
    store_hits,
)
from sessions_app.tests.live.follower import Follower, follow, hits, publish, settle

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def session(alice: User) -> DebugSession:
    return create_session(alice)


@pytest.fixture
def finished(session: DebugSession) -> Run:
    """250 hits, 1500 events."""
    run = create_run(session)
    store_hits(run, 250)
    return run


@pytest.fixture
def live(session: DebugSession) -> Run:
    """A running run of which 10 hits are stored."""
    run = create_run(session, state="running", outcome="")
    store_hits(run, 10)
    return run


@pytest.fixture
async def following() -> AsyncIterator[Any]:
    """follow(), with the sockets closed at the end."""
    opened: list[Follower] = []

    async def one(*arguments: Any, **options: Any) -> Follower:
        opened.append(await follow(*arguments, **options))
        return opened[-1]

    yield one
    for follower in opened:
        await follower.socket.disconnect()


@database_sync_to_async
def change(run: Run, **fields: Any) -> None:
    """The row changes, as a worker changes it, and the listeners are told."""
    Run.objects.filter(pk=run.pk).update(**fields)
    stream.publish_state(run.pk)


@database_sync_to_async
def cookie_of(session: DebugSession) -> tuple[dict[str, str], ShareLink]:
    link, _ = share_link_create(session=session, by=session.owner, expires_at=None)
    return {SHARE_COOKIE: signing.dumps([str(link.pk)], salt=SHARE_SALT)}, link


async def refusal(follower: Follower) -> int:
    """The code that the socket is closed with."""
    message = await follower.socket.receive_output(timeout=5)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


async def test_a_finished_run_is_replayed_whole(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice)

    await follower.until_state("finished")

    assert follower.seqs == list(range(1, 1501))


async def test_the_end_is_told_after_all_events(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice)

    await follower.until_state("finished")

    assert follower.seqs[-1] == 1500


@pytest.mark.parametrize("seq", [1, 599, 600, 601, 1499])
async def test_a_cursor_is_continued(
    finished: Run, alice: User, following: Any, seq: int
) -> None:
    follower = await following(finished.pk, alice, after=f"1:{seq}")

    await follower.until_state("finished")

    assert follower.seqs == list(range(seq + 1, 1501))
    assert not follower.resets


async def test_frames_say_how_many_hits_came_before(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice, after="1:13")

    await follower.until_seq(1500)

    # Event 13 is the first of hit 3.
    assert follower.hits_before[0] == 3


async def test_a_cursor_at_the_end_gets_only_the_state(
    finished: Run, alice: User, following: Any
) -> None:
    follower = await following(finished.pk, alice, after="1:1500")

    await follower.until_state("finished")

    assert follower.seqs == []


async def test_live_events_follow_the_stored_ones(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice)
    await follower.until_seq(60)

    await publish(live.pk, hits(11, 20))
    await follower.until_seq(120)

    assert follower.seqs == list(range(1, 121))


async def test_a_tail_that_overlaps_the_store_is_not_sent_twice(
    live: Run, alice: User, following: Any
) -> None:
    await publish(live.pk, hits(5, 12))
    follower = await following(live.pk, alice)

    await follower.until_seq(72)

    assert follower.seqs == list(range(1, 73))


async def test_a_live_event_arrives_within_a_fifth_of_a_second(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    await settle()
    began = time.monotonic()

    await publish(live.pk, hits(11, 11))
    await follower.until_seq(66)

    assert time.monotonic() - began < 0.2


async def test_a_hole_in_the_tail_is_stated(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")

    await publish(live.pk, hits(15, 15))
    await follower.until_seq(90)

    assert follower.gaps == [(61, 24)]
    assert follower.seqs == list(range(85, 91))


async def test_a_follower_slower_than_the_ring_gets_a_gap(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(hub, "RING_EVENTS", 120)
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    for first in range(11, 111, 10):
        await publish(live.pk, hits(first, first + 9))

    await follower.until_seq(660)

    missing = sum(count for _, count in follower.gaps)
    assert len(follower.seqs) + missing == 600


async def test_a_very_long_way_back_is_a_gap(
    finished: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(consumers, "REPLAY_EVENTS", 500)
    follower = await following(finished.pk, alice)

    await follower.until_state("finished")

    assert follower.gaps == [(1, 1000)]
    assert follower.seqs == list(range(1001, 1501))


async def test_a_state_change_is_told(live: Run, alice: User, following: Any) -> None:
    follower = await following(live.pk, alice)
    await follower.until_state("running")

    await change(live, state="paused")
    await follower.until_state("paused")

    assert [s["state"] for s in follower.states] == ["running", "paused"]


async def test_a_new_epoch_resets_the_follower(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice)
    await follower.until_seq(60)

    await change(live, epoch=2, events=0, hits=0)
    await publish(live.pk, hits(1, 2), epoch=2)
    follower.seqs.clear()
    await follower.until_seq(12)

    assert follower.resets == [2]
    assert follower.seqs == list(range(1, 13))


async def test_a_cursor_of_an_older_epoch_begins_anew(
    finished: Run, alice: User, following: Any
) -> None:
    await change(finished, epoch=3)
    await database_sync_to_async(finished.chunks.update)(epoch=3)
    follower = await following(finished.pk, alice, after="1:1000")

    await follower.until_state("finished")

    assert follower.resets == [3]
    assert follower.seqs == list(range(1, 1501))


async def test_entries_of_a_dead_epoch_are_not_sent(
    live: Run, alice: User, following: Any
) -> None:
    await change(live, epoch=2, events=0, hits=0)
    await publish(live.pk, hits(1, 1), epoch=2)
    await publish(live.pk, hits(11, 11), epoch=1)
    follower = await following(live.pk, alice, after="2:0")

    await follower.until_seq(6)
    await settle()

    assert follower.seqs == list(range(1, 7))


async def test_what_the_tail_lost_comes_from_the_store(
    live: Run, alice: User, following: Any
) -> None:
    """Redis is away: chunks are written, nothing is published."""
    follower = await following(live.pk, alice)
    await follower.until_seq(60)

    await database_sync_to_async(store_chunk)(live, hits(11, 12), hits_before=10)
    await change(live, events=72, hits=12)
    await follower.until_seq(72)

    assert follower.seqs == list(range(1, 73))


async def test_charlie_does_not_follow_alices_run(
    finished: Run, following: Any
) -> None:
    charlie = await database_sync_to_async(create_user)("charlie")

    assert await refusal(await following(finished.pk, charlie)) == 4404


async def test_nobody_does_not_follow_alices_run(finished: Run, following: Any) -> None:
    assert await refusal(await following(finished.pk)) == 4404


async def test_the_holder_of_a_link_follows(
    finished: Run, session: DebugSession, following: Any
) -> None:
    cookies, _ = await cookie_of(session)
    follower = await following(finished.pk, cookies=cookies)

    await follower.until_state("finished")

    assert follower.seqs[-1] == 1500


async def test_a_revoked_link_ends_the_socket(
    live: Run, session: DebugSession, following: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(consumers, "_CHECK_AGAIN", 0.1)
    cookies, link = await cookie_of(session)
    follower = await following(live.pk, cookies=cookies)
    await follower.until_seq(60)

    await database_sync_to_async(link.delete)()
    await follower.take()

    assert await refusal(follower) == 4404


@pytest.mark.parametrize(
    "after", ["x", "1", "1:-5", "a:b", "1:9999999999999999999", "1:²"]
)
async def test_a_broken_cursor_is_refused(
    finished: Run, alice: User, following: Any, after: str
) -> None:
    assert await refusal(await following(finished.pk, alice, after=after)) == 4400


async def test_followers_share_one_reader(
    live: Run, alice: User, following: Any
) -> None:
    for _ in range(5):
        await following(live.pk, alice)

    assert hub.tails_open() == 1


async def test_the_last_follower_ends_the_reader(live: Run, alice: User) -> None:
    follower = await follow(live.pk, alice)

    await follower.socket.disconnect()

    assert hub.tails_open() == 0


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


async def test_a_browser_that_returns_after_a_lost_redis_misses_nothing(
    live: Run, alice: User, following: Any
) -> None:
    follower = await following(live.pk, alice, after="1:60")
    await follower.until_state("running")
    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert await refusal(follower) == 1011

    await publish(live.pk, hits(11, 11))
    again = await following(live.pk, alice, after="1:60")
    await again.until_seq(66)

    assert again.seqs == list(range(61, 67))


async def test_a_lost_redis_leaves_no_reader(live: Run, alice: User) -> None:
    follower = await follow(live.pk, alice)
    await follower.until_state("running")

    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    await follower.socket.wait(timeout=5)

    assert hub.tails_open() == 0
