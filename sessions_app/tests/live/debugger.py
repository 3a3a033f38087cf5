"""A gdb's websocket without a gdb, through the doors that everybody uses."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from hwbp.rsp import Framer, frame
from sessions_app.routing import websocket_urlpatterns
from sessions_app.socket_doors import SocketDoors
from sessions_app.tests.live.follower import PATIENCE, Socket

ORIGIN = (b"origin", b"http://testserver")


def debug_scope(
    run_id: UUID, headers: list[tuple[bytes, bytes]], query: bytes = b""
) -> dict[str, Any]:
    """A handshake."""
    path = f"/ws/runs/{run_id}/gdb/"
    return {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"testserver"), *headers],
        "subprotocols": [],
    }


def doors() -> SocketDoors:
    """As hwbpweb.asgi has them, with the hosts that are allowed now."""
    return SocketDoors(websocket_urlpatterns)


class Debugger:
    """Speaks packets; reads replies."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.told: list[dict[str, Any]] = []
        self._framer = Framer()
        self._packets: list[bytes] = []

    async def send(self, data: bytes) -> None:
        await self.socket.send_input({"type": "websocket.receive", "bytes": data})

    async def ask(self, packet: bytes, seconds: float = PATIENCE) -> bytes:
        """Send a packet; the next one that comes."""
        await self.send(frame(packet))
        return await self.packet(seconds)

    async def packet(self, seconds: float = PATIENCE) -> bytes:
        """The next packet of the stub."""
        deadline = time.monotonic() + seconds
        while not self._packets:
            message = await self.socket.receive_output(deadline - time.monotonic())
            assert message["type"] == "websocket.send", message
            if "text" in message:
                self.told.append(json.loads(message["text"]))
            else:
                self._packets += [p for p in self._framer.feed(message["bytes"]) if p]
        return self._packets.pop(0)

    async def closed(self, seconds: float = PATIENCE) -> tuple[int, str]:
        """How the server ends it; what comes before is not looked at."""
        while True:
            message = await self.socket.receive_output(seconds)
            if message["type"] == "websocket.close":
                return int(message["code"]), str(message["reason"])

    async def leave(self) -> None:
        await self.socket.disconnect()


async def connect(
    run_id: UUID, token: str = "", query: bytes = b"", cookie: str = ""
) -> Debugger:
    """By token, or as a browser with a cookie."""
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else [ORIGIN]
    if cookie:
        headers.append((b"cookie", f"sessionid={cookie}".encode()))
    socket = Socket(doors(), debug_scope(run_id, headers, query))
    await socket.connect()
    return Debugger(socket)
