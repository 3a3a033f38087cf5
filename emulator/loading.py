"""Images and tasks of a recipe, put into a machine's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.arch.x86.exception import Thread
from emulator.errors import RecipeError
from emulator.linux import Process, ProcessSpec
from emulator.programs import Program, load_elf, load_flat
from emulator.recipe import Do, ImageFormat, Mode, Owner, Recipe, resolve
from emulator.recipe import Task as TaskRecipe
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.emulated import time_stamp_sites
from emulator.target.machine import Machine
from emulator.target.movdr import debug_move_sites
from emulator.target.paging import EXECUTE, KERNEL_START, READ, WRITE
from emulator.target.ram import PAGE
from emulator.tasks import Task, TaskState
from emulator.user_access import UserAccess

#: Kernel threads' stacks, one gap page between two.
_KERNEL_STACKS = 0xFFFF_FF90_0000_0000
_STACK_STRIDE = 16 << 20

#: (task, fd, bytes): a task wrote.
OnOutput = Callable[[Task, int, bytes], None]


def load_programs(recipe: Recipe, images: Mapping[str, bytes]) -> dict[str, Program]:
    """The images by name. Raises RecipeError, ImageError."""
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


class Places:
    """Locations of a recipe as addresses."""

    def __init__(self, recipe: Recipe, programs: Mapping[str, Program]) -> None:
        self._recipe = recipe
        self._programs = programs

    def address(self, at: str, field: str, task: str | None = None) -> int:
        """Symbols of all images; those of the task's own image win. RecipeError."""
        return resolve(at, self.symbols(task), field=field)

    def symbols(self, task: str | None = None) -> dict[str, int]:
        """Of all images; those of the task's own win."""
        symbols: dict[str, int] = {}
        names = [image.name for image in self._recipe.images]
        if task:
            own = self._recipe.task(task).image
            names = [n for n in names if n != own] + [own]
        for name in names:
            symbols.update(self._programs[name].addresses)
        return symbols


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


class Loader:
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
        task.comm = wanted.comm
        task.traced = wanted.traced or self._has_ptrace_breakpoint(wanted.name)
        if wanted.forked:
            task.state = TaskState.UNBORN
        if user:
            self._start_process(task, wanted, program)
        else:
            self._start_thread(task, wanted, program, index)
        return task

    def _has_ptrace_breakpoint(self, name: str) -> bool:
        """Who sets debug registers through ptrace traces the task."""
        entries = [(e.do, e.parameters.get("task")) for e in self._recipe.script]
        return (Do.poke, name) in entries or any(
            bp.owner is Owner.ptrace and bp.task == name
            for bp in self._recipe.breakpoints
        )

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
            UserAccess(task.space, cpu.unit, task.accesses),
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
