"""The worker's end of connections that come through the web: a thread that hears them over
Redis, and the way back to them."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from contextlib import closing
from typing import Any
from uuid import UUID

import redis

from hwbpweb.redis import redis_client
from sessions_app.debug_line import reach
from sessions_app.debug_wire import (
    FULL,
    KEPT,
    PRESENCE,
    TOUCH,
    CloseCode,
    Kind,
    Word,
    inbox_key,
    json_bytes,
    outbox_key,
    pack_back,
    presence_key,
    unpack_word,
)
from sessions_app.services.debugger.clients import (
    Asked,
    Caller,
    Gone,
    Inbox,
    ListenWanted,
    Message,
    Opened,
    Reply,
    Said,
)
from sessions_app.services.debugger.console import refusal

logger = logging.getLogger(__name__)

_LISTEN = 1.0
#: A reader that has not taken this many entries does not read.
_MOST_UNREAD = 4 * FULL
_STOP = b""
_LEFT = "the worker has left the run; connect again"


class Outbox:
    """To the connections of one run. A Redis that fails costs the connection."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._client = redis_client()

    def push(self, connection: UUID, kind: Kind, payload: bytes = b"") -> int | None:
        """Leave an entry; how many are there now, None when it could not be left."""
        key = outbox_key(self._run_id, connection)
        try:
            with self._client.pipeline(transaction=False) as pipe:
                pipe.rpush(key, pack_back(kind, payload))
                pipe.expire(key, KEPT)
                return int(pipe.execute()[0])
        except redis.RedisError as error:
            logger.warning("debugger's connection of run %s: %s", self._run_id, error)
            return None

    def reply(self, connection: UUID) -> Reply:
        """Where the answer to a question goes."""

        def answer(value: dict[str, Any]) -> None:
            self.push(connection, Kind.ANSWER, json_bytes(value))

        return answer

    def close(self) -> None:
        """Give the connection to Redis back."""
        self._client.close()


class SocketClient:
    """clients.Client behind a websocket of some web process."""

    def __init__(
        self,
        outbox: Outbox,
        connection: UUID,
        caller: Caller,
        line: socket.socket | None = None,
    ) -> None:
        self.connection = connection
        self.caller = caller
        self.line = line
        self.ended = False
        self._outbox = outbox

    def data(self, data: bytes) -> bool:
        """Bytes of the stub; False when nobody reads them."""
        waiting = self._outbox.push(self.connection, Kind.OUT, data)
        return waiting is not None and waiting <= _MOST_UNREAD

    def facts(self) -> dict[str, Any]:
        """Its breakpoints are between it and the stub."""
        return {}

    def told(self, facts: dict[str, Any]) -> None:
        """For people who look at what their gdb does."""
        self._outbox.push(self.connection, Kind.TOLD, json_bytes(facts))

    def gone(self) -> None:
        """Behind what the child has said."""
        if self.line is not None:
            with contextlib.suppress(OSError):  # the other side was faster
                self.line.shutdown(socket.SHUT_RDWR)
            self.line.close()
            self.line = None

    def end(self, code: CloseCode, reason: str) -> None:
        """The last word."""
        self.ended = True
        self.gone()
        payload = json_bytes({"code": int(code), "reason": reason})
        self._outbox.push(self.connection, Kind.END, payload)


class DebugLink(threading.Thread):
    """Hears the words of all connections of a run and leaves them in its inbox."""

    def __init__(self, run_id: UUID, inbox: Inbox, outbox: Outbox) -> None:
        super().__init__(name=f"debug-{run_id}", daemon=True)
        self._run_id = run_id
        self._inbox = inbox
        self._outbox = outbox
        self._clients: dict[UUID, SocketClient] = {}
        self._stopped = threading.Event()
        self._looked = time.monotonic()

    def stop(self) -> None:
        """End and wait."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        with contextlib.suppress(redis.RedisError), closing(redis_client()) as client:
            client.rpush(inbox_key(self._run_id), _STOP)
        self.join()

    def run(self) -> None:
        """The thread. A Redis that is away for a moment is tried again."""
        with closing(redis_client()) as client:
            while not self._stopped.is_set():
                try:
                    self._listen(client)
                except redis.RedisError as error:
                    logger.warning("debuggers of run %s: %s", self._run_id, error)
                    self._stopped.wait(_LISTEN)

    def _listen(self, client: redis.Redis) -> None:
        found: Any = client.blpop([inbox_key(self._run_id)], timeout=_LISTEN)
        if found is not None and found[1] != _STOP:
            self._hear(unpack_word(found[1]))
        if time.monotonic() - self._looked > TOUCH:
            self._looked = time.monotonic()
            self._look_for_the_lost(client)

    def _look_for_the_lost(self, client: redis.Redis) -> None:
        """A web process that died says no goodbye."""
        for connection, known in list(self._clients.items()):
            if known.ended:
                del self._clients[connection]
            elif not client.exists(presence_key(self._run_id, connection)):
                logger.warning("%s vanished", known.caller.words)
                del self._clients[connection]
                self._put(Gone(known))

    def _hear(self, word: Word) -> None:
        if word.kind is Kind.OPEN:
            self._open(word)
        elif word.kind is Kind.ASK:
            reply = self._outbox.reply(word.connection)
            self._put(Asked(word.json(), reply))
        elif word.kind is Kind.LISTEN:
            reply = self._outbox.reply(word.connection)
            self._put(ListenWanted(word.json(), reply))
        else:
            self._known(word)

    def _open(self, word: Word) -> None:
        told = word.json()
        caller = Caller(str(told["who"]), str(told["face"]), str(told["via"]))
        path = str(told.get("line", ""))
        line = reach(path) if path else None
        if path and line is None:
            self._outbox.push(word.connection, Kind.LISTS)
        client = SocketClient(self._outbox, word.connection, caller, line)
        self._clients[word.connection] = client
        self._put(Opened(client))

    def _known(self, word: Word) -> None:
        client = self._clients.get(word.connection)
        if client is None:
            # It spoke to the worker that had the run before this one.
            reason = "the run has begun anew; connect again"
            payload = json_bytes({"code": int(CloseCode.LOST), "reason": reason})
            self._outbox.push(word.connection, Kind.END, payload)
        elif word.kind is Kind.DATA:
            self._put(Said(client, word.payload))
        elif word.kind is Kind.CLOSE:
            del self._clients[word.connection]
            self._put(Gone(client))

    def _put(self, message: Message) -> None:
        if self._inbox.put(message, self._stopped):
            return
        # This worker has just left. Nobody else would tell them: the run may go on, and
        # the next worker does not know that they came.
        if isinstance(message, Opened):
            message.client.end(CloseCode.LOST, _LEFT)
        elif isinstance(message, Asked | ListenWanted):
            message.reply(refusal("run_not_active", _LEFT))


#: Half of a connection's presence must pass without a word before it is missed.
assert 2 * TOUCH < PRESENCE
