"""One socket that follows one run, at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from channels.db import database_sync_to_async

from sessions_app import selectors
from sessions_app.live.counts import counts_frame, counts_in
from sessions_app.live.rounds import hits_in, records_frames
from sessions_app.live.tail import Tail
from sessions_app.models import Run
from sessions_app.stream import Entry, FrameKind, frame
from sessions_app.trace import RECORD_SIZE

#: More than this at once is told in counts to those who asked for counts.
MANY = 1 << 14
#: More than this is not replayed but stated as a gap, for REST to fill.
REPLAY_EVENTS = 1 << 17
#: Frames and bytes that are on their way to somebody who acknowledges.
WINDOW_FRAMES = 8
WINDOW_BYTES = 1 << 17


class TailFailed(Exception):
    """What the follower follows has ended; a new connection finds a new one."""


Send = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to follow."""

    epoch: int = 0
    seq: int = 0
    """The last event that they have."""
    counts: bool = False
    """A storm is to be told in numbers."""
    acks: bool = False
    """They will say how far they came, and get no more than a window beyond it."""


class Window:
    """What was sent and is not acknowledged yet. Without acknowledgements always open:
    the socket's own buffer is all the back-pressure then."""

    def __init__(self, *, acks: bool) -> None:
        self._acks = acks
        self._sent: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._room = asyncio.Event()

    def sent(self, seq: int, size: int) -> None:
        """A frame with events up to seq is on its way."""
        if self._acks:
            self._sent.append((seq, size))
            self._bytes += size

    def acknowledged(self, seq: int) -> None:
        """Everything up to seq came."""
        while self._sent and self._sent[0][0] <= seq:
            self._bytes -= self._sent.popleft()[1]
        self._room.set()

    def clear(self) -> None:
        """The numbers begin anew."""
        self._sent.clear()
        self._bytes = 0
        self._room.set()

    async def room(self) -> None:
        """Until one more frame may be sent."""
        while self._bytes >= WINDOW_BYTES or len(self._sent) >= WINDOW_FRAMES:
            self._room.clear()
            await self._room.wait()


class Follower:
    """Sends frames until it is cancelled, or until the person may no longer look."""

    def __init__(
        self,
        tail: Tail,
        wish: Wish,
        send: Send,
        may_look: Callable[[], Awaitable[bool]],
    ) -> None:
        self.window = Window(acks=wish.acks)
        self._tail = tail
        self._epoch, self._cursor = wish.epoch, wish.seq
        self._counts = wish.counts
        self._send = send
        self._may_look = may_look
        self._replay_due = True
        self._state = self._viewers = b""

    async def follow(self) -> None:
        """Returns when the person lost the right to look, or the run is gone. Raises
        TailFailed."""
        while await self._may_look():
            news = self._tail.news
            if self._tail.failed:
                raise TailFailed(self._tail.run_id)
            run = self._tail.run
            if run is None:
                return
            await self._round(run)
            await news.wait()

    async def _round(self, run: Run) -> None:
        await self._follow_epoch(run)
        await self._send_stored(run)
        await self._send_live()
        if run is self._tail.run and self._tail.state != self._state:
            # So the state of a run that is over comes after all its events.
            self._state = self._tail.state
            await self._send(self._state)
        if self._tail.viewers != self._viewers:
            self._viewers = self._tail.viewers
            await self._send(self._viewers)

    async def _follow_epoch(self, run: Run) -> None:
        if run.epoch == self._epoch:
            return
        began_anew = self._cursor > 0 or self._epoch > 0
        self._epoch, self._cursor = run.epoch, 0
        self._replay_due = True
        self.window.clear()
        if began_anew:
            await self._send(frame(FrameKind.RESET, run.epoch))

    async def _send_stored(self, run: Run) -> None:
        """What the stream does not have."""
        lacking = run.is_over and self._tail.ring.newest < run.events
        if not (self._replay_due or lacking or self._tail.is_behind):
            return
        if run.events > self._cursor:
            await self._replay(run)
        self._replay_due = False

    async def _replay(self, run: Run) -> None:
        """Stored events after the cursor; a very long way back is stated as a gap."""
        missing = run.events - self._cursor
        if missing > REPLAY_EVENTS:
            await self._send_gap(run.events - REPLAY_EVENTS)
        in_counts = self._counts and missing > MANY
        while block := await _record_block(run, self._cursor):
            entry = Entry(run.epoch, *block)
            if in_counts:
                await self._send_counted(entry)
                continue
            for made in records_frames(entry, self._cursor):
                await self.window.room()
                await self._send_events(made.last_seq, made.data)

    async def _send_counted(self, entry: Entry) -> None:
        skip = (self._cursor + 1 - entry.first_seq) * RECORD_SIZE
        before = entry.hits_before + hits_in(entry.records[:skip])
        counts = counts_in(entry.records[skip:], before)
        await self.window.room()
        await self._send_events(counts.last_seq, counts_frame(entry.epoch, counts))

    async def _send_live(self) -> None:
        """One frame at a time: what is sent after a wait is what is true then."""
        while True:
            await self.window.room()
            ring = self._tail.ring
            if ring.epoch != self._epoch or ring.newest <= self._cursor:
                return
            oldest = ring.oldest
            if oldest is not None and oldest > self._cursor + 1:
                # Slower than the ring is long.
                await self._send_gap(oldest - 1)
                continue
            last, data = self._next_frame()
            await self._send_events(last, data)

    def _next_frame(self) -> tuple[int, bytes]:
        ring = self._tail.ring
        many = ring.newest - self._cursor > MANY
        if self._counts and (self._tail.pace.storm or many):
            counted = ring.counts_after(self._cursor)
            if counted is not None:
                return counted
        made = ring.after(self._cursor)[0].frame_after(self._cursor)
        return made.last_seq, made.data

    async def _send_gap(self, last: int) -> None:
        count, first = last - self._cursor, self._cursor + 1
        data = frame(FrameKind.GAP, self._epoch, count=count, first_seq=first)
        await self._send_events(last, data)

    async def _send_events(self, last: int, data: bytes) -> None:
        self._cursor = last
        self.window.sent(last, len(data))
        # Waits while the socket is full.
        await self._send(data)


_record_block = database_sync_to_async(selectors.record_block)
