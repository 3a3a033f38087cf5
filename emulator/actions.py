"""What the entries of a script do to the modelled kernel; also how the recipe's own
breakpoints come to life. The kernel's refusals come out as KernelError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from emulator.arch.x86.encoding import (
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_LEN,
    X86_BREAKPOINT_RW,
    X86_BREAKPOINT_WRITE,
)
from emulator.core.perf_event import BpType, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.events import Callee, Outcome
from emulator.kernel import Kernel
from emulator.kgdb.breakinfo import BpType as KgdbType
from emulator.linux_model import (
    LinuxModel,
    add_notifier,
    end_early,
    remove_notifier,
)
from emulator.loading import Places
from emulator.processors import Processors
from emulator.recipe import Breakpoint, BreakpointType, Do, Entry, Owner, Recipe
from emulator.recipe.symbols import check_alignment
from emulator.recorder import Recorder
from emulator.scheduler import Scheduler
from emulator.tasks import Task, TaskState

_TYPES = {
    BreakpointType.execute: BpType.X,
    BreakpointType.write: BpType.W,
    BreakpointType.access: BpType.RW,
}
_KGDB_TYPES = {
    BreakpointType.execute: KgdbType.HARDWARE_BREAKPOINT,
    BreakpointType.write: KgdbType.WRITE_WATCHPOINT,
    BreakpointType.access: KgdbType.ACCESS_WATCHPOINT,
}
_ENCODED = {
    BpType.X: X86_BREAKPOINT_EXECUTE,
    BpType.W: X86_BREAKPOINT_WRITE,
    BpType.RW: X86_BREAKPOINT_RW,
}
_SIZEOF_LONG = 8
#: L and G of one slot in DR7.
_ENABLES = 3
_EINVAL = 22

Parameters = Mapping[str, Any]


class Actions:
    """One machine's."""

    def __init__(
        self,
        recipe: Recipe,
        places: Places,
        model: LinuxModel,
        processors: Processors,
        scheduler: Scheduler,
        kernel: Kernel,
        tasks: list[Task],
        recorder: Recorder,
    ) -> None:
        self._recipe = recipe
        self._model = model
        self._processors = processors
        self._scheduler = scheduler
        self._kernel = kernel
        self._tasks = {task.name: task for task in tasks}
        self._recorder = recorder
        self._places = places
        self._addresses = [
            self._address(index, bp) for index, bp in enumerate(recipe.breakpoints)
        ]
        self._events: dict[int, list[PerfEvent]] = {}
        self._do: dict[Do, Callable[[Parameters], None]] = {
            Do.register: lambda p: self.register(p["breakpoint"]),
            Do.unregister: self._unregister,
            Do.enable: self._enable,
            Do.disable: self._disable,
            Do.modify: self._modify,
            Do.signal: self._signal,
            Do.vm_run: self._vm_run,
            Do.suspend: self._suspend,
            Do.kexec: lambda p: self._model.virtualisation.kexec(p["cpu"]),
            Do.hold_slots: self._hold_slots,
            Do.add_notifier: lambda p: add_notifier(
                self._model, self._recorder, p["notifier"]
            ),
            Do.remove_notifier: lambda p: remove_notifier(
                self._model, self._recorder, p["notifier"]
            ),
            Do.write_register: self._write_register,
            Do.kgdb_arch_late: self._end_early,
            Do.switch_to: lambda p: self._scheduler.prefer(self._tasks[p["task"]]),
            Do.poke: lambda p: self._model.ptrace.ptrace_set_debugreg(
                self._tasks[p["task"]].thread, p["register"], p["value"]
            ),
            Do.peek: self._peek,
            Do.fork: self._fork,
            Do.reboot: self._reboot,
            Do.exec: lambda p: self._model.threads.exec(self._tasks[p["task"]].thread),
        }

    def act(self, entry: Entry) -> None:
        """Carry out one entry. Raises KernelError with the kernel's answer."""
        try:
            self._do[entry.do](entry.parameters)
        finally:
            if self._kernel.memory is not None:
                self._kernel.memory.forget()

    def register_all(self) -> None:
        """The recipe's breakpoints in order; a refusal is an event, not an end."""
        for index, wanted in enumerate(self._recipe.breakpoints):
            if wanted.registered:
                try:
                    self.register(index)
                except KernelError:
                    continue

    def register(self, index: int) -> None:
        """One breakpoint of the recipe comes to life through its owner's call."""
        wanted = self._recipe.breakpoints[index]
        breakpoints, attr = self._model.breakpoints, self._attr(index, wanted)
        if wanted.owner is Owner.perf_wide:
            made = breakpoints.register_wide_hw_breakpoint(index, attr)
        elif wanted.owner is Owner.perf_cpu:
            made = [breakpoints.register_perf_cpu(index, attr, wanted.cpu or 0)]
        elif wanted.owner is Owner.perf_user:
            pid = self._tasks[wanted.task or ""].pid
            made = [breakpoints.register_user_hw_breakpoint(index, attr, pid)]
        elif wanted.owner is Owner.kgdb:
            self._set_by_debugger(index, wanted)
            return
        else:
            self._set_by_tracer(index, wanted)
            return
        self._events[index] = made

    def end(self, index: int) -> None:
        """Somebody has seen enough of a breakpoint: its owner disables it."""
        wanted = self._recipe.breakpoints[index]
        try:
            with suppress(KernelError):  # the refusal is in the trace
                if wanted.owner is Owner.kgdb:
                    self._remove_by_debugger(index)
                elif wanted.owner is Owner.ptrace:
                    self._disable_by_tracer(wanted)
                else:
                    self._disable_family(index)
        finally:
            if self._kernel.memory is not None:
                self._kernel.memory.forget()

    def _attr(self, index: int, wanted: Breakpoint) -> PerfEventAttr:
        kind = _TYPES[wanted.type]
        length = wanted.length
        if kind == BpType.X and self._model.switches.parse_execute_is_long:
            length = _SIZEOF_LONG
        return PerfEventAttr(
            self._addresses[index],
            length,
            kind,
            disabled=wanted.disabled,
            sample_period=wanted.period,
            exclude_user=wanted.exclude_user,
            exclude_kernel=wanted.exclude_kernel,
            inherit=wanted.inherit,
        )

    def _set_by_debugger(self, index: int, wanted: Breakpoint) -> None:
        """As at a stop: into the table, then armed on each CPU."""
        kgdb = self._model.kgdb
        assert kgdb is not None
        before = set(map(id, kgdb.hw.table.enabled()))
        kgdb.hw.set_hw_break(
            self._addresses[index], wanted.length, _KGDB_TYPES[wanted.type]
        )
        if self._kernel.conditions is not None:
            entry = next(e for e in kgdb.hw.table.enabled() if id(e) not in before)
            self._kernel.conditions.set_by_kgdb(index, entry.index, entry.addr)
        for cpu in range(self._processors.count):
            with self._processors.on(cpu) as frame:
                kgdb.hw.correct_hw_break(frame)

    def _disable_family(self, index: int) -> None:
        """PERF_EVENT_IOC_DISABLE: what tasks have inherited, too."""
        breakpoints = self._model.breakpoints
        for event in self._living({"breakpoint": index}):
            for each in (event, *breakpoints.contexts.inherited_from(event)):
                breakpoints.perf_event_disable(each)

    def _remove_by_debugger(self, index: int) -> None:
        """While it has the machine; the registers follow when it lets go."""
        kgdb = self._model.kgdb
        assert kgdb is not None
        kgdb.hw.remove_hw_break(self._addresses[index])

    def _disable_by_tracer(self, wanted: Breakpoint) -> None:
        """DR7 without the two bits of the slot."""
        thread, ptrace = self._tasks[wanted.task or ""].thread, self._model.ptrace
        dr7 = ptrace.ptrace_get_debugreg(thread, 7)
        bits = _ENABLES << (2 * (wanted.slot or 0))
        ptrace.ptrace_set_debugreg(thread, 7, dr7 & ~bits)

    def _set_by_tracer(self, index: int, wanted: Breakpoint) -> None:
        """As gdb pokes it; the kernel's refusal is the outcome."""
        kind, length = _TYPES[wanted.type], X86_BREAKPOINT_LEN[wanted.length]
        self._model.ptrace.plant(
            self._tasks[wanted.task or ""].thread,
            wanted.slot or 0,
            self._addresses[index],
            _ENCODED[kind],
            length,
        )

    def _address(self, index: int, wanted: Breakpoint) -> int:
        field = f"breakpoints[{index}].at"
        address = self._places.address(wanted.at, field, wanted.task)
        checked = wanted.type is not BreakpointType.execute
        if checked and wanted.owner is not Owner.kgdb:
            check_alignment(address, wanted.length, field=field)
        return address

    def _living(self, p: Parameters) -> list[PerfEvent]:
        events = self._events.get(p["breakpoint"])
        if events is None:
            raise KernelError(
                _EINVAL, f"breakpoint {p['breakpoint']} is not registered"
            )
        return events

    def _unregister(self, p: Parameters) -> None:
        events = self._living(p)
        owner = self._recipe.breakpoints[p["breakpoint"]].owner
        if owner is Owner.perf_wide:
            self._model.breakpoints.unregister_wide_hw_breakpoint(events)
        else:
            self._model.breakpoints.unregister_hw_breakpoint(events[0])
        del self._events[p["breakpoint"]]

    def _enable(self, p: Parameters) -> None:
        for event in self._living(p):
            self._model.breakpoints.perf_event_enable(event)

    def _disable(self, p: Parameters) -> None:
        for event in self._living(p):
            self._model.breakpoints.perf_event_disable(event)

    def _modify(self, p: Parameters) -> None:
        kind = _TYPES[BreakpointType(p["type"])]
        wanted = self._recipe.breakpoints[p["breakpoint"]]
        field = f"breakpoints[{p['breakpoint']}].at"
        for event in self._living(p):
            attr = self._attr(p["breakpoint"], wanted)
            attr.bp_addr = self._places.address(p["location"], field, wanted.task)
            attr.bp_len, attr.bp_type = p["length"], kind
            attr.disabled = p["disabled"]
            self._model.breakpoints.modify_user_hw_breakpoint(
                event, attr, check=p["by_ioctl"]
            )

    def _signal(self, p: Parameters) -> None:
        self._kernel.signal(self._tasks[p["task"]], p["signal"], 0, 0)

    def _vm_run(self, p: Parameters) -> None:
        with self._processors.on(p["cpu"]) as frame:
            self._model.virtualisation.run_guest(
                p["cpu"], frame.thread, int(p["guest_dr7"])
            )

    def _suspend(self, p: Parameters) -> None:
        with self._processors.on(p["cpu"]) as frame:
            self._model.virtualisation.suspend(p["cpu"], frame.thread)

    def _hold_slots(self, p: Parameters) -> None:
        reservations = self._model.breakpoints.reservations
        holder = self._recorder.task or 1
        reservations.lock_held = holder if p["held"] else 0

    def _write_register(self, p: Parameters) -> None:
        with self._processors.on(p["cpu"]) as frame:
            frame.state.set_debugreg(p["register"], p["value"], Callee.probe)

    def _end_early(self, _p: Parameters) -> None:
        breaks = self._model.kgdb_breaks
        if breaks is None or not breaks.is_early:
            raise KernelError(_EINVAL, "kgdb is not early")
        end_early(self._model, self._recorder)

    def _peek(self, p: Parameters) -> None:
        thread = self._tasks[p["task"]].thread
        self._model.ptrace.ptrace_get_debugreg(thread, p["register"])

    def _reboot(self, _p: Parameters) -> None:
        if self._model.kgdb is not None:
            self._model.kgdb.reboot()
        self._kernel.outcome = Outcome.completed

    def _fork(self, p: Parameters) -> None:
        child = self._tasks[p["child"]]
        if child.state is not TaskState.UNBORN:
            raise KernelError(_EINVAL, f"{child.name} was forked before")
        self._model.threads.fork(self._tasks[p["task"]].thread, child.thread)
        child.state = TaskState.RUNNABLE
