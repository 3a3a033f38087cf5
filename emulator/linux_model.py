"""Puts the parts of the modelled Linux together for one machine: breakpoints, die chain,
exception entries, and kgdb where the recipe has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import DR_STEP, DR_TRAP_BITS
from emulator.arch.x86.handler import HwBreakpointHandler
from emulator.arch.x86.install import X86Breakpoints
from emulator.arch.x86.process import Threads
from emulator.arch.x86.ptrace import Ptrace
from emulator.arch.x86.thread_debugreg import ThreadDebugRegisters
from emulator.arch.x86.traps import BreakpointTrap, DebugTrap, LocalDb, NmiEntry
from emulator.arch.x86.virtualisation import Virtualisation
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.core.kdebug import DieArgs, DieChain, DieVal
from emulator.core.notifier import (
    INT_MAX,
    NOTIFY_BAD,
    NOTIFY_DONE,
    NOTIFY_OK,
    NOTIFY_STOP,
    NotifierBlock,
)
from emulator.core.perf_event import PerfCore
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.kgdb.breakinfo import BreakInfoTable
from emulator.kgdb.debug_core import DebugCore
from emulator.kgdb.hw_break import DirectBreaks, HwBreaks, PerfBreaks
from emulator.kgdb.notify import KgdbNotify
from emulator.processors import Processors
from emulator.recipe import Notifier, Recipe
from emulator.recorder import Recorder
from emulator.scheduler import Scheduler
from emulator.variants import KgdbProgram, RcRule, Switches

_RETURNS = {
    "DONE": NOTIFY_DONE,
    "OK": NOTIFY_OK,
    "STOP": NOTIFY_STOP,
    "BAD": NOTIFY_BAD,
}
_CLEARS = {"nothing": 0, "BS": DR_STEP, "trap_bits": DR_TRAP_BITS}


@dataclass(slots=True)
class LinuxModel:
    """The kernel's parts."""

    switches: Switches
    states: list[CpuState]
    arch: X86Breakpoints
    breakpoints: HwBreakpoints
    ptrace: Ptrace
    threads: Threads
    perf: PerfCore
    chain: DieChain
    debug_trap: DebugTrap
    breakpoint_trap: BreakpointTrap
    nmi: NmiEntry
    virtualisation: Virtualisation
    foreign: list[NotifierBlock] = field(default_factory=list)
    """Notifiers that the recipe declares, in its order."""
    kgdb: DebugCore | None = None
    kgdb_breaks: PerfBreaks | None = None
    """kgdb's breakpoints where perf carries them."""
    kgdb_notify: KgdbNotify | None = None


def build_linux(
    recipe: Recipe, states: list[CpuState], scheduler: Scheduler, recorder: Recorder
) -> LinuxModel:
    """Everything but kgdb; the die chain holds hw_breakpoint and kprobes."""
    switches = recipe.variant.switches
    arch = X86Breakpoints(states, recorder, switches)
    perf = PerfCore(
        recorder,
        overflow_needs_active=switches.overflow_needs_active,
        returns_value=switches.handler_rc_rule is RcRule.serviced,
    )
    chain = DieChain(recorder)
    local_db = LocalDb(
        switches, recorder, hypervisor=recipe.machine.profiles.hypervisor
    )
    breakpoints = HwBreakpoints(
        recorder, arch, len(states), scheduler.running, switches
    )
    registers = ThreadDebugRegisters(states, scheduler.running, recorder)
    ptrace = Ptrace(switches, breakpoints, registers, recorder)
    model = LinuxModel(
        switches=switches,
        states=states,
        arch=arch,
        breakpoints=breakpoints,
        ptrace=ptrace,
        threads=Threads(switches, states, breakpoints, ptrace, registers, recorder),
        perf=perf,
        chain=chain,
        debug_trap=DebugTrap(switches, chain, local_db, recorder),
        breakpoint_trap=BreakpointTrap(chain, recorder),
        nmi=NmiEntry(switches, local_db, recorder),
        virtualisation=Virtualisation(switches, states, arch, recorder),
    )
    early = recipe.kgdb is not None and recipe.kgdb.early and switches.early
    if switches.handler_on_chain and not early:
        join_hw_breakpoint(model, recorder)
    # kprobes is there in every kernel; without a probe it declines everything.
    chain.head.register(
        NotifierBlock(
            Callee.kprobe_exceptions_notify, lambda _action, _data: NOTIFY_DONE, INT_MAX
        )
    )
    model.foreign = [_foreign(n) for n in recipe.notifiers]
    for index, wanted in enumerate(recipe.notifiers):
        if wanted.registered:
            add_notifier(model, recorder, index)
    return model


def join_hw_breakpoint(model: LinuxModel, recorder: Recorder) -> None:
    """init_hw_breakpoint's place on the die chain: a core_initcall."""
    handler = HwBreakpointHandler(model.switches, model.perf, recorder)
    model.chain.head.register(
        NotifierBlock(
            Callee.hw_breakpoint_exceptions_notify,
            handler.hw_breakpoint_exceptions_notify,
            INT_MAX,
        )
    )


def end_early(model: LinuxModel, recorder: Recorder) -> None:
    """perf is up: kgdb takes its events, hw_breakpoint joins the die chain."""
    allocate_kgdb(model, Callee.kgdb_arch_late)
    join_hw_breakpoint(model, recorder)


def build_kgdb(
    recipe: Recipe, model: LinuxModel, processors: Processors, recorder: Recorder
) -> None:
    """kgdb_arch_init: its table, its events, its place on the die chain."""
    assert recipe.kgdb is not None
    switches, cpus = model.switches, len(model.states)
    table = BreakInfoTable(switches, recorder)
    breaks: HwBreaks = DirectBreaks(table, recorder)
    if switches.kgdb_prog is KgdbProgram.arch_install:
        model.kgdb_breaks = PerfBreaks(
            switches, table, model.breakpoints, model.arch, cpus, recorder
        )
        breaks = model.kgdb_breaks
    model.kgdb = DebugCore(
        switches,
        breaks,
        model.nmi,
        processors,
        recorder,
        restops=recipe.limits.restops,
        connected=recipe.kgdb.connected,
    )
    model.kgdb_notify = KgdbNotify(switches, model.kgdb, recorder, cpus)
    if not (recipe.kgdb.early and switches.early):
        allocate_kgdb(model, Callee.kgdb_arch_init)
    model.chain.head.register(
        NotifierBlock(
            Callee.kgdb_notify, model.kgdb_notify.kgdb_notify, switches.kgdb_prio
        )
    )


def allocate_kgdb(model: LinuxModel, callee: Callee) -> None:
    """kgdb_arch_init or kgdb_arch_late: the perf events. KernelError when no slot is
    free on some CPU."""
    if model.kgdb_breaks is not None and model.kgdb_notify is not None:
        model.kgdb_breaks.allocate(callee, model.kgdb_notify.overflow_handler())


def add_notifier(model: LinuxModel, recorder: Recorder, index: int) -> None:
    """register_die_notifier for a notifier of the recipe. KernelError."""
    block = model.foreign[index]
    errno = 0
    try:
        model.chain.head.register(block)
    except KernelError as error:
        errno = error.errno
        raise
    finally:
        _tell(recorder, EventKind.NOTIFIER_ADDED, block, index, errno)


def remove_notifier(model: LinuxModel, recorder: Recorder, index: int) -> None:
    """unregister_die_notifier. KernelError."""
    block = model.foreign[index]
    errno = 0
    try:
        model.chain.head.unregister(block)
    except KernelError as error:
        errno = error.errno
        raise
    finally:
        _tell(recorder, EventKind.NOTIFIER_REMOVED, block, index, errno)


def _tell(
    recorder: Recorder, kind: EventKind, block: NotifierBlock, index: int, errno: int
) -> None:
    recorder.emit(
        kind,
        slot=index,
        aux=block.callee,
        addr=block.priority & (1 << 64) - 1,
        ret=-errno,
    )


def _foreign(wanted: Notifier) -> NotifierBlock:
    actions = {DieVal[name] for name in wanted.events}
    answer, mask = _RETURNS[wanted.returns], _CLEARS[wanted.clears]

    def notifier_call(action: int, data: object) -> int:
        if action not in actions:
            return NOTIFY_DONE
        if isinstance(data, DieArgs):
            data.err &= ~mask
        return answer

    return NotifierBlock(Callee.recipe_notifier, notifier_call, wanted.priority)
