"""A debugger's way around Redis: a socket at which the web waits for a worker of the same
machine, who passes it on to the child. A worker that cannot reach it says so, and then the
bytes go by the lists (debug_wire).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

logger = logging.getLogger(__name__)

_READ = 1 << 16
#: Seconds that last words may take to come through.
_LINGER = 1.0

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def reach(path: str) -> socket.socket | None:
    """The worker's side: the web's socket, None where it is not to be had."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        return None
    sock.setblocking(False)
    return sock


class OwnLine:
    """The web's side, of one connection. Nobody but this user can come to it."""

    def __init__(self) -> None:
        self._folder = ""
        self.path = ""
        """Where the worker finds it; empty: nowhere."""
        self._known = asyncio.Event()
        """Whether the worker comes."""
        self._ends: _Ends | None = None
        self._server: asyncio.Server | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def open(self, hear: Callable[[bytes], Awaitable[None]]) -> None:
        """Wait for the worker; hear gets what comes from the child. Where no socket can
        be made, as in a folder whose name is too long for one, nobody comes."""
        try:
            self._folder = tempfile.mkdtemp(prefix="hwbp-")
            path = str(Path(self._folder) / "line")
            self._server = await asyncio.start_unix_server(self._came, path)
        except OSError as error:
            logger.warning("no socket for a debugger's line: %s", error)
            self.refuse()
            return
        self.path = path
        self._hearing = asyncio.create_task(self._carry(hear))

    def refuse(self) -> None:
        """The worker does not come."""
        self._known.set()

    async def say(self, data: bytes) -> bool:
        """To the child, as fast as it reads. False: there is no such line. Waits until
        that is known."""
        await self._known.wait()
        if self._ends is None:
            return False
        # A child that is gone is told of by its worker.
        with contextlib.suppress(ConnectionError):
            self._ends[1].write(data)
            await self._ends[1].drain()
        return True

    async def last_words(self) -> None:
        """The worker has ended the line: what is still in it is heard."""
        if self._hearing is not None and self._known.is_set():
            await asyncio.wait([self._hearing], timeout=_LINGER)

    async def close(self) -> None:
        """Nothing is left."""
        if self._server is not None:
            self._server.close()
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
        if self._ends is not None:
            self._ends[1].close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._known.is_set():
            writer.close()
            return
        self._ends = reader, writer
        self._known.set()

    async def _carry(self, hear: Callable[[bytes], Awaitable[None]]) -> None:
        await self._known.wait()
        ends = self._ends
        with contextlib.suppress(OSError):  # child or client are gone: others tell
            while ends is not None and (data := await ends[0].read(_READ)):
                await hear(data)
