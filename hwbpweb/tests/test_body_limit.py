"""The limit on request bodies, in front of Django."""

from __future__ import annotations

import json
from typing import Any

from hwbpweb.body_limit import BodyLimit

LIMIT = 1000


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body to its end and says how long it was."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def post(
    size: int, *, announced: bool, piece: int = 300, path: str = "/"
) -> tuple[int, bytes, int]:
    """Status, body and how many bytes of the request were read."""
    sent: list[Any] = []
    left = size

    async def receive() -> dict[str, Any]:
        nonlocal left
        body = b"x" * min(piece, left)
        left -= len(body)
        return {"type": "http.request", "body": body, "more_body": left > 0}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-length", str(size).encode())] if announced else []
    scope = {"type": "http", "headers": headers, "path": path}
    await BodyLimit(application, LIMIT, {"/longer/": 2 * LIMIT})(scope, receive, send)
    return sent[0]["status"], sent[1]["body"], size - left


async def test_a_body_at_the_limit_passes() -> None:
    assert await post(LIMIT, announced=True) == (200, b"1000", LIMIT)


async def test_an_announced_long_body_is_refused() -> None:
    status, body, _ = await post(LIMIT + 1, announced=True)

    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


async def test_a_body_that_grows_too_long_is_refused() -> None:
    status, _, _ = await post(5 * LIMIT, announced=False)

    assert status == 413


async def test_the_refused_body_is_read_to_its_end() -> None:
    """Otherwise the client sees a reset connection instead of the answer."""
    assert (await post(5 * LIMIT, announced=True))[2] == 5 * LIMIT


async def test_the_refusal_says_what_is_allowed() -> None:
    _, body, _ = await post(LIMIT + 1, announced=True)

    assert json.loads(body)["errors"][0]["allowed"] == "at most 1000 bytes"


async def test_an_address_may_take_more() -> None:
    assert (await post(2 * LIMIT, announced=True, path="/longer/"))[0] == 200
    assert (await post(2 * LIMIT + 1, announced=True, path="/longer/"))[0] == 413
    assert (await post(2 * LIMIT, announced=True, path="/longer/x"))[0] == 413
