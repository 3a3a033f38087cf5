"""The websocket of a debugger: bytes of the GDB protocol in binary frames, both ways.

``/ws/runs/<id>/gdb/?face=full|faithful``. Text frames from the server are JSON to be
shown, or not. A plain ASGI application: each byte waits for the one before it, so a
reader that is slow slows the writer, and nothing is kept here. Between here and the child
bytes go by a socket where the worker is on this machine (debug_line), else over Redis.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import redis
from channels.db import database_sync_to_async

from hwbpweb.redis import async_redis_client
from sessions_app.debug_line import OwnLine
from sessions_app.debug_wire import (
    FULL,
    KEPT,
    MAX_DATA,
    PRESENCE,
    TOUCH,
    CloseCode,
    Kind,
    Word,
    inbox_key,
    json_bytes,
    outbox_key,
    presence_key,
    unpack_back,
)
from sessions_app.models import Run
from sessions_app.permissions import socket_access
from sessions_app.services.run_commands import run_unpark

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

FACES = ("full", "faithful")
_LOOK_AGAIN = 0.02
#: A close frame has room for 123 bytes of words.
_LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Ending:
    """How a socket is closed."""

    code: CloseCode
    reason: str


class Refusal(Exception):
    """The connection is not let in."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.ending = Ending(code, reason)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who debugs what."""

    run_id: UUID
    epoch: int
    who: str
    face: str
    papers: Mapping[str, Any]
    """The scope by which they came: looked at again while they are here."""


def admit(scope: Mapping[str, Any]) -> Admission:
    """Whoever may control the run of this address. Raises Refusal."""
    if scope.get("token_refused"):
        raise Refusal(CloseCode.UNKNOWN_TOKEN, "this token is not known")
    face = parse_qs(scope["query_string"].decode("latin-1")).get("face", ["full"])[0]
    if face not in FACES:
        raise Refusal(
            CloseCode.BAD_REQUEST, f"face {face[:20]!r}; allowed: full, faithful"
        )
    run = Run.objects.filter(pk=scope["url_route"]["kwargs"]["run_id"]).first()
    access = run and socket_access(scope, run.session_id)
    if run is None or not access:
        raise Refusal(CloseCode.NOT_FOUND, "there is no such run, or it is not yours")
    if not access.can_control:
        raise Refusal(
            CloseCode.READ_ONLY, "this link or token does not let you control runs"
        )
    run_unpark(run=run, hold=True)
    if run.is_over:
        raise Refusal(CloseCode.OVER, f"run {run.number} is over: {run.state}")
    return Admission(run.pk, run.epoch, access.name, face, scope)


def _still_may(admission: Admission) -> bool:
    """A link may be revoked, or expire, while its holder debugs."""
    run = Run.objects.filter(pk=admission.run_id).first()
    access = run and socket_access(admission.papers, run.session_id)
    return bool(access and access.can_control)


_admit = database_sync_to_async(admit)
_may_go_on = database_sync_to_async(_still_may)


class Line:
    """One connection's way to the worker and back."""

    def __init__(self, client: Any, admission: Admission) -> None:
        self.own = OwnLine()
        self._client = client
        self._admission = admission
        self._connection = uuid4()
        run_id = admission.run_id
        self._inbox = inbox_key(run_id)
        self._outbox = outbox_key(run_id, self._connection)
        self._presence = presence_key(run_id, self._connection)

    async def open(self) -> None:
        """Say who comes."""
        await self._client.set(self._presence, "1", ex=PRESENCE)
        caller = {
            "who": self._admission.who,
            "face": self._admission.face,
            "via": "gdb",
            "line": self.own.path,
        }
        await self._push(Kind.OPEN, json_bytes(caller))

    async def say(self, data: bytes) -> None:
        """Bytes of the debugger. Waits while nobody comes after them."""
        if await self.own.say(data):
            return
        for at in range(0, len(data), MAX_DATA):
            waiting = await self._push(Kind.DATA, data[at : at + MAX_DATA])
            while waiting > FULL:
                await asyncio.sleep(_LOOK_AGAIN)
                waiting = int(await self._client.llen(self._inbox))

    async def hear(self) -> tuple[Kind, bytes] | None:
        """The next entry of the worker; None when there was none for a while."""
        found = await self._client.blpop([self._outbox], timeout=TOUCH)
        return None if found is None else unpack_back(found[1])

    async def touch(self) -> None:
        """Somebody is still here."""
        await self._client.set(self._presence, "1", ex=PRESENCE)
        # What is there for a worker that is still to come is not forgotten meanwhile.
        await self._client.expire(self._inbox, KEPT)

    async def close(self) -> None:
        """Say goodbye and leave nothing behind."""
        await self.own.close()
        await self._push(Kind.CLOSE)
        await self._client.delete(self._outbox, self._presence)

    async def _push(self, kind: Kind, payload: bytes = b"") -> int:
        word = Word(self._connection, kind, payload)
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.rpush(self._inbox, word.pack())
            pipe.expire(self._inbox, KEPT)
            return int((await pipe.execute())[0])


class DebugSocket:
    """The ASGI application."""

    async def __call__(
        self, scope: Mapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """The life of one socket. A refusal is an accepted socket closed with a code and
        words: of a failed handshake a client would see neither."""
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        try:
            admission = await _admit(scope)
            async with aclosing(async_redis_client()) as client:
                ending = await _converse(
                    Line(client, admission), admission, receive, send
                )
        except Refusal as refusal:
            ending = refusal.ending
        except OSError:
            return  # the client left while something was sent to it
        except redis.RedisError as error:
            logger.warning("debugger's socket: %s", error)
            ending = Ending(CloseCode.LOST, "the connection to the run was lost")
        if ending is not None:
            reason = ending.reason[:_LONGEST_REASON]
            await send(
                {"type": "websocket.close", "code": int(ending.code), "reason": reason}
            )


async def _converse(
    line: Line, admission: Admission, receive: Receive, send: Send
) -> Ending | None:
    """Until one side ends it; None when it was the client."""
    tasks: list[asyncio.Task[Any]] = []
    try:
        await line.own.open(
            lambda data: send({"type": "websocket.send", "bytes": data})
        )
        await line.open()
        tasks += [
            asyncio.create_task(_from_client(line, receive)),
            asyncio.create_task(_to_client(line, admission, send)),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ending: Ending | None = next(iter(done)).result()
        return ending
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await line.close()


async def _from_client(line: Line, receive: Receive) -> None:
    while (message := await receive())["type"] != "websocket.disconnect":
        if data := message.get("bytes"):
            await line.say(data)


async def _to_client(line: Line, admission: Admission, send: Send) -> Ending:
    epoch = admission.epoch
    looked = time.monotonic()
    while True:
        heard = await line.hear()
        if time.monotonic() - looked > TOUCH / 2:
            looked = time.monotonic()
            await line.touch()
            if not await _may_go_on(admission):
                return Ending(CloseCode.NOT_FOUND, "your right to debug it ended")
        if heard is None:
            over, now = await _run_stands(admission.run_id)
            if over:
                return Ending(CloseCode.DONE, "the run is over")
            if epoch and now != epoch:
                return Ending(
                    CloseCode.LOST, "the worker was lost; the run begins anew"
                )
            epoch = now
            continue
        ending = await _heard(line, *heard, send)
        if ending is not None:
            return ending


async def _heard(line: Line, kind: Kind, payload: bytes, send: Send) -> Ending | None:
    """One entry of the worker; what it says of the end."""
    if kind is Kind.OUT:
        await send({"type": "websocket.send", "bytes": payload})
    elif kind is Kind.LISTS:
        line.own.refuse()
    elif kind is Kind.TOLD:
        await send({"type": "websocket.send", "text": payload.decode()})
    elif kind is Kind.END:
        told = json.loads(payload)
        await line.own.last_words()
        return Ending(CloseCode(told["code"]), str(told["reason"]))
    return None


def _stands(run_id: UUID) -> tuple[bool, int]:
    """The worker is silent: whether the run is over, and who has it. One that was parked
    at the moment when this connection came waits for it."""
    run = Run.objects.filter(pk=run_id).only("state", "epoch").first()
    if run is None:
        return True, 0
    run_unpark(run=run, hold=True)
    return run.is_over, run.epoch


_run_stands = database_sync_to_async(_stands)
