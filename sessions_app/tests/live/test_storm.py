"""A storm in numbers: who asked for counts gets all of them, and not one event less."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from emulator.events import EventKind
from sessions_app.live import follower as following_module
from sessions_app.live import pace, rounds
from sessions_app.models import DebugSession, Run
from sessions_app.stream import FrameKind
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
    create_run,
    store_hits,
)
from sessions_app.tests.live.follower import (
    Follower,
    change,
    hits,
    publish,
    settle,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]
COUNTS = "storm=counts"


@pytest.fixture
def storm(monkeypatch: Any) -> None:
    """Sixty events are a storm."""
    monkeypatch.setattr(pace, "BURST", 60)
    monkeypatch.setattr(pace, "STEADY", 60)


async def joined(run: Run, user: User, following: Any, wish: str) -> Follower:
    """Up to date with what is stored."""
    follower = await following(run.pk, user, after="1:60", wish=wish)
    await follower.until_state("running")
    return follower


async def test_a_storm_is_told_in_one_frame_of_counts(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, COUNTS)

    await publish(live.pk, hits(11, 60))
    await follower.until(FrameKind.COUNTS)

    told = follower.counts[0]
    assert (told.first, told.count, told.hits_before, told.hits) == (61, 300, 10, 50)


async def test_the_rows_of_a_storm_are_counts_by_kind_cpu_and_slot(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, COUNTS)

    await publish(live.pk, hits(11, 60))
    await follower.until(FrameKind.COUNTS)

    # hit_events: two CALLs, one of each other kind; all on CPU 0, hits in slot 0.
    assert follower.counts[0].rows == [
        (EventKind.HIT, 0, 0, 50),
        (EventKind.CALL, 0, 255, 100),
        (EventKind.NOTIFIER_CALL, 0, 255, 50),
        (EventKind.DR_WRITE, 0, 255, 50),
        (EventKind.IRET, 0, 255, 50),
    ]


async def test_a_storm_brings_its_last_hits_along(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, COUNTS)

    await publish(live.pk, hits(11, 60))
    await follower.until(FrameKind.COUNTS)

    assert [hit.value for hit in follower.counts[0].latest] == list(range(21, 61))


async def test_who_did_not_ask_for_counts_gets_records(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, "")

    await publish(live.pk, hits(11, 60))
    await follower.until_seq(360)

    assert (len(follower.seqs), follower.counts) == (300, [])


async def test_a_few_events_are_no_storm(
    live: Run, alice: User, following: Any
) -> None:
    follower = await joined(live, alice, following, COUNTS)

    await publish(live.pk, hits(11, 60))
    await follower.until_seq(360)

    assert follower.counts == []


async def test_after_a_storm_events_come_one_by_one_again(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, COUNTS)
    await publish(live.pk, hits(11, 60))
    await follower.until(FrameKind.COUNTS)
    await asyncio.sleep(2)  # the bucket fills

    await publish(live.pk, hits(61, 61))
    await follower.until_seq(366)

    assert follower.seqs == list(range(361, 367))


async def test_a_long_way_back_is_told_in_counts(
    session: DebugSession, alice: User, following: Any, monkeypatch: Any
) -> None:
    """250 stored hits in three chunks; the cursor stands inside the first."""
    monkeypatch.setattr(following_module, "MANY", 1000)
    run = await database_sync_to_async(create_run)(session)
    await database_sync_to_async(store_hits)(run, 250)
    follower = await following(run.pk, alice, after="1:9", wish=COUNTS)

    await follower.until_state("finished")

    spans = [(c.first, c.count, c.hits_before, c.hits) for c in follower.counts]
    assert spans == [(10, 591, 2, 98), (601, 600, 100, 100), (1201, 300, 200, 50)]


async def test_nothing_more_is_sent_than_the_window_holds(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(following_module, "WINDOW_FRAMES", 2)
    follower = await joined(live, alice, following, "ack=1")
    for first in range(11, 51, 10):
        await publish(live.pk, hits(first, first + 9))
        await settle()

    frames = await follower.waiting()

    assert [kind for kind in frames if kind is FrameKind.RECORDS] == 2 * [
        FrameKind.RECORDS
    ]


async def test_an_acknowledgement_opens_the_window(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(following_module, "WINDOW_FRAMES", 1)
    follower = await joined(live, alice, following, "ack=1")
    await publish(live.pk, hits(11, 11))
    await follower.until_seq(66)
    await publish(live.pk, hits(12, 12))
    await settle()

    await follower.acknowledge(66)
    await follower.until_seq(72)

    assert follower.seqs == list(range(61, 73))


async def test_what_came_while_the_window_was_shut_is_one_frame_of_counts(
    live: Run, alice: User, following: Any, storm: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(following_module, "WINDOW_FRAMES", 1)
    follower = await joined(live, alice, following, f"{COUNTS}&ack=1")
    for first in range(11, 111, 20):
        await publish(live.pk, hits(first, first + 19))
        await settle()
    await follower.until(FrameKind.COUNTS)
    first = follower.counts[0]

    await follower.acknowledge(first.first + first.count - 1)
    await follower.until(FrameKind.COUNTS)

    second = follower.counts[1]
    assert second.first == first.first + first.count
    assert second.first + second.count - 1 == 110 * EVENTS_PER_HIT


async def test_joined_counts_add_up(
    live: Run, alice: User, following: Any, storm: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(following_module, "WINDOW_FRAMES", 1)
    follower = await joined(live, alice, following, f"{COUNTS}&ack=1")
    for first in range(11, 111, 20):
        await publish(live.pk, hits(first, first + 19))
        await settle()
    await follower.until(FrameKind.COUNTS)
    await follower.acknowledge(10**6)
    await follower.until(FrameKind.COUNTS)

    whole = Counter[int]()
    for told in follower.counts:
        for kind, _, _, events in told.rows:
            whole[kind] += events
    assert (whole[EventKind.HIT], whole.total()) == (100, 600)


async def test_rounds_are_made_into_bytes_once(
    live: Run, alice: User, following: Any, monkeypatch: Any
) -> None:
    made: list[int] = []
    frame = rounds.frame
    monkeypatch.setattr(
        rounds, "frame", lambda *a, **k: made.append(k["first_seq"]) or frame(*a, **k)
    )
    followers = [await joined(live, alice, following, "") for _ in range(5)]

    await publish(live.pk, hits(11, 20))
    for follower in followers:
        await follower.until_seq(120)

    assert made == [61]


async def test_a_storm_ends_with_the_runs_exact_counters(
    live: Run, alice: User, following: Any, storm: None
) -> None:
    follower = await joined(live, alice, following, COUNTS)
    await publish(live.pk, hits(11, 60))
    await follower.until(FrameKind.COUNTS)

    await change(live, state="finished", events=360, hits=60)
    await follower.until_state("finished")

    told = follower.counts[-1]
    assert told.hits_before + told.hits == follower.states[-1]["hits"]
