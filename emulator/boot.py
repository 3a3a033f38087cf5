"""Composition root: builds machine, kernel model and tasks of a recipe and joins them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.actions import Actions
from emulator.arch.x86.cpu_state import CpuState
from emulator.conditions import HitConditions, conditions_of
from emulator.delivery import Delivery
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.stub import Stub
from emulator.invariants import Invariants
from emulator.judge import Judge
from emulator.kernel import Kernel
from emulator.kgdb.serial_stub import SerialStub
from emulator.kgdb.stub_target import KgdbTarget, rules_of
from emulator.linux_model import LinuxModel, build_kgdb, build_linux
from emulator.loading import Loader, OnOutput, Places, load_programs
from emulator.photographer import Photographer
from emulator.processors import Processors
from emulator.recipe import Recipe, ScriptMoment
from emulator.recorder import Recorder
from emulator.scheduler import Scheduler
from emulator.script_runner import ScriptLine, ScriptRunner
from emulator.target.cpu import Cpu
from emulator.target.machine import Machine, Profile
from emulator.target.traps import Listener
from emulator.tasks import Task
from emulator.tracing import Tracer

_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(slots=True)
class System:
    """A booted machine, ready to run."""

    machine: Machine
    kernel: Kernel
    scheduler: Scheduler
    tasks: list[Task]
    script: ScriptRunner
    model: LinuxModel
    processors: Processors
    judge: Judge
    tracer: Tracer
    serial: SerialStub | None
    """kgdb's line, where the recipe has kgdb."""
    places: Places


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

    def not_fired(self, cpu: Cpu, ghosts: int) -> None:
        self.kernel.not_fired(cpu, ghosts)

    def watched(self, cpu: Cpu, numbers: int) -> None:
        self.kernel.watched(cpu, numbers)

    def probed(self, cpu: Cpu, address: int) -> None:
        self.kernel.probed(cpu, address)

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        self.kernel.interrupt(cpu, vector)

    def system_call(self, cpu: Cpu) -> None:
        self.kernel.system_call(cpu)


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
    programs = load_programs(recipe, images)
    places = Places(recipe, programs)
    relay = _Relay()
    machine = _machine(recipe, relay)
    tasks = Loader(recipe, programs, machine, on_output).tasks()
    scheduler = Scheduler(machine, tasks, recorder)
    states = [CpuState(cpu.index, cpu.unit, recorder) for cpu in machine.cpus]
    model = build_linux(recipe, states, scheduler, recorder)
    scheduler.threads = model.threads
    photographer = Photographer(recorder)
    processors = Processors(machine, states, scheduler.current, recorder, photographer)
    processors.all_tasks = tasks
    if recipe.kgdb is not None:
        build_kgdb(recipe, model, processors, recorder)
        assert model.kgdb is not None
        photographer.table = model.kgdb.hw.table
    judge = Judge(
        processors,
        Invariants(recorder, has_cpu_dr7=model.switches.handler_on_chain),
        model.kgdb,
        recorder,
        not_fired=recipe.checks.not_fired,
    )
    tracer = Tracer(model.threads, scheduler, processors, recorder)
    kernel = Kernel(
        recorder,
        processors,
        model.debug_trap,
        model.breakpoint_trap,
        judge,
        photographer,
        Delivery(
            model.switches,
            tracer,
            processors,
            recorder,
            lambda task: model.threads.exit(task.thread),
        ),
        boundary,
        remembers=remembers,
    )
    relay.kernel = kernel
    kernel.conditions = conditions_of(recipe, places, processors, model.kgdb)
    kernel.perf_pending = lambda: model.breakpoints.perf_pending(
        model.perf.pending_disable
    )
    actions = Actions(
        recipe, places, model, processors, scheduler, kernel, tasks, recorder
    )
    if kernel.conditions is not None:
        _join_conditions(kernel.conditions, kernel, model, actions)
    script = _script(recipe, places, recorder, actions)
    serial = _join(kernel, script, model, processors, recorder, places)
    actions.register_all()
    script.start()
    judge.settle()
    return System(
        machine,
        kernel,
        scheduler,
        tasks,
        script,
        model,
        processors,
        judge,
        tracer,
        serial,
        places,
    )


def _machine(recipe: Recipe, listener: Listener) -> Machine:
    profiles = recipe.machine.profiles
    return Machine(
        recipe.machine.cpus,
        recipe.machine.memory,
        listener,
        seed=recipe.schedule.seed,
        profile=Profile(
            dr6_fixed_bits_read_as_one=profiles.dr6_fixed_bits == "real",
            hypervisor=profiles.hypervisor,
            shadow_inhibits_execute=profiles.shadow == "intel",
            rep_slack=profiles.rep_slack,
        ),
    )


def _join_conditions(
    conditions: HitConditions, kernel: Kernel, model: LinuxModel, actions: Actions
) -> None:
    """Who carries out what they come to."""
    conditions.end = actions.end
    if kernel.memory is not None:
        kernel.memory.tallies = conditions.tallies
    if model.kgdb is not None:
        model.kgdb.spares = conditions.spares
        model.kgdb.stop_is_over = conditions.stop_is_over


def _script(
    recipe: Recipe, places: Places, recorder: Recorder, actions: Actions
) -> ScriptRunner:
    addresses = {
        index: places.address(entry.at.place, f"script[{index}].at.symbol")
        for index, entry in enumerate(recipe.script)
        if entry.at.moment is ScriptMoment.symbol
    }
    return ScriptRunner(recipe.script, addresses, recorder, actions.act)


def _join(
    kernel: Kernel,
    script: ScriptRunner,
    model: LinuxModel,
    processors: Processors,
    recorder: Recorder,
    places: Places,
) -> SerialStub | None:
    """Script and debugger hear of what happens on the machine."""

    cpus = processors.machine.cpus

    def probed(_cpu: Cpu, address: int) -> None:
        if script.probed(address):
            for each in cpus:
                each.onlookers.add_probes("script", script.probes)

    for cpu in cpus:
        cpu.onlookers.add_probes("script", script.probes)
    kernel.on_probe = probed
    kernel.after_tree = lambda: script.hits(recorder.hits)
    if model.kgdb is None:
        return None
    face = FaithfulFace(KgdbTarget(model.kgdb, processors), rules_of(model.switches))
    line = ScriptLine(
        script,
        lambda packet: _PLACE.sub(
            lambda found: f"{places.address(found[1], 'script'):x}", packet
        ),
    )
    serial = SerialStub(Stub(face, running=True), line, recorder)
    model.kgdb.debugger = serial
    return serial


_: type[Listener] = _Relay
