"""One run, many who want to debug it: one controls, the others are refused with a reason.

Lives in the thread that executes the run; connections leave messages in the Inbox. The
child knows one debugger at a time, so whatever it says is for the one that controls.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sessions_app.debug_wire import CloseCode
from sessions_app.runner import LoggedLine, close_frame, data_frame, open_frame
from sessions_app.services.debugger.clients import (
    Asked,
    Caller,
    Client,
    Gone,
    Inbox,
    ListenWanted,
    Message,
    Opened,
    Reply,
)
from sessions_app.services.debugger.console import Console, refusal

logger = logging.getLogger(__name__)

#: Everybody is told of a debugger's stops this often (seconds), however often it stops.
TELL_EVERY = 0.1
#: Seconds after which a word of a debugger tells everybody that it is still there, also
#: where nothing else has changed: a run that nobody speaks to is parked one day.
_STILL_THERE = 15.0
#: What the console calls its way in.
CONSOLE = "browser or REST"
_HOLDING = ("attached", "stopped")


class Log(Protocol):
    """Where commands are kept."""

    def add(self, line: LoggedLine) -> None: ...
    def store(self) -> None: ...
    def store_aged(self) -> None: ...


class Port(Protocol):
    """A TCP port for debuggers."""

    @property
    def address(self) -> tuple[str, int]: ...
    def stop(self) -> None: ...


class Switchboard:
    """runner.DebuggerPort for all ways in."""

    def __init__(
        self,
        inbox: Inbox,
        log: Log,
        publish: Callable[[dict[str, Any]], None],
        listen: Callable[[Caller, Inbox], Port],
    ) -> None:
        """publish: tells everybody who controls; {} is nobody. listen: opens a port;
        may raise OSError."""
        self._inbox = inbox
        self._log = log
        self._publish = publish
        self._listen = listen
        self._client: Client | None = None
        self._awaited = 0
        """OPEN frames that the child has not answered: what it says until then is for
        somebody who has left."""
        self._attached = False
        self._state = ""
        self._reason = ""
        self._port: Port | None = None
        self._frames: list[tuple[bytes, socket.socket | None]] = []
        self._dirty = False
        self._told = 0.0

    # runner.DebuggerPort

    @property
    def holds(self) -> bool:
        """Whether a debugger holds the machine."""
        return self._state in _HOLDING

    def frames(self) -> Sequence[tuple[bytes, socket.socket | None]]:
        """What connections said since, as frames for the child."""
        for message in self._inbox.take():
            self._take(message)
        self._log.store_aged()
        if self._dirty and time.monotonic() - self._told > TELL_EVERY:
            self._tell()
        frames, self._frames = self._frames, []
        return frames

    def on_out(self, data: bytes) -> None:
        """The child's words for the one who controls."""
        client = self._client
        if client is not None and self._attached and not client.data(data):
            self._hang_up(
                CloseCode.BROKEN, "this client does not read what it asks for"
            )

    def on_state(self, told: Mapping[str, Any]) -> None:
        """As docs/debugging.md has it."""
        state, reason = str(told.get("state")), str(told.get("reason") or "")
        if state in ("attached", "refused"):
            self._awaited = max(0, self._awaited - 1)
        if self._awaited or self._client is None:
            return
        if state == "attached":
            self._attached = True
            # Whoever connects stops the machine: everybody hears of that, and only where
            # it does not come soon of the connection alone.
            self._told = time.monotonic()
        elif state == "refused":
            self._end(CloseCode.REFUSED, reason)
            return
        elif state == "hung_up":
            self._hang_up(CloseCode.BROKEN, reason)
            return
        elif state == "gone":
            self._end(CloseCode.DONE, "it has left")
            return
        self._state, self._reason = state, reason
        self._changed()

    def on_logged(self, line: LoggedLine) -> None:
        """A command acts."""
        self._still_there()
        self._log.add(line)

    def keep(self) -> None:
        """What came of the commands is about to be stored."""
        self._log.store()

    def finish(self, reason: str, code: CloseCode = CloseCode.DONE) -> None:
        """The run is over, or has no worker any more. All are told, also where the log
        cannot be stored."""
        try:
            self._log.store()
        finally:
            self._dismiss(reason, code)

    def _dismiss(self, reason: str, code: CloseCode) -> None:
        self._end(code, reason)
        for _, line in self._frames:
            if line is not None:
                line.close()
        for message in self._inbox.take():
            if isinstance(message, Opened):
                late = CloseCode.OVER if code is CloseCode.DONE else code
                message.client.end(late, reason)
            elif isinstance(message, Asked | ListenWanted):
                message.reply(refusal("run_not_active", reason))
        if self._port is not None:
            self._port.stop()

    # Messages of connections.

    def _take(self, message: Message) -> None:
        self._still_there()
        if isinstance(message, Opened):
            self._open(message.client)
        elif isinstance(message, Asked):
            self._ask(message.request, message.reply)
        elif isinstance(message, ListenWanted):
            self._open_port(message.request, message.reply)
        elif isinstance(message, Gone):
            message.client.gone()
            if message.client is self._client:
                self._leave()
        elif message.client is self._client:
            self._frames.append((data_frame(message.data), None))

    def _open(self, client: Client) -> bool:
        if self._client is not None:
            words = f"{self._client.caller.words} controls this run"
            client.end(CloseCode.REFUSED, words)
            return False
        self._client = client
        self._attached = False
        self._awaited += 1
        caller = client.caller
        # The child's own: this side may close its end before that has left.
        line = None if client.line is None else client.line.dup()
        opening = open_frame(caller.who, caller.face, line=line is not None)
        self._frames.append((opening, line))
        logger.info("%s debugs", client.caller.words)
        return True

    def _leave(self) -> None:
        """The client is gone: its breakpoints go, the machine runs on."""
        self._frames.append((close_frame(), None))
        self._forget()

    def _hang_up(self, code: CloseCode, reason: str) -> None:
        client = self._client
        self._leave()
        if client is not None:
            client.end(code, reason)

    def _end(self, code: CloseCode, reason: str) -> None:
        """The child has nobody any more."""
        client = self._client
        self._forget()
        if client is not None:
            client.end(code, reason)

    def _forget(self) -> None:
        self._client, self._attached = None, False
        self._state = self._reason = ""
        self._changed()

    # Control over REST.

    def _ask(self, request: dict[str, Any], answer: Reply) -> None:
        def reply(value: dict[str, Any]) -> None:
            # Who has the answer may read the log.
            self._log.store()
            answer(value)

        who = str(request.get("who", ""))
        client = self._client
        if client is not None and not (
            isinstance(client, Console) and client.caller.who == who
        ):
            reply(refusal("controlled", f"{client.caller.words} controls this run"))
        elif request.get("do") == "detach":
            if client is not None:
                self._hang_up(CloseCode.DONE, "detached")
            reply({"ok": True, "result": {}, "debugger": self.facts})
        else:
            console = client or self._new_console(who)
            assert isinstance(console, Console)
            console.ask(request, reply)

    def _new_console(self, who: str) -> Console:
        def say(data: bytes) -> None:
            self._frames.append((data_frame(data), None))

        console = Console(
            Caller(who, via=CONSOLE), say, self._changed, lambda: self.facts
        )
        self._open(console)
        console.begin()
        return console

    def _open_port(self, request: dict[str, Any], reply: Reply) -> None:
        if self._port is None:
            caller = Caller(
                str(request.get("who", "")), str(request.get("face", "full")), "TCP"
            )
            try:
                self._port = self._listen(caller, self._inbox)
            except OSError as error:
                reply(refusal("no_port", f"no port to listen on: {error.strerror}"))
                return
        host, port = self._port.address
        reply({"ok": True, "result": {"host": host, "port": port}})

    # Who controls.

    @property
    def facts(self) -> dict[str, Any]:
        """As Run.debugger has them; {} when nobody controls."""
        client = self._client
        if client is None or not self._attached:
            return {}
        facts = {
            "state": self._state,
            "who": client.caller.who,
            "face": client.caller.face,
            "via": client.caller.via,
            "reason": self._reason,
        }
        return facts | client.facts()

    def _changed(self) -> None:
        self._dirty = True

    def _still_there(self) -> None:
        if time.monotonic() - self._told > _STILL_THERE:
            self._changed()

    def _tell(self) -> None:
        self._dirty, self._told = False, time.monotonic()
        self._log.store()
        facts = self.facts
        if self._client is not None:
            self._client.told(facts)
        self._publish(facts)
