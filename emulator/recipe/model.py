"""The recipe as frozen values. Addresses are ints here and "0x…" only in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.recipe.script import Entry
from emulator.variants import Switches, SwitchValue

#: Marks members that came after format 1 was first published: they are left out of the
#: canonical form while they have their default, so that older ids stay what they were.
LATER = {"later": True}


class ImageFormat(StrEnum):
    """How the bytes of an image are to be read."""

    elf64 = "elf64"
    flat = "flat"


class Mode(StrEnum):
    """Where a task runs: CPL3, or CPL0 as a test thread."""

    user = "user"
    kernel = "kernel"


class Owner(StrEnum):
    """Through which call of the kernel a breakpoint comes to life."""

    perf_user = "perf_user"
    """register_user_hw_breakpoint: follows one task."""
    perf_wide = "perf_wide"
    """register_wide_hw_breakpoint: one event on each CPU."""
    perf_cpu = "perf_cpu"
    """perf_event_create_kernel_counter for one CPU."""
    ptrace = "ptrace"
    """A tracer's POKEUSR of DR0-3 and DR7 of a task."""
    kgdb = "kgdb"
    """Set by the kernel debugger before anything runs."""


class BreakpointType(StrEnum):
    """What a breakpoint waits for: DR7's R/W field 0, 1 or 3."""

    execute = "execute"
    write = "write"
    access = "access"


@dataclass(frozen=True, slots=True)
class Profiles:
    """Properties of the processor that real parts differ in."""

    dr6_fixed_bits: str
    """"real": DR6 reads with 0xffff0ff0 set; "zero": as emulators of 2010 did."""
    shadow: str
    """"amd" or "intel": execute breakpoints in the shadow of mov ss."""
    rep_slack: int
    """Iterations of a rep that run after a data hit before the trap is taken."""
    hypervisor: bool
    """CPUID's hypervisor bit."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The emulated hardware."""

    cpus: int
    memory: int
    profiles: Profiles


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image by the SHA-256 of its bytes. load and symbols only for flat."""

    name: str
    sha256: str
    format: ImageFormat
    load: int | None
    symbols: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Task:
    """A Linux task (struct task_struct) and where it starts."""

    name: str
    pid: int
    comm: str
    image: str
    cpu: int
    mode: Mode
    entry: str
    """Symbol, symbol+0x…, or 0x…"""
    args: tuple[str, ...]
    env: tuple[str, ...]
    stack: int
    traced: bool = field(default=False, metadata=LATER)
    """A tracer takes its signals; SIGTRAP stops it and it goes on."""
    forked: bool = field(default=False, metadata=LATER)
    """It does not run before the script forks it off another task."""


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """A shipped variant and the switches that this recipe changes."""

    base: str
    set: Mapping[str, SwitchValue]
    switches: Switches
    """base with set applied: what the model reads."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A breakpoint to register before the first instruction."""

    owner: Owner
    task: str | None
    type: BreakpointType
    length: int
    at: str
    """Symbol, symbol+0x…, or 0x…"""
    cpu: int | None = field(default=None, metadata=LATER)
    """Owner perf_cpu: which."""
    slot: int | None = field(default=None, metadata=LATER)
    """Owner ptrace: the number of the debug register, as the tracer counts."""
    registered: bool = field(default=True, metadata=LATER)
    """False: the script registers it."""
    disabled: bool = field(default=False, metadata=LATER)
    exclude_kernel: bool = field(default=False, metadata=LATER)
    exclude_user: bool = field(default=False, metadata=LATER)
    period: int = field(default=1, metadata=LATER)
    """sample_period: overflow at each n-th hit; 0 counts only."""
    inherit: bool = field(default=False, metadata=LATER)
    """A child that the task forks gets one of its own."""
    condition: str | None = field(default=None, metadata=LATER)
    """An expression (docs/expressions.md): which hits are wanted."""
    ignore: int = field(default=0, metadata=LATER)
    """So many hits for which it holds are not wanted yet."""
    limit: int | None = field(default=None, metadata=LATER)
    """After so many wanted hits its owner disables it."""

    @property
    def is_selective(self) -> bool:
        """Not every hit of it is wanted."""
        default = (self.condition, self.ignore, self.limit) == (None, 0, None)
        return not default


@dataclass(frozen=True, slots=True)
class Notifier:
    """A notifier_block of the die chain that somebody else registered."""

    name: str
    priority: int
    events: tuple[str, ...]
    """DIE_* that it acts on; NOTIFY_DONE for all others."""
    returns: str
    """DONE, OK, STOP or BAD."""
    clears: str = "nothing"
    """What it takes out of dr6 first: nothing, BS, or all trap bits."""
    registered: bool = True
    """False: the script registers it."""


@dataclass(frozen=True, slots=True)
class Kgdb:
    """The kernel debugger of this kernel."""

    connected: bool = True
    """A debugger is at the other end from the start."""
    early: bool = False
    """Breakpoints may come before perf is up (kgdbwait)."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What is looked at besides what happens."""

    not_fired: bool = True
    """Accesses that the kernel believes to be watched while the hardware has it off."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How CPUs take turns: slices of about `quantum` instructions, jittered by `seed`."""

    seed: int
    quantum: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run ends at the latest. wall_ms guards the worker and is in no digest."""

    instructions: int
    events: int
    memory: int
    wall_ms: int
    output: int
    restops: int = field(default=8, metadata=LATER)
    """Stops of the debugger at one RIP with nothing retired that end a run."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A valid recipe. Made by :func:`emulator.recipe.parse` only."""

    machine: Machine
    images: tuple[ImageRef, ...]
    tasks: tuple[Task, ...]
    variant: VariantChoice
    breakpoints: tuple[Breakpoint, ...]
    notifiers: tuple[Notifier, ...]
    kgdb: Kgdb | None
    script: tuple[Entry, ...]
    checks: Checks
    schedule: Schedule
    limits: Limits
    canonical: bytes
    """RFC 8785 form of the recipe with all defaults filled in."""
    id: str
    """SHA-256 of canonical."""
    document: Mapping[str, Any]
    """The JSON value of canonical; use :meth:`to_json` for a copy of one's own."""

    def to_json(self) -> dict[str, Any]:
        """The recipe as a JSON value with all defaults filled in."""
        copied: dict[str, Any] = _copy(self.document)
        return copied

    def task(self, name: str) -> Task:
        """The task of that name. Raises KeyError."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(name)

    def image(self, name: str) -> ImageRef:
        """The image of that name. Raises KeyError."""
        for image in self.images:
            if image.name == name:
                return image
        raise KeyError(name)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    return value
