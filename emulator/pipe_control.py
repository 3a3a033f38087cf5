"""How a run in a child is paused, parked, cancelled and debugged over its pipes.

Beside emulator.child and emulator.pipes the only file of the package that knows time and
threads.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from emulator.debugger import Close, Data, Logged, Message, Open, Park
from emulator.debugger.messages import message_from_json
from emulator.engine import Interrupted
from emulator.errors import WireError
from emulator.events import FIELDS, RECORD, RECORD_SIZE, Outcome
from emulator.pipes import Line, Pipes
from emulator.wire import Batch, FrameType, encode_batch, pack, pack_json

#: Events reach the parent at least this often (seconds).
FLUSH_EVERY = 0.04
#: Progress is told this often (seconds).
PROGRESS_EVERY = 0.2
_RINGS = 4096
#: States of a debugger that may be over before anybody looks.
_PASSING = ("stopped", "running")
_RETIRED = FIELDS.index("retired")
_EXIT_OK = 0


class Progress:
    """What STATE frames tell, known from the batches that left."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._lock = threading.Lock()
        self._state = "running"
        self._numbers = {"retired": 0, "events": 0, "hits": 0}

    @property
    def state(self) -> str:
        """As it was told last."""
        return self._state

    def batch(self, batch: Batch) -> None:
        """A batch leaves: pass it on and remember how far the run is."""
        self._pipes.send(pack(FrameType.BATCH, encode_batch(batch)))
        last = RECORD.unpack_from(batch.records, len(batch.records) - RECORD_SIZE)
        events = batch.first_seq - 1 + len(batch.records) // RECORD_SIZE
        with self._lock:
            retired = max(self._numbers["retired"], last[_RETIRED])
            self._numbers = {
                "retired": retired,
                "events": events,
                "hits": batch.hits_before,
            }

    def tell(self, state: str | None = None) -> None:
        """Send a STATE frame."""
        with self._lock:
            self._state = state or self._state
            frame = pack_json(FrameType.STATE, {"state": self._state, **self._numbers})
        self._pipes.send(frame)


class PipeControl:
    """engine.Control fed by a thread that reads stdin and one that watches the clock."""

    def __init__(self, pipes: Pipes, progress: Progress) -> None:
        self.pending = False
        self._pipes = pipes
        self._progress = progress
        self._bell = os.pipe()
        for end in self._bell:
            os.set_blocking(end, False)
        self._paused = False
        self._cancelled = False
        self._done = False
        self._stands = False
        """Where the played log ends with a park, a debugger is waited for."""
        self._messages: deque[tuple[Message, Line | None]] = deque()
        self._passing: deque[dict[str, str]] = deque(maxlen=1)
        """A state that was not told yet."""
        self._line: Line | None = None
        """Where the debugger's bytes come and go when it has a socket of its own. Only
        the thread of the run touches it."""

    def start(self) -> None:
        """Start both threads."""
        for work in (self._listen, self._tick):
            threading.Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        """The run is over: no more progress."""
        self._done = True

    def checkpoint(self, flush: Callable[[], None]) -> None:
        """Between two events: hand over, wait while paused. Raises Interrupted."""
        self.pending = False
        flush()
        if self._is_paused():
            self._progress.tell("paused")
            while self._is_paused():
                self._sleep(None)
            if not self._cancelled and not self._is_to_park():
                self._progress.tell("running")
        elif self._progress.state == "paused" and self._is_to_park():
            # It has not: a log is played back, and can be parked at its end only.
            self._progress.tell("running")
        if self._cancelled:
            raise Interrupted(Outcome.cancelled)

    def _is_paused(self) -> bool:
        """Until the run is cancelled, or a debugger takes it."""
        return self._paused and not self._cancelled and not self._messages

    # emulator.debugger.Link

    def take(self) -> list[Message]:
        """What a debugger has sent; it takes over from a pause."""
        taken = []
        while (message := self._told()) is not None:
            taken.append(message)
            if isinstance(message, Open):
                self._paused = False
        message = self._heard()
        return taken if message is None else [*taken, message]

    def wait(self, flush: Callable[[], None]) -> Message:
        """The next message of the debugger that holds the machine. A client that asks at
        once is answered without the cost of a batch."""
        patience: float | None = FLUSH_EVERY
        while True:
            if self._cancelled:
                raise Interrupted(Outcome.cancelled)
            message = self._told()
            if message is not None:
                return message
            has_come = self._sleep(patience)
            message = self._heard() if has_come else None
            if message is not None:
                return message
            if not has_come:
                flush()
                patience = None

    def park(self, flush: Callable[[], None]) -> NoReturn:
        """All is handed over and the position logged: another child goes on from there,
        and this one has nothing to unwind."""
        flush()
        self._progress.tell("parked")
        os._exit(_EXIT_OK)

    def stand(self, flush: Callable[[], None]) -> Open | None:
        """Whoever connects; None when the run is resumed."""
        flush()
        if not self._stands:
            return None
        self._progress.tell("paused")
        while (found := self._newcomer()) is None and self._stands:
            if self._cancelled:
                raise Interrupted(Outcome.cancelled)
            self._sleep(None)
        if isinstance(found, Park):
            self.park(flush)
        self._paused = False
        self._progress.tell("running")
        return found

    def _newcomer(self) -> Open | Park | None:
        """Who came first of those who are still there: the machine would go on when one
        leaves that has left already. What an earlier client had to say is for nobody."""
        while (message := self._told()) is not None:
            if isinstance(message, Park):
                return message
            if isinstance(message, Open):
                if not self._has_left():
                    return message
                self.tell("refused", message.who, message.face.value, "it has left")
                self._change_line(None)
        return None

    def _has_left(self) -> bool:
        """Whether the debugger whose Open was just taken is gone."""
        told = any(isinstance(message, Close) for message, _ in list(self._messages))
        return told or (self._line is not None and self._line.has_left)

    def _is_to_park(self) -> bool:
        return any(isinstance(message, Park) for message, _ in list(self._messages))

    def log(self, line: Logged) -> None:
        """To the parent, who stores it: with whatever comes of it, or at the next tick."""
        self._pipes.send_later(pack_json(FrameType.LOGGED, line.to_json()))

    def send(self, data: bytes) -> None:
        """To the debugger, or to the parent, who passes it on."""
        if self._line is not None:
            self._line.write(data)
        else:
            self._tell_passing()
            self._pipes.send(pack(FrameType.DEBUG_OUT, data))

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        """To the parent, who tells everybody. Of stops and goings-on between two ticks
        only the last is told."""
        facts = {"state": state, "who": who, "face": face, "reason": reason}
        self._passing.append(facts)
        if state not in _PASSING:
            self._tell_passing()
            self._pipes.flush()

    def _tell_passing(self) -> None:
        with suppress(IndexError):  # told already
            frame = pack_json(FrameType.DEBUG_STATE, self._passing.pop())
            self._pipes.send_later(frame)

    def _told(self) -> Message | None:
        """The next message that came with a frame."""
        if not self._messages:
            return None
        message, line = self._messages.popleft()
        if isinstance(message, Open | Close):
            self._change_line(line)
        return message

    def _heard(self) -> Message | None:
        """What the debugger said on its own line."""
        line = self._line
        data = None if line is None else line.read()
        if line is None or data is None:
            return None
        if data:
            return Data(data)
        self._change_line(None)
        if line.was_given_up:
            self.tell("hung_up", "", "", "this client does not read what it asks for")
        else:
            self.tell("gone", "", "", "")
        return Close()

    def _change_line(self, line: Line | None) -> None:
        if self._line is not None:
            self._line.close()
        self._line = line

    def _sleep(self, seconds: float | None) -> bool:
        """Until a command or the debugger wakes; False when the time is over."""
        line = self._line
        reading: list[int | Line] = [self._bell[0]]
        writing: list[Line] = []
        if line is not None:
            reading.append(line)
            writing += [line] if line.is_full else []
        readable, writable, _ = select.select(reading, writing, [], seconds)
        if writable and line is not None:
            line.flush()
        if self._bell[0] in readable:
            os.read(self._bell[0], _RINGS)
        return bool(readable or writable)

    def pause(self) -> None:
        """Hold before the first instruction."""
        self._paused = self.pending = True

    def stand_there(self) -> None:
        """Wait for a debugger where the machine was parked."""
        self._stands = True

    def _listen(self) -> None:
        try:
            while (frames := self._pipes.frames()) is not None:
                for kind, payload in frames:
                    self._command(kind, payload)
        except WireError as error:
            sys.stderr.write(f"emulator.child: {error}\n")
        # Nobody is there any more: not even a native loop may outlive that.
        os._exit(_EXIT_OK)

    def _command(self, kind: FrameType, payload: bytes) -> None:
        message = _message(kind, payload)
        if message is not None:
            line = self._pipes.line() if _has_line(kind, payload) else None
            self._messages.append((message, line))
        if kind is FrameType.PAUSE:
            self._paused = True
        elif kind is FrameType.RESUME:
            self._paused = self._stands = False
        elif kind is FrameType.CANCEL:
            self._cancelled = True
        self.pending = True
        with suppress(BlockingIOError):  # it rings already
            os.write(self._bell[1], b"\0")

    def _tick(self) -> None:
        told = time.monotonic()
        while not self._done:
            time.sleep(FLUSH_EVERY)
            self.pending = True
            self._tell_passing()
            self._pipes.flush()
            if time.monotonic() - told >= PROGRESS_EVERY and not self._done:
                told = time.monotonic()
                self._progress.tell()


def _has_line(kind: FrameType, payload: bytes) -> bool:
    """Whether a socket came with this frame: the kernel hands one over with what was
    sent before it, too."""
    return kind is FrameType.DEBUG_OPEN and bool(json.loads(payload).get("line"))


def _message(kind: FrameType, payload: bytes) -> Message | None:
    """The debugger's message in a frame. Raises WireError."""
    if kind is FrameType.PARK:
        return Park()
    if kind is FrameType.DEBUG_DATA:
        return Data(payload)
    if kind is FrameType.DEBUG_CLOSE:
        return Close()
    if kind is not FrameType.DEBUG_OPEN:
        return None
    try:
        return message_from_json({"do": "open", **json.loads(payload)})
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"no debugger in DEBUG_OPEN: {error!r}") from error
