"""``hwbp login``: ask for server and token, try them, keep them."""

from __future__ import annotations

import getpass
import sys

from hwbp.config import Server, checked_url, keep_server
from hwbp.errors import Status, Usage
from hwbp.rest import Api


def login(url: str | None, token: str | None) -> Status:
    """Raises Usage, Refused, Unreachable."""
    url = checked_url(url or _asked("Server (https://…): "))
    sys.stderr.write(f"Make a token at {url}/accounts/tokens/\n")
    server = Server(url, token or getpass.getpass("Token: ").strip())
    if not server.url or not server.token:
        raise Usage("address and token are both needed")
    Api(server).get("sessions/", limit=1)
    sys.stderr.write(f"Kept in {keep_server(server)}\n")
    return Status.DONE


def _asked(words: str) -> str:
    sys.stderr.write(words)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
