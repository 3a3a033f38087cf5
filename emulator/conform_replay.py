"""Replays one recorded vector through the whole model: hardware, Linux, ptrace, perf.

A kernel is booted with the switches of g-bare (the recording is from a 6.18), the vector
starts as a traced task, and a tracer pokes and a perf user opens what the recording's did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unicorn import x86_const

from emulator.arch.x86.step import flags_given, flags_shown
from emulator.boot import System, boot
from emulator.core.notifier import NOTIFY_DONE
from emulator.core.perf_event import BpType, HandlerFrame, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.linux import Process, ProcessSpec
from emulator.linux.image import STACK_TOP
from emulator.linux.signal_state import SIGTRAP, SignalInfo
from emulator.processors import PtRegs
from emulator.programs import load_flat
from emulator.recipe import Recipe, parse
from emulator.recorder import Recorder
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.paging import READ, WRITE
from emulator.tasks import Task, TaskState
from emulator.tracing import Resume

#: Where the recording had code, data and stack.
CODE, CODE_SIZE = 0x10000000, 0x2000
DATA, DATA_SIZE = 0x20000000, 0x3000
STACK, STACK_SIZE = 0x30000000, 0x2000
_STACK_START = 0x30001800
_INT3 = b"\xcc"
_GENERAL = [name.lower() for name in raw.GENERAL[:16]]
_PID = 100
_MEMORY = 8 << 20
_LOADED_STACK = 1 << 16
_SLICE = 100_000
_SLICES = 10
_SIGKILL = 9


@dataclass(slots=True)
class Event:
    """One stop as the tracer sees it."""

    kind: str
    rip: int
    signal: int
    code: int
    dr6: int
    rflags: int
    registers: dict[str, int]
    memory: list[tuple[str, str]]


@dataclass(slots=True)
class Poked:
    """One POKEUSR and what could be read afterwards."""

    number: int
    errno: int
    registers: list[int]


@dataclass(slots=True)
class Sample:
    """One record of a perf event."""

    event: int
    ip: int
    address: int
    rflags: int
    registers: dict[str, int]


@dataclass(slots=True)
class Replayed:
    """What the tracer and the perf user saw."""

    setup: list[Poked] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    errnos: list[int] = field(default_factory=list)
    """Of each perf_event_open."""
    counts: list[int] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    actions: list[list[int]] = field(default_factory=list)
    """Of the pokes at each stop."""


class _CpuRegisters:
    """emulator.linux.Registers of the only task."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu

    def get(self, name: str) -> int:
        """Value by lower-case name."""
        return self._cpu.regs.read(raw.NAMES.index(name))

    def set(self, name: str, value: int) -> None:
        """Change it."""
        self._cpu.regs.write(raw.NAMES.index(name), value)


class Replay:
    """One vector."""

    def __init__(self, vector: Mapping[str, Any]) -> None:
        self._vector = vector
        self._seen = Replayed()
        self._limit = 0
        recipe, images = _recipe(vector)
        self._system: System = boot(
            recipe,
            images,
            Recorder(lambda _batch: None),
            on_output=lambda *_: None,
            boundary=lambda _cpu: None,
        )
        self._cpu = self._system.machine.cpus[0]
        self._task = self._system.tasks[0]
        self._system.tracer.at_stop = self._stopped
        self._load()

    def run(self, limit: int) -> Replayed:
        """Set up, then resume until the program ends or limit stops were seen."""
        self._limit = limit
        self._poke_setup()
        opened = self._open_perf()
        before = self._cpu.regs.read(raw.EFLAGS)
        flags = self._system.tracer.resumed_flags(
            self._task, before, CODE, self._resume()
        )
        self._cpu.regs.write(raw.EFLAGS, flags)
        for _ in range(_SLICES):
            if self._task.state is not TaskState.RUNNABLE:
                break
            self._cpu.run(_SLICE)
        self._seen.counts = [-1 if e is None else e.count for e in opened]
        return self._seen

    def _load(self) -> None:
        vector, task = self._vector, self._task
        space = task.space
        space.unmap(STACK_TOP - _LOADED_STACK, _LOADED_STACK)
        task.process = self._as_root()
        space.map(DATA, DATA_SIZE, READ | WRITE)
        space.map(STACK, STACK_SIZE, READ | WRITE)
        for address, text in vector["data"]:
            space.load(int(address, 16), bytes.fromhex(text))
        task.first_registers |= {
            "rip": CODE,
            "rsp": _STACK_START,
            "rflags": int(vector["rflags"], 16),
        }
        for name, value in vector["regs"].items():
            task.first_registers[name] = int(value, 16)
        self._system.scheduler.pick(self._cpu)
        for name, text in vector["xmm"].items():
            value = int.from_bytes(bytes.fromhex(text), "little")
            self._cpu.engine.write_register(_xmm_register(name), value)
        self._cpu.regs.load()
        self._registers = self._general()
        self._sampled = dict(self._registers)
        self._memory = self._contents()

    def _as_root(self) -> Process:
        """The vectors were recorded with user id 0."""
        cpu = self._cpu
        spec = ProcessSpec(_PID, "vector", 0, (), (), _LOADED_STACK, 0, user=0)
        return Process(
            spec,
            load_flat(bytes.fromhex(self._vector["code"]), CODE, {}),
            self._task.space,
            _CpuRegisters(cpu),
            output=lambda *_: None,
            clock=lambda: cpu.now,
        )

    # The tracer.

    def _poke_setup(self) -> None:
        for poke in self._vector["native"].get("setup", []):
            errno = self._poke(poke["dr"], int(poke["value"], 16))
            registers = [self._peek(number) for number in range(8)]
            self._seen.setup.append(Poked(poke["dr"], errno, registers))

    def _poke(self, number: int, value: int) -> int:
        ptrace = self._system.model.ptrace
        try:
            ptrace.ptrace_set_debugreg(self._task.thread, number, value)
        except KernelError as error:
            return error.errno
        return 0

    def _peek(self, number: int) -> int:
        return self._system.model.ptrace.ptrace_get_debugreg(self._task.thread, number)

    def _stopped(self, _task: Task, info: SignalInfo, regs: PtRegs) -> Resume:
        kind = "trap" if info.number == SIGTRAP else "end"
        self._seen.events.append(self._event(kind, info, regs))
        if kind == "end":
            return Resume(info.number)
        if len(self._seen.events) >= self._limit:
            return Resume(_SIGKILL)
        if self._vector["clear_dr6"]:
            self._poke(6, 0)
        number = len(self._seen.events) - 1
        self._seen.actions.append(
            [
                self._act(action, regs)
                for action in self._vector["actions"]
                if action["after_event"] == number
            ]
        )
        return self._resume()

    def _event(self, kind: str, info: SignalInfo, regs: PtRegs) -> Event:
        now = self._general()
        changed = {n: now[n] for n in _GENERAL if now[n] != self._registers[n]}
        self._registers = now
        return Event(
            kind,
            regs.ip,
            info.number,
            info.code,
            self._peek(6),
            flags_shown(self._task.thread, regs.flags),
            changed,
            self._memory_changes(),
        )

    def _act(self, action: Mapping[str, Any], regs: PtRegs) -> int:
        value = int(action["value"], 16)
        if action["what"] == "poke_dr":
            return self._poke(action["index"], value)
        if action["what"] == "set_rip":
            regs.ip = value
        elif action["what"] == "set_rflags":
            regs.flags = flags_given(self._task.thread, value)
        return 0

    def _resume(self) -> Resume:
        sequence = self._vector["seq"]
        letter = sequence[min(len(self._seen.events), len(sequence) - 1)]
        return Resume(step=letter == "s")

    # The user of perf.

    def _open_perf(self) -> list[PerfEvent | None]:
        opened: list[PerfEvent | None] = []
        breakpoints = self._system.model.breakpoints
        for index, wanted in enumerate(self._vector.get("perf", [])):
            attr = PerfEventAttr(
                int(wanted["bp_addr"], 16),
                wanted["bp_len"],
                BpType(wanted["bp_type"]),
                exclude_kernel=True,
            )
            try:
                opened.append(
                    breakpoints.perf_event_create_kernel_counter(
                        index, attr, -1, _PID, self._sample
                    )
                )
                self._seen.errnos.append(0)
            except KernelError as error:
                opened.append(None)
                self._seen.errnos.append(error.errno)
        return opened

    def _sample(self, event: PerfEvent, _frame: HandlerFrame) -> int:
        now = self._general()
        changed = {n: now[n] for n in _GENERAL if now[n] != self._sampled[n]}
        self._sampled = now
        regs = PtRegs(self._cpu)
        self._seen.samples.append(
            Sample(event.index, regs.ip, event.attr.bp_addr, regs.flags, changed)
        )
        return NOTIFY_DONE

    # State.

    def _general(self) -> dict[str, int]:
        values = self._cpu.regs.values
        return {name: values[i] for i, name in enumerate(_GENERAL)}

    def _contents(self) -> bytes:
        space = self._task.space
        return space.read(DATA, DATA_SIZE, 0) + space.read(STACK, STACK_SIZE, 0)

    def _memory_changes(self) -> list[tuple[str, str]]:
        before, now = self._memory, self._contents()
        self._memory = now
        changes = []
        for i, (old, new) in enumerate(zip(before, now, strict=True)):
            if old != new:
                address = DATA + i if i < DATA_SIZE else STACK + i - DATA_SIZE
                changes.append((hex(address), f"{new:02x}"))
        return changes


def _recipe(vector: Mapping[str, Any]) -> tuple[Recipe, dict[str, bytes]]:
    code = bytes.fromhex(vector["code"])
    image = code + _INT3 * (CODE_SIZE - len(code))
    sha256 = hashlib.sha256(image).hexdigest()
    value = {
        "format": 1,
        "machine": {"cpus": 1, "memory": _MEMORY},
        "images": [
            {"name": "vector", "sha256": sha256, "format": "flat", "load": hex(CODE)}
        ],
        "tasks": [
            {"name": "vector", "image": "vector", "pid": _PID, "entry": hex(CODE)}
            | {"traced": True, "stack": _LOADED_STACK}
        ],
        "variant": {"base": "g-bare"},
        "limits": {
            "instructions": _SLICE * _SLICES,
            "events": 1_000_000,
            "memory": _MEMORY,
            "wall_ms": 60_000,
            "output": 1 << 16,
        },
    }
    return parse(value), {sha256: image}


def _xmm_register(name: str) -> int:
    """The engine's number of a register named as in the recording."""
    number = getattr(x86_const, f"UC_X86_REG_XMM{name.lower().removeprefix('xmm')}")
    return int(number)
