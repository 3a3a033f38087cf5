"""One guest program on a booted machine, its tracer and its kernel at hand.

The suites that are held against here set their breakpoints themselves while they run, so
the tests call the modelled kernel's functions at the same moments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from emulator.boot import System, boot
from emulator.core.perf_event import BpType, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.events import FIELDS, RECORD, EventKind
from emulator.linux.signal_state import SignalInfo
from emulator.processors import PtRegs
from emulator.programs import load_elf
from emulator.recipe import Recipe, parse
from emulator.recorder import Recorder
from emulator.target.cpu import Cpu
from emulator.tasks import Task
from emulator.tests.compiling import image_of
from emulator.tests.engine.runs import KERNEL_LOAD, LOAD, flat
from emulator.tests.recipe.examples import short
from emulator.tracing import Resume
from emulator.wire import Batch

CODE, DATA = LOAD, LOAD + 0x1000
KERNEL_CODE, KERNEL_DATA = KERNEL_LOAD, KERNEL_LOAD + 0x1000
SIGSEGV, SIGTRAP = 11, 5
_SLICE = 1000
_MOST = 10_000


class Guest:
    """The program is hex, loaded at CODE with its data at DATA; the first task is 100."""

    def __init__(
        self,
        program: str,
        *,
        variant: str = "g-bare",
        traced: bool = False,
        kernel: bool = False,
        tasks: int = 1,
        cpus: int = 1,
    ) -> None:
        recipe, images = flat(
            program, kernel=kernel, tasks=tasks, cpus=cpus, variant={"base": variant}
        )
        self._boot(recipe, images, traced)

    def _boot(self, recipe: Recipe, images: Mapping[str, bytes], traced: bool) -> None:
        self._batches: list[Batch] = []
        self._recorder = Recorder(self._batches.append)
        self.output = b""
        self.system: System = boot(
            recipe,
            images,
            self._recorder,
            on_output=self._wrote,
            boundary=lambda _cpu: None,
        )
        self.cpu: Cpu = self.system.machine.cpus[0]
        self.task: Task = self.system.tasks[0]
        self.task.traced = traced
        self.stops: list[tuple[int, int]] = []
        """(signal, offset of RIP in the program) of each stop."""
        self.on_stop: Callable[[int], Resume | None] = lambda _number: None
        """What the tracer does at its n-th stop (from 0); None: drop a SIGTRAP."""
        self.system.tracer.at_stop = self._stopped

    def _wrote(self, _task: Task, _fd: int, data: bytes) -> None:
        self.output += data

    def _stopped(self, _task: Task, info: SignalInfo, regs: PtRegs) -> Resume:
        signal = info.number
        self.stops.append((signal, regs.ip - CODE))
        resume = self.on_stop(len(self.stops) - 1)
        return resume or Resume(0 if signal == SIGTRAP else signal)

    def run(self) -> Guest:
        """Until every task has ended."""
        scheduler = self.system.scheduler
        for _ in range(_MOST):
            ran = [cpu for cpu in self.system.machine.cpus if scheduler.pick(cpu)]
            for cpu in ran:
                self.slice(cpu)
            if not ran or self.system.kernel.outcome is not None:
                break
        return self

    def slice(self, cpu: Cpu) -> None:
        """Some instructions of one CPU."""
        if cpu.run(_SLICE).name == "HALTED":
            self.system.kernel.halted(cpu)

    @property
    def exit_status(self) -> int | None:
        """As wait4 gives it."""
        return self.task.exit_status

    # The tracer.

    def poke(self, number: int, value: int) -> int:
        """The errno."""
        try:
            self.system.model.ptrace.ptrace_set_debugreg(
                self.task.thread, number, value
            )
        except KernelError as error:
            return error.errno
        return 0

    def peek(self, number: int) -> int:
        """PEEKUSR."""
        return self.system.model.ptrace.ptrace_get_debugreg(self.task.thread, number)

    # perf.

    def perf(
        self, address: int, kind: BpType, length: int, **attr: object
    ) -> PerfEvent:
        """perf_event_open for the first task."""
        return self.system.model.breakpoints.register_user_hw_breakpoint(
            0, PerfEventAttr(address, length, kind, **attr), self.task.pid
        )

    def of(self, kind: EventKind) -> list[dict[str, int]]:
        """The events of one kind so far."""
        self._recorder.flush()
        records = (r for b in self._batches for r in RECORD.iter_unpack(b.records))
        events = (dict(zip(FIELDS, record, strict=True)) for record in records)
        return [event for event in events if event["kind"] == kind]


class CompiledGuest(Guest):
    """A C program of emulator/tests/c; lines are what it printed."""

    def __init__(self, name: str, *, variant: str = "g-bare") -> None:
        image = image_of(name)
        sha256 = hashlib.sha256(image).hexdigest()
        value = short() | {
            "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
            "breakpoints": [],
            "variant": {"base": variant},
        }
        self.symbols = load_elf(image).addresses
        self._boot(parse(value), {sha256: image}, traced=False)

    @property
    def lines(self) -> list[str]:
        """Run it, if it has not run yet."""
        if self.exit_status is None:
            self.run()
        return self.output.decode().splitlines()
