"""Composition root: builds machine, kernel model and tasks of a recipe and joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import Thread
from emulator.arch.x86.hw_breakpoint import HwBreakpointHandler, X86Breakpoints
from emulator.arch.x86.traps import DebugTrap
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.core.kdebug import DieChain
from emulator.core.notifier import INT_MAX, NOTIFY_DONE, NotifierBlock
from emulator.core.perf_event import BpType, PerfCore, PerfEventAttr
from emulator.errors import KernelError, RecipeError
from emulator.events import Callee
from emulator.kernel import Kernel
from emulator.linux import Process, ProcessSpec
from emulator.programs import Program, load_elf, load_flat
from emulator.recipe import (
    Breakpoint,
    BreakpointType,
    ImageFormat,
    Mode,
    Owner,
    Recipe,
    resolve,
)
from emulator.recipe import Task as TaskRecipe
from emulator.recipe.symbols import check_alignment
from emulator.recorder import Recorder
from emulator.scheduler import Scheduler
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.emulated import time_stamp_sites
from emulator.target.machine import Machine, Profile
from emulator.target.movdr import debug_move_sites
from emulator.target.paging import EXECUTE, KERNEL_START, READ, WRITE
from emulator.target.ram import PAGE
from emulator.target.traps import Listener
from emulator.tasks import Task

_TYPES = {
    BreakpointType.execute: BpType.X,
    BreakpointType.write: BpType.W,
    BreakpointType.access: BpType.RW,
}
_SIZEOF_LONG = 8
#: Kernel threads' stacks, one gap page between two.
_KERNEL_STACKS = 0xFFFF_FF90_0000_0000
_STACK_STRIDE = 16 << 20

#: (task, fd, bytes): a task wrote.
OnOutput = Callable[[Task, int, bytes], None]


@dataclass(slots=True)
class System:
    """A booted machine, ready to run."""

    machine: Machine
    kernel: Kernel
    scheduler: Scheduler
    tasks: list[Task]


class _Relay:
    """The CPUs' listener until there is a kernel to pass it on to."""

    kernel: Kernel

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        self.kernel.debug_exception(cpu, bits, fault=fault)

    def breakpoint_exception(self, cpu: Cpu) -> None:
        self.kernel.breakpoint_exception(cpu)

    def exception(self, cpu: Cpu, vector: int, error_code: int, address: int) -> None:
        self.kernel.exception(cpu, vector, error_code, address)

    def debug_register_written(self, cpu: Cpu, number: int, old: int) -> None:
        self.kernel.debug_register_written(cpu, number, old)

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        self.kernel.interrupt(cpu, vector)

    def system_call(self, cpu: Cpu) -> None:
        self.kernel.system_call(cpu)


class _TaskRegisters:
    """emulator.linux.Registers: before the task's first instruction, then on its CPU."""

    def __init__(self, task: Task, cpu: Cpu) -> None:
        self._task = task
        self._cpu = cpu

    def get(self, name: str) -> int:
        """Value by lower-case name."""
        if not self._task.started:
            return self._task.first_registers.get(name, 0)
        return self._cpu.regs.read(raw.NAMES.index(name))

    def set(self, name: str, value: int) -> None:
        """Change it."""
        if not self._task.started:
            self._task.first_registers[name] = value
        else:
            self._cpu.regs.write(raw.NAMES.index(name), value)


def boot(
    recipe: Recipe,
    images: Mapping[str, bytes],
    recorder: Recorder,
    *,
    on_output: OnOutput,
    boundary: Callable[[Cpu], None],
    remembers: bool = True,
) -> System:
    """Build everything up to the first instruction.

    Raises RecipeError, ImageError, and KernelError when guest memory is too small.
    """
    programs = _programs(recipe, images)
    relay = _Relay()
    profiles = recipe.machine.profiles
    machine = Machine(
        recipe.machine.cpus,
        recipe.machine.memory,
        relay,
        seed=recipe.schedule.seed,
        profile=Profile(
            dr6_fixed_bits_read_as_one=profiles.dr6_fixed_bits == "real",
            hypervisor=profiles.hypervisor,
            shadow_inhibits_execute=profiles.shadow == "intel",
            rep_slack=profiles.rep_slack,
        ),
    )
    tasks = _Loader(recipe, programs, machine, on_output).tasks()
    scheduler = Scheduler(machine, tasks, recorder)
    states = [CpuState(cpu.index, cpu.unit, recorder) for cpu in machine.cpus]
    arch = X86Breakpoints(states, recorder)
    breakpoints = HwBreakpoints(recorder, arch, len(states), scheduler.running)
    scheduler.breakpoints = breakpoints
    kernel = Kernel(
        recorder,
        states,
        _debug_trap(recipe, recorder),
        scheduler.current,
        lambda task, _status: breakpoints.exit_task(task.pid, task.cpu),
        boundary,
        remembers=remembers,
    )
    relay.kernel = kernel
    _register(recipe, programs, breakpoints)
    return System(machine, kernel, scheduler, tasks)


def _programs(recipe: Recipe, images: Mapping[str, bytes]) -> dict[str, Program]:
    programs = {}
    for index, image in enumerate(recipe.images):
        if image.sha256 not in images:
            raise RecipeError(
                f"no bytes with SHA-256 {image.sha256} were given",
                field=f"images[{index}].sha256",
            )
        data = images[image.sha256]
        if image.format is ImageFormat.elf64:
            programs[image.name] = load_elf(data)
        else:
            programs[image.name] = load_flat(data, image.load or 0, image.symbols)
    return programs


def _debug_trap(recipe: Recipe, recorder: Recorder) -> DebugTrap:
    switches = recipe.variant.switches
    chain = DieChain(recorder)
    perf = PerfCore(recorder, overflow_needs_active=switches.overflow_needs_active)
    handler = HwBreakpointHandler(switches, perf, recorder)
    chain.head.register(
        NotifierBlock(
            Callee.hw_breakpoint_exceptions_notify,
            handler.hw_breakpoint_exceptions_notify,
            INT_MAX,
        )
    )
    # kprobes is there in every kernel; without a probe it declines everything.
    chain.head.register(
        NotifierBlock(
            Callee.kprobe_exceptions_notify, lambda _action, _data: NOTIFY_DONE, INT_MAX
        )
    )
    hypervisor = recipe.machine.profiles.hypervisor
    return DebugTrap(switches, chain, handler, recorder, hypervisor=hypervisor)


def _register(
    recipe: Recipe, programs: Mapping[str, Program], breakpoints: HwBreakpoints
) -> None:
    """Register the recipe's breakpoints in order; a refusal is an event, not an end."""
    for index, wanted in enumerate(recipe.breakpoints):
        address = _address(recipe, programs, index, wanted)
        kind = _TYPES[wanted.type]
        length = _SIZEOF_LONG if kind == BpType.X else wanted.length
        attr = PerfEventAttr(address, length, kind)
        try:
            if wanted.owner is Owner.perf_wide:
                breakpoints.register_wide_hw_breakpoint(index, attr)
            else:
                task = recipe.task(wanted.task or "")
                breakpoints.register_user_hw_breakpoint(index, attr, task.pid)
        except KernelError:
            continue


def _address(
    recipe: Recipe, programs: Mapping[str, Program], index: int, wanted: Breakpoint
) -> int:
    symbols: dict[str, int] = {}
    names = [image.name for image in recipe.images]
    if wanted.task:
        own = recipe.task(wanted.task).image
        names = [n for n in names if n != own] + [own]
    for name in names:
        symbols.update(programs[name].addresses)
    field = f"breakpoints[{index}].at"
    address = resolve(wanted.at, symbols, field=field)
    if wanted.type is not BreakpointType.execute:
        check_alignment(address, wanted.length, field=field)
    return address


class _Loader:
    """Makes tasks: loads images, prepares processes and kernel stacks."""

    def __init__(
        self,
        recipe: Recipe,
        programs: Mapping[str, Program],
        machine: Machine,
        on_output: OnOutput,
    ) -> None:
        self._recipe = recipe
        self._programs = programs
        self._machine = machine
        self._on_output = on_output
        self._in_kernel: set[str] = set()

    def tasks(self) -> list[Task]:
        """All tasks of the recipe."""
        return [self._task(i, t) for i, t in enumerate(self._recipe.tasks)]

    def _task(self, index: int, wanted: TaskRecipe) -> Task:
        program = self._programs[wanted.image]
        user = wanted.mode is Mode.user
        field = f"tasks[{index}]"
        if program.in_kernel_half == user:
            half = "lower" if user else "upper"
            raise RecipeError(
                f"image {wanted.image!r} is not linked in the {half} half of the "
                f"address space, where mode {wanted.mode.value!r} runs",
                field=f"{field}.image",
            )
        entry = resolve(wanted.entry, program.addresses, field=f"{field}.entry")
        machine = self._machine
        space = machine.new_space() if user else machine.kernel_space
        task = Task(
            wanted.name, wanted.pid, wanted.cpu, Thread(wanted.pid), space, entry, user
        )
        if user:
            self._start_process(task, wanted, program)
        else:
            self._start_thread(task, wanted, program, index)
        return task

    def _start_process(self, task: Task, wanted: TaskRecipe, program: Program) -> None:
        cpu = self._machine.cpus[wanted.cpu]
        spec = ProcessSpec(
            pid=wanted.pid,
            comm=wanted.comm,
            cpu=wanted.cpu,
            args=wanted.args,
            env=wanted.env,
            stack=wanted.stack,
            seed=self._recipe.schedule.seed,
        )
        task.process = Process(
            spec,
            program,
            task.space,
            _TaskRegisters(task, cpu),
            output=lambda fd, data: self._on_output(task, fd, data),
            clock=lambda: cpu.now,
        )
        task.process.start(task.entry)

    def _start_thread(
        self, task: Task, wanted: TaskRecipe, program: Program, index: int
    ) -> None:
        space = self._machine.kernel_space
        if wanted.image not in self._in_kernel:
            self._in_kernel.add(wanted.image)
            _load_kernel_image(self._machine, program)
        base = _KERNEL_STACKS + index * _STACK_STRIDE
        size = -(-wanted.stack // PAGE) * PAGE
        space.map(base, size, READ | WRITE)
        task.first_registers["rsp"] = base + size - 16


def _load_kernel_image(machine: Machine, program: Program) -> None:
    space = machine.kernel_space
    sites: set[int] = set()
    rights: dict[int, int] = {}
    for segment in program.segments:
        if segment.address < KERNEL_START:
            raise RecipeError("a kernel image has a segment in the lower half")
        allowed = READ | (WRITE if segment.write else 0)
        allowed |= EXECUTE if segment.execute else 0
        for page in range(segment.address // PAGE, -(-segment.end // PAGE)):
            rights[page] = rights.get(page, 0) | allowed
        if segment.execute:
            sites.update(time_stamp_sites(segment.address, segment.data))
            sites.update(debug_move_sites(segment.address, segment.data))
    for page, allowed in sorted(rights.items()):
        space.map(page * PAGE, PAGE, allowed)
    for segment in program.segments:
        space.load(segment.address, segment.data)
    for cpu in machine.cpus:
        cpu.emulated = cpu.emulated | sites


_: type[Listener] = _Relay
