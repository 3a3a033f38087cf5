"""Runs one recipe in a child and tells a listener what comes. No database, no Redis."""

from __future__ import annotations

import json
import logging
import queue
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emulator.errors import WireError
from emulator.events import Outcome
from emulator.wire import (
    Batch,
    FrameParser,
    FrameType,
    decode_batch,
    pack,
    pack_json,
)
from sessions_app.runner.child import CHILD, MARGIN, Child, ChildLimits
from sessions_app.runner.debugger import DebuggerPort, NoDebugger, logged_line
from sessions_app.runner.waker import Waker

logger = logging.getLogger(__name__)

__all__ = ["Batch", "Control", "Job", "Listener", "RunEnd", "execute"]

#: How long a child may take to obey before it is killed, and to leave after its end.
OBEY = 3.0
_POLL = 0.02
#: A gdb with its own line may know of a stop this long (seconds) before it is told here.
STOP_TOLD = 0.2
#: A child that has not taken this much gets no more of a debugger.
_UNSENT = 1 << 20
_COMMANDS = {
    "park": FrameType.PARK,
    "pause": FrameType.PAUSE,
    "resume": FrameType.RESUME,
    "cancel": FrameType.CANCEL,
}
#: The outcome of a run that is to go on elsewhere: it has no end yet.
PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Job:
    """What a child needs: the canonical recipe, its images by SHA-256, two limits."""

    recipe: bytes
    images: Mapping[str, bytes]
    memory: int
    wall_ms: int
    paused: bool = False
    """Hold before the first instruction, so that a debugger can come first."""
    commands: Sequence[Mapping[str, Any]] = ()
    """The command log of an earlier run, or of this one up to where it was parked, to be
    played back."""
    stands: bool = False
    """Where the log ends with a park, wait for a debugger or for resume."""
    known: int = 0
    """So many events were told before; the time that they take again does not count."""
    spent_ms: int = 0
    """Of wall_ms, before the run was parked."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. digest is empty for outcomes that it does not cover."""

    outcome: str
    detail: str = ""
    events: int = 0
    hits: int = 0
    retired: int = 0
    digest: str = ""
    emulator: str = ""
    violations: Sequence[tuple[str, int]] | None = None
    """Broken invariants by name with their first event; None: the child did not say."""
    spent_ms: int = 0
    """Of the wall limit, where the run is to go on."""


class Listener(Protocol):
    """Told by execute, in its thread."""

    def on_batch(self, batch: Batch) -> None:
        """Events came."""

    def on_state(self, state: str, retired: int) -> None:
        """running or paused; also sent again as progress."""

    def on_idle(self) -> None:
        """Called at least every few hundredths of a second."""


@dataclass
class Control:
    """How other threads reach a run that execute holds."""

    commands: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    abandoned: bool = False
    """Set when the lease is lost: the child is killed and nothing more is told."""
    waker: Waker = field(default_factory=Waker)
    """Wakes execute, so that what was put here is seen at once."""

    def command(self, word: str) -> None:
        """Pass on pause, resume, park or cancel. From any thread."""
        self.commands.put(word)
        self.waker.wake()

    def left(self) -> list[str]:
        """What came too late."""
        words = []
        while not self.commands.empty():
            words.append(self.commands.get())
        return words


class _Conversation:
    """The state of one run between parent and child."""

    def __init__(
        self, job: Job, listener: Listener, control: Control, debugger: DebuggerPort
    ) -> None:
        self.job = job
        self.listener = listener
        self.control = control
        self.debugger = debugger
        self.parser = FrameParser()
        self.end: RunEnd | None = None
        self.verdict: Outcome | None = None
        """Why this side ended the run, if it did."""
        self.kill_at: float | None = None
        self.events = self.hits = self.retired = 0
        self.listening = False
        """The child has begun; what is sent before could be lost with its start-up."""
        self.paused = False
        self.parking = False
        """The child was told to park: what is wanted now is for the next one, but for an
        end, which need not wait for where a log that is played back can be parked."""
        self.late: list[str] = []
        self.park_until = 0.0
        """Until then a wish to park waits for word that the run stands."""
        self.spent = 0.0
        self._mark = time.monotonic()

    def take(self, data: bytes) -> None:
        if not self.listening:
            # The limit is the run's; what the child needs to start is not counted.
            self.listening, self.spent = True, self.job.spent_ms / 1000
            self._mark = time.monotonic()
        for kind, payload in self.parser.feed(data):
            if kind is FrameType.BATCH:
                self._batch(decode_batch(payload))
            elif kind is FrameType.STATE:
                self._state(_mapping(payload))
            elif kind is FrameType.END:
                self.end = _end(_mapping(payload))
            elif kind is FrameType.ERROR:
                self.end = _refused(_mapping(payload))
            else:
                self._debugged(kind, payload)

    def _debugged(self, kind: FrameType, payload: bytes) -> None:
        if kind is FrameType.DEBUG_OUT:
            self.debugger.on_out(payload)
        elif kind is FrameType.LOGGED:
            self.debugger.on_logged(logged_line(_mapping(payload)))
        elif kind is FrameType.DEBUG_STATE:
            self.tick()
            self.debugger.on_state(_mapping(payload))
        else:
            raise WireError(f"the child sent a {kind.name} frame")

    def _batch(self, batch: Batch) -> None:
        if batch.first_seq != self.events + 1:
            raise WireError(f"event {batch.first_seq} follows {self.events}")
        self.events += len(batch.records) // 64
        self.debugger.keep()
        self.listener.on_batch(batch)

    def _state(self, told: Mapping[str, Any]) -> None:
        self.tick()
        self.paused = told.get("state") == "paused"
        self.retired = int(told.get("retired", self.retired))
        self.hits = int(told.get("hits", self.hits))
        self.debugger.keep()
        if told.get("state") == PARKED:
            spent = round(self.spent * 1000)
            self.end = replace(self.broken(PARKED, ""), spent_ms=spent)
            for word in self.late:
                self.control.command(word)
            return
        self.listener.on_state("paused" if self.paused else "running", self.retired)

    def tick(self) -> None:
        """Count wall time; a run that is paused, held by a debugger, or made again up to
        where it was spends none."""
        now = time.monotonic()
        known = self.events < self.job.known
        if not self.paused and not self.debugger.holds and not known:
            self.spent += now - self._mark
        self._mark = now

    def command(self, child: Child) -> None:
        """Pass on what other threads asked for; watch the wall limit."""
        if self.listening:
            for word in self.control.left():
                self._pass_on(word, child)
        if self._stands and time.monotonic() < self.park_until:
            self.park_until = 0.0
            self._pass_on("park", child)
        if self._listens and child.unsent < _UNSENT:
            for frame, line in self.debugger.frames():
                child.send(frame, line)
        self.tick()
        allowed = self.job.wall_ms / 1000 + (0 if self.listening else OBEY)
        if self.verdict is None and self.spent > allowed:
            child.send(pack(FrameType.CANCEL))
            self._give_up(Outcome.wall_limit)
        if self.kill_at is not None and time.monotonic() > self.kill_at:
            child.kill()

    @property
    def _listens(self) -> bool:
        return self.listening and not self.parking

    @property
    def _stands(self) -> bool:
        return self.paused or self.debugger.holds

    def _pass_on(self, word: str, child: Child) -> None:
        if self.parking and word != "cancel":
            self.late.append(word)
            return
        if word == "park":
            # Resumed meanwhile? Then it keeps its worker.
            self.parking = self._stands
            if not self.parking:
                self.park_until = time.monotonic() + STOP_TOLD
                return
        if word == "resume":
            self.park_until = 0.0
        child.send(pack(_COMMANDS[word]))
        if word == "cancel" and self.verdict is None:
            self._give_up(Outcome.cancelled)

    def _give_up(self, why: Outcome) -> None:
        self.verdict = why
        self.kill_at = time.monotonic() + OBEY

    def broken(self, outcome: str, detail: str) -> RunEnd:
        return RunEnd(
            outcome,
            detail,
            events=self.events,
            hits=self.hits,
            retired=self.retired,
        )


def execute(
    job: Job,
    listener: Listener,
    control: Control,
    command: Sequence[str] = CHILD,
    debugger: DebuggerPort | None = None,
) -> RunEnd:
    """Run to its end. Every way of ending is a RunEnd; only errors of listener and
    debugger pass."""
    talk = _Conversation(job, listener, control, debugger or NoDebugger())
    child = Child(command, ChildLimits(address_space=job.memory + MARGIN))
    try:
        child.start()
        child.listen_to(control.waker)
        logger.info("child %d started", child.pid)
        child.send(_opening(job))
        return _converse(talk, child)
    except WireError as error:
        logger.error("child broke the protocol: %s", error)
        return talk.broken(
            Outcome.crashed.name, f"the child broke the protocol: {error}"
        )
    finally:
        child.close()


def _opening(job: Job) -> bytes:
    images = (
        pack(FrameType.IMAGE, bytes.fromhex(sha256) + data)
        for sha256, data in job.images.items()
    )
    frames = [pack(FrameType.RECIPE, job.recipe), *images]
    if job.commands:
        frames.append(pack_json(FrameType.COMMANDS, list(job.commands)))
    if job.stands:
        frames.append(pack(FrameType.STAND))
    if job.paused:
        frames.append(pack(FrameType.PAUSE))
    return b"".join((*frames, pack(FrameType.START)))


def _converse(talk: _Conversation, child: Child) -> RunEnd:
    while not talk.control.abandoned:
        data = child.read(_POLL)
        if data is None:
            break
        if data:
            talk.take(data)
        talk.command(child)
        talk.listener.on_idle()
        if talk.end is not None:
            break
    if talk.control.abandoned:
        return talk.broken(Outcome.killed.name, "another worker has taken over the run")
    if talk.end is None:
        return _without_end(talk, child)
    return _judged(talk, talk.end)


def _judged(talk: _Conversation, end: RunEnd) -> RunEnd:
    """The child reports its own cancelling; the reason may have been the wall limit."""
    if end.outcome != Outcome.cancelled.name or talk.verdict is not Outcome.wall_limit:
        return end
    return RunEnd(
        Outcome.wall_limit.name,
        _wall_words(talk.job),
        end.events,
        end.hits,
        end.retired,
        "",
        end.emulator,
        end.violations,
    )


def _without_end(talk: _Conversation, child: Child) -> RunEnd:
    status = child.wait(OBEY)
    if talk.verdict is Outcome.wall_limit:
        return talk.broken(Outcome.wall_limit.name, _wall_words(talk.job))
    if talk.verdict is not None:
        return talk.broken(talk.verdict.name, "")
    if child.log_tail:
        logger.warning("child %d said: %s", child.pid, child.log_tail)
    if status == -signal.SIGKILL:
        detail = "the process was killed from outside (by the system or a person)"
        return talk.broken(Outcome.killed.name, detail)
    how = _signal_name(-status) if status < 0 else f"exit status {status}"
    return talk.broken(Outcome.crashed.name, f"the emulating process ended with {how}")


def _wall_words(job: Job) -> str:
    return f"wall time limit of {job.wall_ms} ms reached"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _mapping(payload: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError as error:
        raise WireError("a frame holds no JSON") from error
    if not isinstance(value, dict):
        raise WireError("a frame holds no JSON object")
    return value


def _end(told: Mapping[str, Any]) -> RunEnd:
    try:
        return RunEnd(
            outcome=Outcome[told["outcome"]].name,
            detail=str(told.get("detail") or ""),
            events=int(told["events"]),
            hits=int(told["hits"]),
            retired=int(told["retired"]),
            digest=str(told.get("digest") or ""),
            emulator=str(told.get("emulator") or ""),
            violations=_violations(told.get("violations")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError("the END frame is incomplete") from error


def _violations(told: Any) -> list[tuple[str, int]] | None:
    if told is None:
        return None
    return [(str(v["name"]), int(v["seq"])) for v in told]


def _refused(told: Mapping[str, Any]) -> RunEnd:
    where = told.get("field")
    detail = str(told.get("detail") or told.get("code") or "refused")
    return RunEnd(Outcome.recipe_error.name, f"{where}: {detail}" if where else detail)
