"""The public face: run a recipe and hand its trace to a sink (docs/architecture.md).

Pure: a run is a function of recipe and images. Time, pipes and people come in through
Control only, and change nothing that the digest covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NoReturn, Protocol

from emulator import __version__
from emulator.boot import System, boot
from emulator.debugger import Close, DebugSession, Link, Logged, Message, Open
from emulator.events import CODEC_VERSION, EventKind, Limit, Outcome
from emulator.interleave import slices
from emulator.invariants import Violation
from emulator.recipe import Recipe
from emulator.recorder import Recorder
from emulator.target.calibration import (
    flags_state_offset,
    pending_exception_offset,
    shadow_offset,
)
from emulator.target.clock import counter_offset
from emulator.target.cpu import Cpu
from emulator.target.instructions import decode
from emulator.target.reasons import Stop
from emulator.tasks import Task
from emulator.wire import Batch

#: Instructions a lone CPU may run between two looks at the controls.
_LONGEST_SLICE = 100_000
_SIGNAL_MASK = 0x7F
#: Outcomes that the recipe decides; only these have a digest.
_DIGESTED = {
    Outcome.completed,
    Outcome.livelock,
    Outcome.guest_fault,
    Outcome.limit_reached,
    Outcome.deadlock,
    Outcome.restops,
}


class Interrupted(Exception):
    """Raised by Control.checkpoint: the run ends here, for a reason of its surroundings."""

    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


class Control(Protocol):
    """How a run is paused, cancelled and asked to hand over what it has."""

    pending: bool
    """Something is wanted; looked at often, so it must be a plain attribute."""

    def checkpoint(self, flush: Callable[[], None]) -> None:
        """Called between events while pending: blocks while paused. Raises Interrupted."""


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How a task ended: exit is its wait status, None when it was still there."""

    name: str
    pid: int
    exit: int | None


@dataclass(frozen=True, slots=True)
class RunResult:
    """The END frame as a value."""

    outcome: Outcome
    detail: str
    events: int
    hits: int
    retired: int
    digest: str | None
    tasks: list[TaskEnd]
    violations: list[Violation]
    """Invariants that did not hold, each with its first event."""
    emulator: str = __version__
    codec: int = CODEC_VERSION

    def to_json(self) -> dict[str, object]:
        """JSON object with the outcome by name."""
        return {**asdict(self), "outcome": self.outcome.name}


@dataclass(slots=True)
class _Reached:
    """A limit that was met."""

    limit: Limit
    value: int


class _Idle:
    """Control of a run that nobody watches."""

    pending = False

    def checkpoint(self, flush: Callable[[], None]) -> None:
        """Never called."""


class _Nobody:
    """Link of a run that nobody debugs."""

    def take(self) -> list[Message]:
        """Nobody is there."""
        return []

    def park(self, flush: Callable[[], None]) -> NoReturn:
        """Never called."""
        raise AssertionError

    def stand(self, flush: Callable[[], None]) -> Open | None:
        """Nobody comes: run on."""
        return None

    def wait(self, flush: Callable[[], None]) -> Message:
        """Whoever was there has gone."""
        return Close()

    def log(self, line: Logged) -> None:
        """Never called."""

    def send(self, data: bytes) -> None:
        """Nobody reads."""

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        """Nobody listens."""


def run(
    recipe: Recipe,
    images: Mapping[str, bytes],
    sink: Callable[[Batch], None],
    control: Control | None = None,
    *,
    remembers: bool = True,
    commands: Sequence[Logged] = (),
    link: Link | None = None,
) -> RunResult:
    """Run the recipe to its end. images: bytes by SHA-256.

    commands: the log of what a debugger did to an earlier run, to be done again.
    link: the way to a debugger; what arrives there also sets control.pending.

    remembers=False takes the plain path for every hit; the trace is the same.

    Raises RecipeError, ImageError when the recipe cannot be started, KernelError when
    its memory is too small for its images. Every later end is an outcome.
    """
    run_ = _Run(recipe, images, sink, control or _Idle(), remembers)
    run_.debug(link or _Nobody(), commands)
    return run_.go()


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run done again up to an event, standing there."""

    seq: int
    """The last event: the one asked for, or the last of the tree it stands in."""
    system: System


def replay_to(
    recipe: Recipe,
    images: Mapping[str, bytes],
    seq: int,
    *,
    commands: Sequence[Logged] = (),
) -> Replayed:
    """Run the recipe again until event seq and what belongs to it are there: time travel
    by doing it once more. 0 is before the first instruction.

    A run that ends earlier stands at its end. Raises as run() does.
    """
    run_ = _Run(recipe, images, _drop, _Idle(), remembers=True, last=seq)
    run_.debug(_Nobody(), commands)
    return run_.stand()


def _drop(batch: Batch) -> None:
    """Nobody wants to know it once more."""


def warm_up() -> None:
    """Load and calibrate all that a run will need, while files may still be opened."""
    counter_offset()
    pending_exception_offset()
    flags_state_offset()
    shadow_offset()
    decode(b"\x90")


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        images: Mapping[str, bytes],
        sink: Callable[[Batch], None],
        control: Control,
        remembers: bool,
        last: int | None = None,
    ) -> None:
        self._recipe = recipe
        events = recipe.limits.events
        self._events = events if last is None else min(last, events)
        self._control = control
        self._recorder = Recorder(sink)
        self._reached: _Reached | None = None
        self._written = 0
        self._system: System = boot(
            recipe,
            images,
            self._recorder,
            on_output=self._output,
            boundary=self._boundary,
            remembers=remembers,
        )
        self._system.kernel.pace = self if remembers else None

    def debug(self, link: Link, commands: Sequence[Logged]) -> None:
        """Once, before go(): who may come, and what was done to an earlier run."""
        self._debugger = DebugSession(self._system, self._recorder, link, commands)
        self._system.kernel.on_watch = self._debugger.watched
        self._system.kernel.on_breakpoint = self._debugger.probed

    def go(self) -> RunResult:
        """Slices until something ends the run."""
        outcome, detail = None, ""
        try:
            self._loop()
        except Interrupted as interrupted:
            outcome, detail = interrupted.outcome, interrupted.detail
        return self._finish(outcome, detail)

    def stand(self) -> Replayed:
        """As far as the last event that is wanted, and no further."""
        if self._recorder.seq < self._events:
            self._loop()
        return Replayed(self._recorder.seq, self._system)

    def _loop(self) -> None:
        schedule, system = self._recipe.schedule, self._system
        cpus = system.machine.cpus
        idle = 0
        for index, count in slices(len(cpus), schedule.seed, schedule.quantum):
            task = system.scheduler.pick(cpus[index])
            self._count_events()
            if self._reached is not None:
                return
            idle = idle + 1 if task is None else 0
            if idle == len(cpus):
                return
            held = self._system.kernel.holds(cpus[index])
            if task is not None and not held and not self._slice(cpus[index], count):
                return

    def _slice(self, cpu: Cpu, count: int) -> bool:
        """One slice of one CPU, in stretches short enough to be interrupted."""
        left = count
        cpu.visit(self._look)
        while left > 0:
            allowed = self._recipe.limits.instructions - self._retired()
            if allowed <= 0:
                self._reached = _Reached(
                    Limit.instructions, self._recipe.limits.instructions
                )
                return False
            stretch = min(left, allowed, _LONGEST_SLICE)
            stretch = self._system.script.room(cpu, stretch)
            stretch = self._debugger.room(cpu, stretch)
            before = cpu.retired
            stop = cpu.run(stretch)
            if stop is Stop.HALTED:
                self._system.kernel.halted(cpu)
            if self._over():
                return False
            cpu.visit(self._between)
            if stop is Stop.HALTED or self._system.scheduler.wants_to_switch(cpu):
                break
            left -= cpu.retired - before
        return True

    def _look(self, cpu: Cpu) -> None:
        """Between two stretches: whoever waits for such a moment."""
        self._check_controls(cpu)

    def _between(self, cpu: Cpu) -> None:
        """After a stretch: also the script's moments that are counts."""
        self._check_controls(cpu)
        if self._system.script.is_due(cpu):
            self._system.processors.tell(cpu)
            self._system.script.between(cpu)
            self._system.judge.settle()

    def _over(self) -> bool:
        return self._system.kernel.outcome is not None or self._reached is not None

    def _retired(self) -> int:
        return sum(cpu.retired for cpu in self._system.machine.cpus)

    def _boundary(self, cpu: Cpu) -> None:
        """After each event tree."""
        if self._recorder.nearly_full:
            self._recorder.flush()
        self._count_events()
        if self._reached is not None:
            cpu.request_stop()
        self._check_controls(cpu)

    def _count_events(self) -> None:
        limits = self._recipe.limits
        if self._recorder.seq >= self._events:
            self._reached = _Reached(Limit.events, self._events)
        elif self._written > limits.output:
            self._reached = _Reached(Limit.output, limits.output)

    # emulator.progress.Pace

    def busy(self) -> bool:
        """A control waits for the next boundary."""
        return self._control.pending

    def room(self, size: int) -> int:
        """Trees until the batch should leave or the limit of events is met."""
        if self._system.script.waits_for_hits:
            return 0
        events = self._debugger.events(self._events - self._recorder.seq)
        left = events // size - 1
        return min(left, self._recorder.room(size))

    def _check_controls(self, cpu: Cpu) -> None:
        """Registers of the CPU are loaded."""
        if self._control.pending:
            self._control.checkpoint(self._recorder.flush)
            self._system.processors.tell(cpu)
            self._debugger.arrived(cpu)
        if self._debugger.waits:
            self._system.processors.tell(cpu)
            self._debugger.boundary(cpu)

    def _output(self, task: Task, fd: int, data: bytes) -> None:
        room = self._recipe.limits.output - self._written
        if room < 0:
            return  # the rest of a call that has passed the limit
        self._written += len(data)
        kept = data[:room]
        seq = self._recorder.emit(EventKind.OUTPUT, value=len(kept), aux=fd)
        self._recorder.text(seq, fd, kept)

    def _finish(self, outcome: Outcome | None, detail: str) -> RunResult:
        recorder, retired = self._recorder, self._retired()
        recorder.cause = recorder.rip = recorder.task = recorder.cpu = 0
        recorder.retired = max(cpu.retired for cpu in self._system.machine.cpus)
        self._debugger.ended()
        if outcome is None:
            outcome, detail = self._outcome()
        if self._reached is not None and outcome is Outcome.limit_reached:
            recorder.emit(
                EventKind.LIMIT, aux=self._reached.limit, value=self._reached.value
            )
        system = self._system
        system.judge.end(system.model.breakpoints.slots_view())
        recorder.emit(EventKind.RUN_END, aux=outcome, value=retired)
        recorder.flush()
        digest = None
        if outcome in _DIGESTED:
            digest = recorder.digest(__version__, outcome)
        ends = [TaskEnd(t.name, t.pid, t.exit_status) for t in self._system.tasks]
        return RunResult(
            outcome,
            detail,
            recorder.seq,
            recorder.hits,
            retired,
            digest,
            ends,
            self._system.judge.invariants.violations,
        )

    def _outcome(self) -> tuple[Outcome, str]:
        if self._system.kernel.outcome is not None:
            return self._system.kernel.outcome, ""
        if self._reached is not None:
            name = self._reached.limit.name
            return Outcome.limit_reached, f"{name} limit of {self._reached.value}"
        left = self._system.scheduler.left
        if left:
            names = ", ".join(task.name for task in left)
            return Outcome.deadlock, f"nothing can run; waiting: {names}"
        for task in self._system.tasks:
            signal = (task.exit_status or 0) & _SIGNAL_MASK
            if signal:
                return Outcome.guest_fault, f"{task.name} was killed by signal {signal}"
        return Outcome.completed, ""
