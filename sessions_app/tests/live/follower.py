"""A browser's view of a run's socket, and a worker's view of its stream."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core import signing

from emulator.trace.record import Record, pack_records, unpack_records
from sessions_app.models import DebugSession, Run, ShareLink
from sessions_app.permissions import SHARE_COOKIE, SHARE_SALT
from sessions_app.run_socket import RunSocket
from sessions_app.services.sharing import share_link_create
from sessions_app.stream import Entry, FrameKind, Publisher, publish_state
from sessions_app.tests.factories import EVENTS_PER_HIT, hit_events

HEADER = struct.Struct("<BBHIQQ")
#: Seconds for what comes: a machine may be busy.
PATIENCE = 30.0


class Socket(ApplicationCommunicator):
    """The server's side of a websocket. Channels' own needs daphne."""

    async def connect(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        message = await self.receive_output(timeout=PATIENCE)
        assert message["type"] == "websocket.accept", message

    async def receive_from(self, seconds: float) -> bytes:
        message = await self.receive_output(timeout=seconds)
        assert message["type"] == "websocket.send", message
        data: bytes = message["bytes"]
        return data

    async def disconnect(self) -> None:
        if not self.future.done():
            await self.send_input({"type": "websocket.disconnect", "code": 1000})
            await self.wait(timeout=5)


@dataclass(frozen=True)
class Counted:
    """A COUNTS frame, read as docs/stream.md says."""

    first: int
    count: int
    hits_before: int
    hits: int
    began: int
    ended: int
    rows: list[tuple[int, int, int, int]]
    """(kind, cpu, slot, events)"""
    latest: list[Record]

    @classmethod
    def of(cls, first: int, count: int, before: int, body: bytes) -> Counted:
        hits, rows, latest, began, ended = struct.unpack_from("<IHHQQ", body)
        table = [struct.unpack_from("<HBBI", body, 24 + 8 * row) for row in range(rows)]
        records = unpack_records(body[24 + 8 * rows :])
        assert len(records) == latest
        return cls(first, count, before, hits, began, ended, table, records)


@dataclass
class Follower:
    """Collects frames until it has what a test waits for."""

    socket: Socket
    seqs: list[int] = field(default_factory=list)
    hits_before: list[int] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    viewers: list[dict[str, Any]] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)

    async def take(self, seconds: float = PATIENCE) -> FrameKind:
        """One more frame."""
        data = await self.socket.receive_from(seconds)
        version, kind, epoch, count, first, before = HEADER.unpack_from(data)
        assert version == 1
        body = data[HEADER.size :]
        if kind == FrameKind.RECORDS:
            assert len(body) == 64 * count
            self.seqs += [
                int.from_bytes(body[at : at + 8], "little")
                for at in range(0, len(body), 64)
            ]
            self.hits_before.append(before)
            assert self.seqs[-count] == first
        elif kind == FrameKind.GAP:
            self.gaps.append((first, count))
        elif kind == FrameKind.STATE:
            self.states.append(json.loads(body))
        elif kind == FrameKind.PRESENCE:
            self.viewers.append(json.loads(body))
        elif kind == FrameKind.COUNTS:
            self.counts.append(Counted.of(first, count, before, body))
        else:
            self.resets.append(epoch)
        return FrameKind(kind)

    async def until_seq(self, seq: int) -> None:
        """Until event seq came."""
        while not self.seqs or self.seqs[-1] < seq:
            await self.take()

    async def until(self, kind: FrameKind) -> None:
        """Until one more frame of a kind came."""
        while await self.take() is not kind:
            pass

    async def waiting(self) -> list[FrameKind]:
        """What was sent already."""
        kinds = []
        while not self.socket.output_queue.empty():
            kinds.append(await self.take())
        return kinds

    async def refusal(self) -> int:
        """The code that the socket is closed with; what comes before is not looked at."""
        message = await self.socket.receive_output(timeout=PATIENCE)
        while message["type"] == "websocket.send":
            message = await self.socket.receive_output(timeout=PATIENCE)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def acknowledge(self, seq: int) -> None:
        """Say that everything up to seq came."""
        await self.socket.send_input({"type": "websocket.receive", "text": str(seq)})

    async def until_state(self, state: str) -> None:
        """Until the state is told."""
        while not self.states or self.states[-1]["state"] != state:
            await self.take()


async def follow(
    run_id: UUID,
    user: Any = None,
    after: str = "",
    cookies: Any = None,
    wish: str = "",
) -> Follower:
    """Connect as somebody."""
    scope = {
        "type": "websocket",
        "path": f"/ws/runs/{run_id}/",
        "url_route": {"kwargs": {"run_id": run_id}},
        "query_string": (f"after={after}&" * bool(after) + wish).encode(),
        "headers": [],
        "subprotocols": [],
        "user": user or AnonymousUser(),
        "cookies": cookies or {},
    }
    socket = Socket(RunSocket(), scope)
    await socket.connect()
    return Follower(socket)


def hits(first: int, last: int) -> list[Record]:
    return [r for n in range(first, last + 1) for r in hit_events(n)]


@database_sync_to_async
def publish(run_id: UUID, records: Sequence[Record], epoch: int = 1) -> None:
    """As the worker does it, in one entry."""
    first = records[0].seq
    before = (first - 1) // EVENTS_PER_HIT
    publisher = Publisher(run_id, epoch)
    publisher.publish([Entry(epoch, first, before, pack_records(records))])
    publisher.close()


@database_sync_to_async
def change(run: Run, **fields: Any) -> None:
    """The row changes, as a worker changes it, and the listeners are told."""
    Run.objects.filter(pk=run.pk).update(**fields)
    publish_state(run.pk)


@database_sync_to_async
def cookie_of(session: DebugSession) -> tuple[dict[str, str], ShareLink]:
    link, _ = share_link_create(of=session, by=session.owner)
    return {SHARE_COOKIE: signing.dumps([str(link.pk)], salt=SHARE_SALT)}, link


async def settle() -> None:
    """Long enough for a frame that should not come."""
    await asyncio.sleep(0.3)
