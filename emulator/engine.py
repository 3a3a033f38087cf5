"""The public face: run a recipe and hand its trace to a sink (docs/architecture.md).

Pure: a run is a function of recipe and images. Time, pipes and people come in through
Control only, and change nothing that the digest covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from emulator import __version__
from emulator.boot import System, boot
from emulator.events import CODEC_VERSION, EventKind, Limit, Outcome
from emulator.interleave import slices
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


def run(
    recipe: Recipe,
    images: Mapping[str, bytes],
    sink: Callable[[Batch], None],
    control: Control | None = None,
    *,
    remembers: bool = True,
) -> RunResult:
    """Run the recipe to its end. images: bytes by SHA-256.

    remembers=False takes the plain path for every hit; the trace is the same.

    Raises RecipeError, ImageError when the recipe cannot be started, KernelError when
    its memory is too small for its images. Every later end is an outcome.
    """
    return _Run(recipe, images, sink, control or _Idle(), remembers).go()


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
    ) -> None:
        self._recipe = recipe
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

    def go(self) -> RunResult:
        """Slices until something ends the run."""
        outcome, detail = None, ""
        try:
            self._loop()
        except Interrupted as interrupted:
            outcome, detail = interrupted.outcome, interrupted.detail
        return self._finish(outcome, detail)

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
            if task is not None and not self._slice(cpus[index], count):
                return

    def _slice(self, cpu: Cpu, count: int) -> bool:
        """One slice of one CPU, in stretches short enough to be interrupted."""
        left = count
        while left > 0:
            allowed = self._recipe.limits.instructions - self._retired()
            if allowed <= 0:
                self._reached = _Reached(
                    Limit.instructions, self._recipe.limits.instructions
                )
                return False
            stretch = min(left, allowed, _LONGEST_SLICE)
            stop = cpu.run(stretch)
            if stop is Stop.HALTED:
                self._system.kernel.halted(cpu)
            if self._over():
                return False
            self._check_controls()
            if stop is not Stop.COUNT:
                break
            left -= stretch
        return True

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
        self._check_controls()

    def _count_events(self) -> None:
        limits = self._recipe.limits
        if self._recorder.seq >= limits.events:
            self._reached = _Reached(Limit.events, limits.events)
        elif self._written > limits.output:
            self._reached = _Reached(Limit.output, limits.output)

    def _check_controls(self) -> None:
        if self._control.pending:
            self._control.checkpoint(self._recorder.flush)

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
        if outcome is None:
            outcome, detail = self._outcome()
        if self._reached is not None and outcome is Outcome.limit_reached:
            recorder.emit(
                EventKind.LIMIT, aux=self._reached.limit, value=self._reached.value
            )
        recorder.emit(EventKind.RUN_END, aux=outcome, value=retired)
        recorder.flush()
        digest = None
        if outcome in _DIGESTED:
            digest = recorder.digest(__version__, outcome)
        ends = [TaskEnd(t.name, t.pid, t.exit_status) for t in self._system.tasks]
        return RunResult(
            outcome, detail, recorder.seq, recorder.hits, retired, digest, ends
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
