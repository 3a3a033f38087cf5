"""The websocket of a run: join, read the state, replay what is stored, follow the tail."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from urllib.parse import parse_qs

import redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser

from sessions_app import hub, selectors
from sessions_app.models import Run
from sessions_app.permissions import access_for
from sessions_app.stream import (
    Entry,
    FrameKind,
    frame,
    group_name,
    state_frame,
)
from sessions_app.trace import HIT, RECORD_SIZE, kinds_of

logger = logging.getLogger(__name__)

NOT_FOUND = 4404
BAD_CURSOR = 4400
INTERNAL_ERROR = 1011

#: A browser gets at most this many rounds of frames in a second.
ROUNDS_PER_SECOND = 25
#: Events in one frame, and in one round: 1 MiB.
FRAME_EVENTS = 4096
ROUND_EVENTS = 4 * FRAME_EVENTS
#: More than this is not replayed but stated as a gap, for REST to fill.
REPLAY_EVENTS = 1 << 17
_LOOK_AGAIN = 1.0
_CHECK_AGAIN = 5.0


class RunConsumer(AsyncWebsocketConsumer):
    """One browser that follows one run, at its own pace."""

    run_id = ""
    epoch = 0
    cursor = 0
    _tail: hub.Tail | None = None
    _sender: asyncio.Task[None] | None = None
    _closing: asyncio.Task[None] | None = None
    _state_due = True
    _replay_due = True
    _last_state = b""

    async def connect(self) -> None:
        """Who may read the session may follow; for all others there is no such run.

        The refusal is an accepted socket closed with a code: a browser cannot see why a
        handshake failed, and would try again for ever.
        """
        self.run_id = str(self.scope["url_route"]["kwargs"]["run_id"])
        run = await self._readable_run()
        cursor = _cursor(self.scope["query_string"])
        await self.accept()
        if run is None:
            await self.close(NOT_FOUND)
            return
        if cursor is None:
            await self.close(BAD_CURSOR)
            return
        self.epoch, self.cursor = cursor
        await self.channel_layer.group_add(group_name(self.run_id), self.channel_name)
        self._tail = await hub.tail_join(self.run_id)
        self._sender = asyncio.create_task(self._send_all(self._tail))
        self._sender.add_done_callback(self._sender_ended)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The life of the socket. However it ends, everything is given back."""
        try:
            await super().__call__(scope, receive, send)
        except redis.RedisError as error:
            # The channel layer lost its server; the browser returns with its cursor.
            logger.warning("socket of run %s: %s", self.run_id, error)
            await self.close(INTERNAL_ERROR)
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        if self._tail is not None:
            await hub.tail_leave(self._tail)

    async def disconnect(self, code: int) -> None:
        """No more state changes for this socket."""
        if self._tail is not None:
            await self.channel_layer.group_discard(
                group_name(self.run_id), self.channel_name
            )

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Browsers only listen here; what they say is not looked at."""

    async def run_changed(self, message: dict[str, Any]) -> None:
        """The run's row changed: read it again in the next round."""
        self._state_due = True
        if self._tail is not None:
            self._tail.wake()

    @database_sync_to_async
    def _readable_run(self) -> Run | None:
        run = Run.objects.filter(pk=self.run_id).first()
        if run is None:
            return None
        person = self.scope.get("user") or AnonymousUser()
        cookies = self.scope.get("cookies") or {}
        return run if access_for(person, cookies, run.session_id) else None

    def _sender_ended(self, sender: asyncio.Task[None]) -> None:
        """A sender that fails closes the socket; the browser returns with its cursor."""
        if sender.cancelled() or sender.exception() is None:
            return
        logger.error("socket of run %s", self.run_id, exc_info=sender.exception())
        self._closing = asyncio.create_task(self.close(INTERNAL_ERROR))

    async def _send_all(self, tail: hub.Tail) -> None:
        looked = checked = time.monotonic()
        while True:
            began = time.monotonic()
            if began - checked > _CHECK_AGAIN:
                checked = began
                if await self._readable_run() is None:
                    # A revoked link or a removed person stops here too.
                    await self.close(NOT_FOUND)
                    return
            if self._state_due or began - looked > _LOOK_AGAIN:
                looked = began
                await self._send_state(tail)
            await self._send_tail(tail)
            pause = 1 / ROUNDS_PER_SECOND - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, pause))
            if tail.newest <= self.cursor and not self._state_due:
                await tail.wait(_LOOK_AGAIN)

    async def _send_state(self, tail: hub.Tail) -> None:
        """The stored state; before it, stored events that the tail does not have. So the
        state of a run that is over comes after all its events."""
        self._state_due = False
        run = await Run.objects.filter(pk=self.run_id).afirst()
        if run is None:
            return
        await self._follow_epoch(run)
        if self._replay_due or run.is_over or run.events > tail.newest:
            await self._replay(run)
            self._replay_due = False
        state = state_frame(run)
        if state != self._last_state:
            self._last_state = state
            await self.send(bytes_data=state)

    async def _follow_epoch(self, run: Run) -> None:
        if run.epoch == self.epoch:
            return
        began_anew = self.cursor > 0 or self.epoch > 0
        self.epoch, self.cursor = run.epoch, 0
        self._replay_due = True
        if began_anew:
            await self.send(bytes_data=frame(FrameKind.RESET, run.epoch))

    async def _replay(self, run: Run) -> None:
        """Stored events after the cursor; a very long way back is stated as a gap."""
        missing = run.events - self.cursor
        if missing > REPLAY_EVENTS:
            await self._send_gap(run.events - REPLAY_EVENTS)
        while block := await _record_block(run, self.cursor):
            await self._send_entry(Entry(run.epoch, *block))

    async def _send_tail(self, tail: hub.Tail) -> None:
        if tail.epoch != self.epoch:
            self._state_due = self._state_due or tail.epoch > self.epoch
            return
        oldest = tail.oldest
        if oldest is not None and oldest > self.cursor + 1:
            # Slower than the ring is long.
            await self._send_gap(oldest - 1)
        for entry in tail.after(self.cursor, ROUND_EVENTS):
            await self._send_entry(entry)

    async def _send_gap(self, last: int) -> None:
        first = self.cursor + 1
        gap = frame(
            FrameKind.GAP, self.epoch, count=last - self.cursor, first_seq=first
        )
        self.cursor = last
        await self.send(bytes_data=gap)

    async def _send_entry(self, entry: Entry) -> None:
        """What of an entry lies after the cursor, in frames."""
        skip = self.cursor + 1 - entry.first_seq
        if skip < 0 or self.cursor >= entry.last_seq:
            return
        before = entry.hits_before + _hits(entry.records[: skip * RECORD_SIZE])
        rest = entry.records[skip * RECORD_SIZE :]
        for at in range(0, len(rest), FRAME_EVENTS * RECORD_SIZE):
            piece = rest[at : at + FRAME_EVENTS * RECORD_SIZE]
            count = len(piece) // RECORD_SIZE
            records = frame(
                FrameKind.RECORDS,
                entry.epoch,
                count=count,
                first_seq=self.cursor + 1,
                hits_before=before,
                payload=piece,
            )
            before += _hits(piece)
            self.cursor += count
            # Waits while the browser's socket is full: that is all the back-pressure.
            await self.send(bytes_data=records)


_record_block = database_sync_to_async(selectors.record_block)


def _hits(records: bytes) -> int:
    return int((kinds_of(records) == HIT).sum())


def _cursor(query: bytes) -> tuple[int, int] | None:
    """(epoch, seq) of ``after=<epoch>:<seq>``; (0, 0) without it, None if broken."""
    words = parse_qs(query.decode("latin-1")).get("after", ["0:0"])
    epoch, colon, seq = words[0].partition(":")
    if not colon or not (epoch + seq).isascii():
        return None
    if not epoch.isdigit() or not seq.isdigit() or len(seq) > 18 or len(epoch) > 9:
        return None
    return int(epoch), int(seq)
