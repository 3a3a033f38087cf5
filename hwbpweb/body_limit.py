"""ASGI: refuse a body that is too long before it is read into a temporary file.

Django spools a request's body to disk before any view runs. This stands in front: a body
announced or grown beyond the limit is thrown away chunk by chunk and answered with 413.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
#: Not spelled out: frameworks disagree on the types of scope and messages.
App = Callable[..., Awaitable[None]]

#: A client that sends more than this after the refusal is cut off without an answer.
DRAIN = 256 << 20


class _TooLong(Exception):
    """The body grew beyond the limit while the application read it."""


class BodyLimit:
    """Wraps an ASGI application; limit in bytes, longer: other limits by path."""

    def __init__(
        self, app: App, limit: int, longer: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.limit = limit
        self.longer = longer or {}

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        limit = self.longer.get(scope.get("path", ""), self.limit)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _announced(scope) > limit:
            await _refuse(receive, send, _announced(scope), limit)
        else:
            try:
                await self.app(scope, _counted(receive, limit), send)
            except _TooLong:
                await _refuse(receive, send, None, limit)


async def _refuse(receive: Receive, send: Send, size: int | None, limit: int) -> None:
    await _drain(receive)
    body = json.dumps(
        {
            "type": "urn:hwbpweb:problem:body_too_large",
            "title": "Content Too Large",
            "status": 413,
            "code": "body_too_large",
            "detail": f"The body has {size or 'more'} bytes; at most {limit} "
            f"are allowed. Nothing was stored.",
            "errors": [
                {
                    "field": "body",
                    "value": size,
                    "detail": "too long",
                    "allowed": f"at most {limit} bytes",
                }
            ],
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _TooLong
        return message

    return counting


async def _drain(receive: Receive) -> None:
    # Without reading on, the client would see a reset connection instead of the answer.
    left = DRAIN
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return
        left -= len(message.get("body", b""))
