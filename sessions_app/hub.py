"""Live tails in a web process: one reader per run, however many browsers follow it.

The reader keeps the last events in a ring. Followers have their own cursor and take
what they have not had; none of them slows another down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import aclosing
from typing import Any
from uuid import UUID

import redis

from hwbpweb.redis import async_redis_client
from sessions_app.stream import Entry, events_key, parse_entry
from sessions_app.trace import RECORD_SIZE

logger = logging.getLogger(__name__)

#: Events that a ring holds: 16 MiB.
RING_EVENTS = 1 << 18
_BLOCK_MS = 1000
_AT_ONCE = 64
_RETRY = 0.5

_Key = tuple[asyncio.AbstractEventLoop, str]
_tails: dict[_Key, Tail] = {}


class Tail:
    """The ring of one run and the task that fills it."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.epoch = 0
        self.followers = 0
        self._ring: deque[Entry] = deque()
        self._held = 0
        self._position: bytes | str = "0"
        self._news: asyncio.Event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read, from the oldest entry that Redis still has."""
        self._task = asyncio.create_task(self._read(), name=f"tail-{self.run_id}")

    async def stop(self) -> None:
        """End the reader."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def oldest(self) -> int | None:
        """Number of the first event in the ring."""
        return self._ring[0].first_seq if self._ring else None

    @property
    def newest(self) -> int:
        """Number of the last event in the ring, or 0."""
        return self._ring[-1].last_seq if self._ring else 0

    def after(self, seq: int, limit: int) -> list[Entry]:
        """Entries with events after seq, about limit events at most."""
        found: list[Entry] = []
        count = 0
        # From the end: a follower that keeps up needs only the last few.
        for entry in reversed(self._ring):
            if entry.last_seq <= seq:
                break
            found.append(entry)
        found.reverse()
        for index, entry in enumerate(found):
            count += len(entry.records) // RECORD_SIZE
            if count >= limit:
                return found[: index + 1]
        return found

    async def wait(self, seconds: float) -> None:
        """Until something new came, or the time is over."""
        news = self._news
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Let all waiting followers look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def _read(self) -> None:
        while True:
            try:
                async with aclosing(async_redis_client()) as client:
                    await self._follow(client)
            except (redis.RedisError, OSError) as error:
                logger.warning("tail of run %s: %s", self.run_id, error)
                await asyncio.sleep(_RETRY)

    async def _follow(self, client: Any) -> None:
        key = events_key(self.run_id)
        while True:
            answer = await client.xread(
                {key: self._position}, count=_AT_ONCE, block=_BLOCK_MS
            )
            for position, fields in _entries(answer):
                self._position = position
                self._take(parse_entry(fields))
            if answer:
                self.wake()

    def _take(self, entry: Entry) -> None:
        if entry.epoch < self.epoch:
            return
        if entry.epoch > self.epoch:
            self.epoch = entry.epoch
            self._clear()
        elif self._ring and entry.first_seq != self.newest + 1:
            # Entries were lost with a Redis; followers go to the database for them.
            self._clear()
        self._ring.append(entry)
        self._held += len(entry.records) // RECORD_SIZE
        while self._held > RING_EVENTS and len(self._ring) > 1:
            self._held -= len(self._ring.popleft().records) // RECORD_SIZE

    def _clear(self) -> None:
        self._ring.clear()
        self._held = 0


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


async def tail_join(run_id: UUID | str) -> Tail:
    """The tail of a run for one more follower; give it back with tail_leave."""
    key = (asyncio.get_running_loop(), str(run_id))
    tail = _tails.get(key)
    if tail is None:
        tail = _tails[key] = Tail(str(run_id))
        tail.start()
    tail.followers += 1
    return tail


async def tail_leave(tail: Tail) -> None:
    """One follower less; the last one ends the reader."""
    tail.followers -= 1
    if not tail.followers:
        _tails.pop((asyncio.get_running_loop(), tail.run_id), None)
        await tail.stop()


def tails_open() -> int:
    """How many readers this process has."""
    return len(_tails)
