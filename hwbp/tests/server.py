"""A server in a thread that answers as a test says: HTTP, and websockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.sync.server import ServerConnection, serve


@dataclass
class Seen:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Rest:
    """Answers by path (without /api/v1/ and query): status and value."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def answer(self, request: Seen) -> tuple[int, bytes]:
        self.seen.append(request)
        path = request.path.partition("?")[0].removeprefix("/api/v1/")
        status, value = self.answers.get(path, (404, {"detail": f"no {path}"}))
        if callable(value):
            value = value(request)
        return status, value if isinstance(value, bytes) else json.dumps(value).encode()


@contextmanager
def rest_server(rest: Rest) -> Iterator[Rest]:
    """Runs until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen = Seen(self.command, self.path, dict(self.headers), body)
            status, data = rest.answer(seen)
            self.send_response(status)
            for name, value in rest.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    rest.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield rest
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def socket_server(handle: Callable[[ServerConnection], None]) -> Iterator[str]:
    """The address of a websocket server, as http://…"""
    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        host, port = server.socket.getsockname()[:2]
        yield f"http://{host}:{port}"
        server.shutdown()
        thread.join()
