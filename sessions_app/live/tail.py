"""Live tails in a web process: one per run, however many browsers follow it.

A tail reads three things for all its followers: the run's stream, the run's row when it
changed, and who looks at the run. Followers have their own cursor and take what they
have not had; none of them slows another down.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID

import redis
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError

from hwbpweb.redis import async_redis_client
from sessions_app.live import presence
from sessions_app.live.pace import Pace
from sessions_app.live.rounds import Ring
from sessions_app.models import Run
from sessions_app.run_queue import queue_place
from sessions_app.stream import (
    RUN_CHANGED,
    VIEWERS_CHANGED,
    events_key,
    group_name,
    parse_entry,
    state_frame,
)

logger = logging.getLogger(__name__)

#: A browser gets at most this many rounds of frames in a second.
ROUNDS_PER_SECOND = 25
_BLOCK_MS = 1000
_AT_ONCE = 64
_RETRY = 0.5
#: The row is read when it changed, and this often in any case: of a run that goes on,
#: and of one that is over.
_LOOK_AGAIN = 1.0
_LOOK_AT_OVER = 2.0
#: The stream is given up for the store when it lacks stored events for so long.
_BEHIND = 0.5
#: Viewers who come and go together are one change.
_GATHER = 0.2

_Key = tuple[asyncio.AbstractEventLoop, str]
_tails: dict[_Key, Tail] = {}


class Tail:
    """What one run's followers share, and the tasks that keep it up to date."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.followers = 0
        self.ring = Ring()
        self.pace = Pace()
        self.run: Run | None = None
        """The row as it was last read; None when it is gone."""
        self.state = b""
        """Its STATE frame."""
        self.viewers = b""
        """The PRESENCE frame."""
        self.news = asyncio.Event()
        """Set, and replaced, when there is something new."""
        self.begun = asyncio.Event()
        """The row was read, or could not be."""
        self.failed = False
        """A task ended with an error that waiting does not mend."""
        self._position: bytes | str = "0"
        self._changed = asyncio.Event()
        self._people_changed = asyncio.Event()
        self._members: set[str] = set()
        self._announced: set[str] = set()
        self._owed = 0
        self._owed_since = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the row, then follow; a run that is over has no stream to follow."""
        await self._look()
        for name, work in (
            ("row", self._keep_row),
            ("layer", self._hear),
            ("viewers", self._keep_viewers),
        ):
            self._tasks.append(self._task(name, work))
        if self.run is not None and not self.run.is_over:
            self._reader = self._task("stream", self._read)
            self._tasks.append(self._reader)
        self.wake()

    def _task(self, name: str, work: Callable[[Any], Awaitable[None]]) -> Any:
        words = f"{name} of run {self.run_id}"
        task = asyncio.create_task(self._again(work), name=words)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Followers of a tail that lost a part would wait for ever: let them go, and
        come back to a new one."""
        if task.cancelled() or task.exception() is None:
            return
        logger.error("%s", task.get_name(), exc_info=task.exception())
        self.failed = True
        self.wake()

    async def stop(self) -> None:
        """End the tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._announced:
            await self._say_goodbye()

    async def _again(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """A Redis or a database that is away is waited for."""
        while True:
            try:
                async with aclosing(async_redis_client()) as client:
                    await work(client)
            except (redis.RedisError, DatabaseError, OSError) as error:
                logger.warning("tail of run %s: %s", self.run_id, error)
                await asyncio.sleep(_RETRY)

    def wake(self) -> None:
        """Let all waiting followers look again."""
        self.news.set()
        self.news = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Whether the store has events that the stream does not bring."""
        return bool(self._owed) and time.monotonic() - self._owed_since > _BEHIND

    # --- the stream

    async def _read(self, client: Any) -> None:
        key = events_key(self.run_id)
        while True:
            began = time.monotonic()
            answer = await client.xread(
                {key: self._position}, count=_AT_ONCE, block=_BLOCK_MS
            )
            entries = _entries(answer)
            if not entries:
                continue
            self._position = entries[-1][0]
            came = self.ring.take([parse_entry(fields) for _, fields in entries])
            self.pace.spend(came, time.monotonic())
            if self.ring.newest >= self._owed:
                self._owed = 0
            self.wake()
            if len(entries) < _AT_ONCE:
                # What comes meanwhile waits in Redis and is the next round.
                pause = 1 / ROUNDS_PER_SECOND - (time.monotonic() - began)
                await asyncio.sleep(max(0.0, pause))

    # --- the row

    async def _keep_row(self, _client: Any) -> None:
        while True:
            over = self.run is not None and self.run.is_over
            await _set_within(self._changed, _LOOK_AT_OVER if over else _LOOK_AGAIN)
            self._changed.clear()
            await self._look()
            self.wake()
            await asyncio.sleep(1 / ROUNDS_PER_SECOND)

    async def _look(self) -> None:
        run, place = await _row(self.run_id)
        if run is not None and self._reader is not None and self._lacks(run):
            # Its last events are on their way to the stream: they come before its end.
            await asyncio.sleep(2 / ROUNDS_PER_SECOND if run.is_over else 0)
        self.run = run
        self.state = b"" if run is None else state_frame(run, place)
        if run is not None and self._lacks(run) and not self._owed:
            self._owed, self._owed_since = run.events, time.monotonic()

    def _lacks(self, run: Run) -> bool:
        return self.ring.epoch != run.epoch or self.ring.newest < run.events

    # --- announcements

    async def _hear(self, _client: Any) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        channel, group = await layer.new_channel(), group_name(self.run_id)
        await layer.group_add(group, channel)
        try:
            self._changed.set()  # what was announced before is not heard again
            while True:
                kind = (await layer.receive(channel))["type"]
                if kind == RUN_CHANGED:
                    self._changed.set()
                elif kind == VIEWERS_CHANGED:
                    self._people_changed.set()
        finally:
            with contextlib.suppress(redis.RedisError, OSError):
                await layer.group_discard(group, channel)

    # --- the viewers

    def enter(self, member: str) -> None:
        """One more page looks at the run."""
        self._members.add(member)
        self._people_changed.set()

    def leave(self, member: str) -> None:
        """One page less."""
        self._members.discard(member)
        self._people_changed.set()

    async def _keep_viewers(self, client: Any) -> None:
        """Renew one's own, tell the other processes when one's own changed, read all."""
        while True:
            await self._renew(client)
            await _set_within(self._people_changed, presence.RENEW)
            await asyncio.sleep(_GATHER)
            self._people_changed.clear()

    async def _renew(self, client: Any) -> None:
        own = set(self._members)
        gone = self._announced - own
        roll = await presence.renewed(client, self.run_id, own, gone)
        if self._announced != own:
            self._announced = own
            await presence.announce(self.run_id)
        data = presence.presence_frame(self.run.epoch if self.run else 0, roll)
        if data != self.viewers:
            self.viewers = data
            self.wake()

    async def _say_goodbye(self) -> None:
        self._members.clear()
        try:
            async with aclosing(async_redis_client()) as client:
                await self._renew(client)
        except (redis.RedisError, OSError) as error:
            logger.warning("viewers of run %s will expire: %s", self.run_id, error)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """XREAD's answer is a dict in RESP3 and a list of pairs in RESP2."""
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else (e[1] for e in answer)
    found: list[tuple[bytes, dict[bytes, bytes]]] = []
    for entries in streams:
        # RESP3 nests the list of a stream once more.
        nested = bool(entries) and isinstance(entries[0], list)
        found += entries[0] if nested else entries
    return found


def _find(run_id: str) -> tuple[Run | None, int | None]:
    """The row, and its place in the queue."""
    run = Run.objects.filter(pk=run_id).first()
    return run, None if run is None else queue_place(run)


#: Not afirst(): that leaves the connection of its thread open.
_row = database_sync_to_async(_find)


async def tail_join(run_id: UUID | str) -> Tail:
    """The tail of a run for one more follower; give it back with tail_leave. Its row was
    read: whoever comes while the first one reads it waits with them."""
    key = (asyncio.get_running_loop(), str(run_id))
    tail = _tails.get(key)
    if tail is None or tail.failed:
        return await _started(key)
    tail.followers += 1
    try:
        await tail.begun.wait()
    except BaseException:
        await asyncio.shield(tail_leave(tail))
        raise
    return tail


async def _started(key: _Key) -> Tail:
    tail = _tails[key] = Tail(key[1])
    tail.followers += 1
    try:
        await tail.start()
    except BaseException:  # also a client that left meanwhile
        if _tails.get(key) is tail:
            del _tails[key]
        tail.failed = True  # whoever waits for it sees that
        tail.wake()
        await asyncio.shield(tail.stop())
        raise
    finally:
        tail.begun.set()
    return tail


async def tail_leave(tail: Tail) -> None:
    """One follower less; the last one ends the reader."""
    tail.followers -= 1
    if not tail.followers:
        key = (asyncio.get_running_loop(), tail.run_id)
        if _tails.get(key) is tail:
            del _tails[key]
        await tail.stop()


def tails_open() -> int:
    """How many readers this process has."""
    return len(_tails)
