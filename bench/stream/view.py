"""``python -m bench.stream.view``: many viewers in one process, each proving what it got.

Cheap on purpose, because it shares the machine with what it measures: raw sockets, frames
looked at where they lie. Prints one JSON object when the last viewer heard of the end.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import sys
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.stream.account import Account

_SLOW_PAUSE = 1.0
_SLOW_BYTES = 16 << 10
_BUFFER = 4 << 20
_AT_ONCE = 1 << 20


@dataclass
class Viewer:
    """One WebSocket."""

    socket: socket.socket
    slow: bool
    account: Account = field(default_factory=Account)
    buffer: bytearray = field(default_factory=lambda: bytearray(_BUFFER))
    filled: int = 0
    bytes: int = 0
    next_read: float = 0.0

    def read(self, limit: int) -> bool:
        """Take what is there; False at the end of the connection."""
        room = memoryview(self.buffer)[self.filled : self.filled + limit]
        try:
            got = self.socket.recv_into(room)
        except ConnectionResetError:
            got = 0
        if not got:
            self.account.closed()
        self.filled += got
        self.bytes += got
        return got > 0

    def messages(self) -> None:
        """Account for each whole message and keep the rest."""
        now = time.monotonic() * 1e6
        view, at = memoryview(self.buffer), 0
        while (place := _payload(view, at, self.filled)) is not None:
            start, end = place
            answer = self.account.take(view[start:end], view[at] & 0x0F, now)
            if answer is not None:
                self.socket.sendall(_masked(*answer))
            at = end
        if at:
            self.buffer[: self.filled - at] = bytes(view[at : self.filled])
            self.filled -= at


def _payload(view: memoryview, at: int, filled: int) -> tuple[int, int] | None:
    """Where the message at ``at`` begins and ends, once it is all there."""
    if filled < at + 10:
        return _short_payload(view, at, filled)
    length, start = view[at + 1], at + 2
    if length == 126:
        length, start = int.from_bytes(view[at + 2 : at + 4], "big"), at + 4
    elif length == 127:
        length, start = int.from_bytes(view[at + 2 : at + 10], "big"), at + 10
    return (start, start + length) if start + length <= filled else None


def _short_payload(view: memoryview, at: int, filled: int) -> tuple[int, int] | None:
    if filled < at + 2 or view[at + 1] > 125 or at + 2 + view[at + 1] > filled:
        return None
    return at + 2, at + 2 + view[at + 1]


def _masked(opcode: int, payload: bytes) -> bytes:
    """A frame of a client; a mask of zeros is a mask."""
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def connect(given: argparse.Namespace, *, slow: bool) -> Viewer:
    """Through the handshake."""
    made = socket.socket()
    if slow:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BYTES)
    made.connect(("127.0.0.1", given.port))
    key = b64encode(bytes(16)).decode()
    lines = [
        f"GET /ws/runs/{given.run}/?{given.query} HTTP/1.1",
        f"Host: 127.0.0.1:{given.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {given.token}",
    ]
    made.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += made.recv(1)
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head.decode())
    made.setblocking(False)
    return Viewer(made, slow)


def watch(viewers: list[Viewer], seconds: float) -> None:
    """Until all heard of the end, or the time is over."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            if not viewer.slow:
                selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        while not all(v.account.over for v in viewers) and time.monotonic() < deadline:
            for key, _ in selector.select(0.05):
                if not key.data.read(_AT_ONCE):
                    selector.unregister(key.fileobj)
                key.data.messages()
            _read_slowly([v for v in viewers if v.slow], viewers)


def _read_slowly(slow: list[Viewer], viewers: list[Viewer]) -> None:
    """A little at a time, until the quick ones are done; then what is left."""
    quick_done = all(v.account.over for v in viewers if not v.slow)
    now = time.monotonic()
    for viewer in slow:
        if viewer.account.over or (now < viewer.next_read and not quick_done):
            continue
        viewer.next_read = now + _SLOW_PAUSE
        try:
            viewer.read(_AT_ONCE if quick_done else _SLOW_BYTES)
        except BlockingIOError:
            continue
        viewer.messages()


def _late(viewers: list[Viewer], *, slow: bool) -> list[int]:
    chosen = [v.account.late for v in viewers if v.slow is slow]
    return [int(n) for n in np.sum(chosen, axis=0)] if chosen else [0]


def main() -> int:
    """Connect, say so, watch, report."""
    parser = argparse.ArgumentParser(prog="bench.stream.view")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--query", default="after=1:0")
    parser.add_argument("--quick", type=int, default=1)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    viewers = [
        connect(given, slow=at < given.slow) for at in range(given.quick + given.slow)
    ]
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    spent = time.process_time()
    watch(viewers, given.seconds)
    told: dict[str, Any] = {
        "cpu_seconds": time.process_time() - spent,
        "viewers": [
            {"slow": v.slow, "bytes": v.bytes, **v.account.told()} for v in viewers
        ],
        "late": _late(viewers, slow=False),
        "slow_late": _late(viewers, slow=True),
    }
    for viewer in viewers:
        viewer.socket.close()
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
