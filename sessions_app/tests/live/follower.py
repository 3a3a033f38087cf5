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

from emulator.trace.record import Record, pack_records
from sessions_app.consumers import RunConsumer
from sessions_app.stream import Entry, FrameKind, Publisher
from sessions_app.tests.factories import EVENTS_PER_HIT, hit_events

HEADER = struct.Struct("<BBHIQQ")


class Socket(ApplicationCommunicator):
    """The server's side of a websocket. Channels' own needs daphne."""

    async def connect(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        message = await self.receive_output(timeout=5)
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


@dataclass
class Follower:
    """Collects frames until it has what a test waits for."""

    socket: Socket
    seqs: list[int] = field(default_factory=list)
    hits_before: list[int] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)

    async def take(self, seconds: float = 5.0) -> FrameKind:
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
        else:
            self.resets.append(epoch)
        return FrameKind(kind)

    async def until_seq(self, seq: int) -> None:
        """Until event seq came."""
        while not self.seqs or self.seqs[-1] < seq:
            await self.take()

    async def until_state(self, state: str) -> None:
        """Until the state is told."""
        while not self.states or self.states[-1]["state"] != state:
            await self.take()


async def follow(
    run_id: UUID, user: Any = None, after: str = "", cookies: Any = None
) -> Follower:
    """Connect as somebody."""
    scope = {
        "type": "websocket",
        "path": f"/ws/runs/{run_id}/",
        "url_route": {"kwargs": {"run_id": run_id}},
        "query_string": f"after={after}".encode() if after else b"",
        "headers": [],
        "subprotocols": [],
        "user": user or AnonymousUser(),
        "cookies": cookies or {},
    }
    socket = Socket(RunConsumer.as_asgi(), scope)
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


async def settle() -> None:
    """Long enough for a frame that should not come."""
    await asyncio.sleep(0.3)
