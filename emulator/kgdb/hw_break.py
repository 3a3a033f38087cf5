"""How kgdb's hardware breakpoints reach the debug registers: arch/x86/kernel/kgdb.c.

Two programs: DirectBreaks writes DR0-3 and DR7 itself (to 2.6.33-rc), PerfBreaks has a
perf event per entry and CPU and uses arch_install_hw_breakpoint (since cc0967490c1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from emulator.arch.x86.encoding import (
    DR_CONTROL_SHIFT,
    DR_CONTROL_SIZE,
    DR_ENABLE_SIZE,
    DR_GLOBAL_ENABLE,
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_WRITE,
    bytes_of,
    encode_dr7_without_ge,
)
from emulator.arch.x86.exception import ExceptionFrame
from emulator.arch.x86.install import X86Breakpoints
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.core.perf_event import (
    KGDB_INDEX,
    ArchHwBreakpoint,
    OverflowHandler,
    PerfEvent,
    PerfEventAttr,
)
from emulator.core.perf_event import (
    BpType as PerfType,
)
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind, ShadowField
from emulator.kgdb.breakinfo import SLOTS, BpType, BreakInfo, BreakInfoTable
from emulator.recorder import Recorder
from emulator.variants import Reserve, Switches

_SIZEOF_LONG = 8
#: &kgdb_arch_init: where the events point before a debugger uses them.
_PLACEHOLDER = 0xFFFF_FFFF_8100_0000
_REFUSED = 1


class HwBreaks(Protocol):
    """struct kgdb_arch's operations on hardware breakpoints."""

    table: BreakInfoTable

    def set_hw_break(self, addr: int, length: int, kind: BpType) -> None:
        """kgdb_set_hw_break; KernelError as the stub shows it. Hardware stays as it is."""

    def remove_hw_break(self, addr: int) -> None:
        """kgdb_remove_hw_break; KernelError as the stub shows it."""

    def remove_all_hw_break(self, cpu: int) -> None:
        """kgdb_remove_all_hw_break on the master."""

    def disable_hw_debug(self, frame: ExceptionFrame) -> None:
        """kgdb_disable_hw_debug on the CPU of the frame."""

    def correct_hw_break(self, frame: ExceptionFrame) -> None:
        """kgdb_correct_hw_break on the CPU of the frame."""


class _Told:
    """A function of kgdb as an event around its body."""

    def __init__(self, recorder: Recorder, callee: Callee, addr: int = 0) -> None:
        self._recorder = recorder
        self._callee = callee
        self._addr = addr
        self._cause = self._seq = 0

    def __enter__(self) -> None:
        self._cause = self._recorder.cause
        self._seq = self._recorder.open(
            EventKind.CALL, aux=self._callee, addr=self._addr
        )

    def __exit__(self, _kind: object, error: BaseException | None, _tb: object) -> None:
        ret = -error.errno if isinstance(error, KernelError) else 0
        self._recorder.close(self._seq, self._cause, ret, aux=self._callee)


class DirectBreaks:
    """To 2.6.32, and in 2.6.33-rc behind perf's back: entry i is debug register i."""

    def __init__(self, table: BreakInfoTable, recorder: Recorder) -> None:
        self.table = table
        self._recorder = recorder

    def set_hw_break(self, addr: int, length: int, kind: BpType) -> None:
        """Only the table; the registers follow when the debugger continues."""
        with _Told(self._recorder, Callee.kgdb_set_hw_break, addr):
            entry = self.table.take(addr, length, kind)
            entry.enabled = True
            self.table.changed(entry, Callee.kgdb_set_hw_break)

    def remove_hw_break(self, addr: int) -> None:
        """Only the table."""
        with _Told(self._recorder, Callee.kgdb_remove_hw_break, addr):
            entry = self.table.find(addr)
            entry.enabled = False
            self.table.changed(entry, Callee.kgdb_remove_hw_break)

    def remove_all_hw_break(self, cpu: int) -> None:
        """The whole table is zeroed."""
        with _Told(self._recorder, Callee.kgdb_remove_all_hw_break):
            for entry in list(self.table.enabled()):
                entry.enabled = False
                self.table.changed(entry, Callee.kgdb_remove_all_hw_break)

    def disable_hw_debug(self, frame: ExceptionFrame) -> None:
        """DR7 = 0."""
        with _Told(self._recorder, Callee.kgdb_disable_hw_debug):
            frame.state.set_debugreg(7, 0, Callee.kgdb_disable_hw_debug)

    def correct_hw_break(self, frame: ExceptionFrame) -> None:
        """Make the G bits those of the table; L bits of others stay."""
        writer = Callee.kgdb_correct_hw_break
        with _Told(self._recorder, writer):
            state = frame.state
            dr7 = before = state.get_debugreg(7)
            for entry in self.table.entries:
                enable = DR_GLOBAL_ENABLE << (entry.index * DR_ENABLE_SIZE)
                control = 0xF << (DR_CONTROL_SHIFT + entry.index * DR_CONTROL_SIZE)
                if entry.enabled and not dr7 & enable:
                    dr7 &= ~control
                    dr7 |= encode_dr7_without_ge(entry.index, entry.len, entry.type)
                    state.set_debugreg(entry.index, entry.addr, writer)
                elif dr7 & enable and not entry.enabled:
                    dr7 &= ~(enable | control)
            if dr7 != before:
                state.set_debugreg(7, dr7, writer)


class PerfBreaks:
    """Since cc0967490c1: a perf event for each entry on each CPU, never enabled by perf."""

    def __init__(
        self,
        switches: Switches,
        table: BreakInfoTable,
        core: HwBreakpoints,
        arch: X86Breakpoints,
        cpus: int,
        recorder: Recorder,
    ) -> None:
        self.table = table
        self._switches = switches
        self._core = core
        self._arch = arch
        self._cpus = cpus
        self._recorder = recorder
        self._events: list[list[PerfEvent]] = []
        self.early_dr7 = [0] * cpus

    @property
    def is_early(self) -> bool:
        """perf is not up: there are no events yet."""
        return not self._events

    def allocate(self, callee: Callee, handler: OverflowHandler | None) -> None:
        """kgdb_arch_init or kgdb_arch_late: four wide breakpoints, disabled, whose slots
        are given back at once."""
        with _Told(self._recorder, callee):
            for index in range(SLOTS):
                attr = PerfEventAttr(_PLACEHOLDER, 1, PerfType.W, disabled=True)
                try:
                    made = self._core.register_wide_hw_breakpoint(
                        KGDB_INDEX + index, attr
                    )
                except KernelError:
                    self._events.clear()
                    raise
                for event in made:
                    event.attr = replace(event.attr)
                    event.overflow_handler = handler
                    self._core.release_bp_slot(event)
                self._events.append(list(made))

    def event(self, entry: BreakInfo, cpu: int) -> PerfEvent:
        """The perf event of an entry on a CPU."""
        return self._events[entry.index][cpu]

    def set_hw_break(self, addr: int, length: int, kind: BpType) -> None:
        """The table and a slot on each CPU; the registers follow on the way out."""
        with _Told(self._recorder, Callee.kgdb_set_hw_break, addr):
            entry = self.table.take(addr, length, kind)
            self._validate(entry)
            try:
                self._reserve(entry)
            except KernelError:
                entry.addr = 0
                raise
            entry.enabled = True
            self.table.changed(entry, Callee.kgdb_set_hw_break)

    def remove_hw_break(self, addr: int) -> None:
        """Give the slots back; when one cannot be given back the entry stays."""
        with _Told(self._recorder, Callee.kgdb_remove_hw_break, addr):
            entry = self.table.find(addr)
            if not self._release(entry):
                raise KernelError(_REFUSED, f"cannot remove hw breakpoint at {addr:#x}")
            entry.enabled = False
            self.table.changed(entry, Callee.kgdb_remove_hw_break)

    def remove_all_hw_break(self, cpu: int) -> None:
        """What is installed is taken out; only since 2.6.37 the entries are freed."""
        writer = Callee.kgdb_remove_all_hw_break
        with _Told(self._recorder, writer):
            for entry in list(self.table.enabled()):
                if not self.is_early and not self.event(entry, cpu).attr.disabled:
                    event = self.event(entry, cpu)
                    self._arch.arch_uninstall_hw_breakpoint(event, cpu)
                    event.attr.disabled = True
                elif self._switches.remove_all_clears:
                    if self.is_early:
                        self._forget_early(entry, cpu)
                    else:
                        self._release(entry)
                    entry.enabled = False
                    self.table.changed(entry, writer)

    def disable_hw_debug(self, frame: ExceptionFrame) -> None:
        """DR7 = 0, and each installed event is taken out of its slot."""
        writer = Callee.kgdb_disable_hw_debug
        with _Told(self._recorder, writer):
            state = frame.state
            state.set_debugreg(7, 0, writer)
            for entry in self.table.enabled():
                if self.is_early:
                    self._forget_early(entry, state.index)
                    continue
                event = self.event(entry, state.index)
                if not event.attr.disabled:
                    self._arch.arch_uninstall_hw_breakpoint(event, state.index)
                    event.attr.disabled = True

    def correct_hw_break(self, frame: ExceptionFrame) -> None:
        """Install what is enabled and not installed, then hw_breakpoint_restore."""
        with _Told(self._recorder, Callee.kgdb_correct_hw_break):
            cpu = frame.state.index
            for entry in self.table.enabled():
                if self.is_early:
                    self._arm_early(entry, frame)
                elif self.event(entry, cpu).attr.disabled:
                    self._install(entry, self.event(entry, cpu), cpu)
            if not self.is_early:
                self._arch.hw_breakpoint_restore(cpu, frame.thread)

    def _install(self, entry: BreakInfo, event: PerfEvent, cpu: int) -> None:
        # The generic attribute holds x86's encodings from here on, as in Linux.
        event.attr.bp_addr = entry.addr
        event.info = ArchHwBreakpoint(entry.addr, entry.len, entry.type)
        try:
            self._arch.arch_install_hw_breakpoint(event, cpu)
        except KernelError:
            return  # a warning in the log; the breakpoint stays off on this CPU
        event.attr.disabled = False

    def _validate(self, entry: BreakInfo) -> None:
        if not self._switches.kgdb_validates:
            return
        execute = entry.type == X86_BREAKPOINT_EXECUTE
        length = bytes_of(entry.len)
        if execute and self._switches.parse_execute_is_long:
            length = _SIZEOF_LONG
        kind = PerfType.W if entry.type == X86_BREAKPOINT_WRITE else PerfType.RW
        attr = PerfEventAttr(entry.addr, length, PerfType.X if execute else kind)
        self._arch.hw_breakpoint_arch_parse(attr)

    def _reserve(self, entry: BreakInfo) -> None:
        """hw_break_reserve_slot: all CPUs or none."""
        if self._switches.reserve is Reserve.none or self.is_early:
            return
        taken: list[PerfEvent] = []
        for cpu in range(self._cpus):
            event = self.event(entry, cpu)
            refused = -self._core.dbg_reserve_bp_slot(event)
            if refused:
                for other in taken if self._switches.reserve_unwinds else ():
                    self._core.dbg_release_bp_slot(other)
                # Any failure becomes -1, unless kgdb carries perf's errno.
                shown = refused if self._switches.kgdb_validates else _REFUSED
                raise KernelError(shown, f"no slot on CPU {cpu}")
            taken.append(event)

    def _release(self, entry: BreakInfo) -> bool:
        """hw_break_release_slot: stops at the first CPU that fails."""
        if self._switches.reserve is Reserve.none or self.is_early:
            return True
        return all(
            not self._core.dbg_release_bp_slot(self.event(entry, cpu))
            for cpu in range(self._cpus)
        )

    def _forget_early(self, entry: BreakInfo, cpu: int) -> None:
        encoded = encode_dr7_without_ge(entry.index, entry.len, entry.type)
        self._set_early_dr7(cpu, self.early_dr7[cpu] & ~encoded)

    def _arm_early(self, entry: BreakInfo, frame: ExceptionFrame) -> None:
        writer, state = Callee.kgdb_correct_hw_break, frame.state
        encoded = encode_dr7_without_ge(entry.index, entry.len, entry.type)
        state.set_debugreg(entry.index, entry.addr, writer)
        self._set_early_dr7(state.index, self.early_dr7[state.index] | encoded)
        state.set_debugreg(7, self.early_dr7[state.index], writer)

    def _set_early_dr7(self, cpu: int, value: int) -> None:
        old, self.early_dr7[cpu] = self.early_dr7[cpu], value
        self._recorder.emit(
            EventKind.SHADOW_WRITE,
            slot=ShadowField.early_dr7,
            flags=EventFlag.SAME_VALUE if old == value else 0,
            addr=old,
            value=value,
        )
