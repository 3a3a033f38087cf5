"""The websocket of a run: who may follow it, how they wish to, and how it ends.

``/ws/runs/<id>/?after=<epoch>:<seq>&storm=counts&ack=1``; docs/stream.md describes the
frames. A plain ASGI application: what all sockets of a run share is in sessions_app.live.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser

from sessions_app.live.follower import Follower, TailFailed, Wish
from sessions_app.live.presence import member
from sessions_app.live.tail import Tail, tail_join, tail_leave
from sessions_app.models import Run
from sessions_app.permissions import SHARE_COOKIE, socket_access

logger = logging.getLogger(__name__)

NOT_FOUND = 4404
BAD_REQUEST = 4400
INTERNAL_ERROR = 1011

#: A revoked link or a removed person is noticed within so many seconds.
CHECK_AGAIN = 5.0
_LONGEST_ACK = 20
_STORMS = {"records": False, "counts": True}

Receive = Callable[[], Awaitable[dict[str, Any]]]
ASGISend = Callable[[dict[str, Any]], Awaitable[None]]
Scope = Mapping[str, Any]


class RunSocket:
    """The ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: ASGISend) -> None:
        """The life of one socket.

        The refusal is an accepted socket closed with a code: a browser cannot see why a
        handshake failed, and would try again for ever.
        """
        await receive()  # websocket.connect
        run_id = str(scope["url_route"]["kwargs"]["run_id"])
        readable = await _is_readable(scope, run_id)
        wish = wish_of(scope["query_string"])
        await send({"type": "websocket.accept"})
        code: int | None = NOT_FOUND
        if readable and wish is None:
            code = BAD_REQUEST
        elif readable and wish is not None:
            code = await _follow(scope, run_id, wish, receive, send)
        if code is not None:
            await send({"type": "websocket.close", "code": code})


async def _follow(
    scope: Scope, run_id: str, wish: Wish, receive: Receive, send: ASGISend
) -> int | None:
    """Until one side ends it: the code to close with, None when the client left."""
    tail = await tail_join(run_id)
    me = member(_name(scope))
    try:
        tail.enter(me)
        return await _converse(tail, scope, wish, receive, send)
    except OSError:
        return None  # the client left while something was sent to it
    finally:
        await asyncio.shield(_give_back(tail, me))


async def _give_back(tail: Tail, me: str) -> None:
    tail.leave(me)
    await tail_leave(tail)


async def _converse(
    tail: Tail, scope: Scope, wish: Wish, receive: Receive, send: ASGISend
) -> int | None:
    async def send_bytes(data: bytes) -> None:
        await send({"type": "websocket.send", "bytes": data})

    follower = Follower(tail, wish, send_bytes, _Right(scope, tail.run_id).stands)
    tasks = [
        asyncio.create_task(follower.follow()),
        asyncio.create_task(_listen(receive, follower)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if tasks[1] in done:
        return None
    return _ending(tasks[0], tail.run_id)


def _ending(sender: asyncio.Task[None], run_id: str) -> int | None:
    """A sender that fails closes the socket; the browser returns with its cursor."""
    error = sender.exception()
    if error is None:
        return NOT_FOUND
    if isinstance(error, OSError):
        return None
    if isinstance(error, TailFailed):
        return INTERNAL_ERROR  # the tail said why, once for all
    logger.error("socket of run %s", run_id, exc_info=error)
    return INTERNAL_ERROR


async def _listen(receive: Receive, follower: Follower) -> None:
    """Acknowledgements; whatever else a client says is not looked at."""
    while (message := await receive())["type"] != "websocket.disconnect":
        text = message.get("text") or ""
        if len(text) <= _LONGEST_ACK and text.isascii() and text.isdigit():
            follower.window.acknowledged(int(text))


def wish_of(query: bytes) -> Wish | None:
    """What the address asks for; None when a part of it cannot be read."""
    words = parse_qs(query.decode("latin-1"))
    cursor = _cursor(words.get("after", ["0:0"])[0])
    storm = words.get("storm", ["records"])[0]
    if cursor is None or storm not in _STORMS:
        return None
    acks = words.get("ack", ["0"])[0] == "1"
    return Wish(*cursor, counts=_STORMS[storm], acks=acks)


def _cursor(text: str) -> tuple[int, int] | None:
    """(epoch, seq) of ``<epoch>:<seq>``."""
    epoch, colon, seq = text.partition(":")
    if not colon or not (epoch + seq).isascii():
        return None
    if not epoch.isdigit() or not seq.isdigit() or len(seq) > 18 or len(epoch) > 9:
        return None
    return int(epoch), int(seq)


def _name(scope: Scope) -> str | None:
    person = scope.get("user") or AnonymousUser()
    return person.get_username() if person.is_authenticated else None


def _may_read(scope: Scope, run_id: str) -> bool:
    run = Run.objects.filter(pk=run_id).only("session_id").first()
    return run is not None and bool(socket_access(scope, run.session_id))


_is_readable = database_sync_to_async(_may_read)


class _Right:
    """Whether somebody may still look. People with the same papers are looked up once."""

    _known: dict[tuple[object, ...], tuple[float, asyncio.Task[bool]]] = {}

    def __init__(self, scope: Scope, run_id: str) -> None:
        self._scope = scope
        self._run_id = run_id
        person = scope.get("user") or AnonymousUser()
        papers = (scope.get("cookies") or {}).get(SHARE_COOKIE, "")
        self._key = (
            asyncio.get_running_loop(),
            run_id,
            person.pk,
            papers,
            scope.get("token_id"),
        )
        self._checked = time.monotonic()

    async def stands(self) -> bool:
        """Looked up again when CHECK_AGAIN has passed."""
        now = time.monotonic()
        if now - self._checked < CHECK_AGAIN:
            return True
        self._checked = now
        return await self._shared(now)

    async def _shared(self, now: float) -> bool:
        known = self._known.get(self._key)
        if known is None or now - known[0] >= CHECK_AGAIN / 2:
            self._forget(now)
            known = (now, asyncio.create_task(_is_readable(self._scope, self._run_id)))
            self._known[self._key] = known
        return await asyncio.shield(known[1])

    def _forget(self, now: float) -> None:
        for key, (when, _) in list(self._known.items()):
            if now - when > CHECK_AGAIN:
                del self._known[key]
