"""Into and out of the debug registers: arch/x86/kernel/hw_breakpoint.c (2.6.33 to 6.x)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import (
    DR6_RESERVED,
    encode_dr7,
    encode_dr7_without_ge,
)
from emulator.arch.x86.exception import Thread
from emulator.arch.x86.parse import AttrParser, check_bp_in_kernelspace
from emulator.core.perf_event import ArchHwBreakpoint, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import RestoreDr6, Switches

_EBUSY = 16
#: What hw_breakpoint_active() tests in cpu_dr7.
DR_GLOBAL_ENABLE_MASK = 0xAA


class X86Breakpoints:
    """core.arch_ops.ArchBreakpointOps, and what the rest of arch/x86 calls."""

    def __init__(
        self,
        cpus: Sequence[CpuState],
        recorder: Recorder,
        switches: Switches,
        entry_areas: Iterable[range] = (),
    ) -> None:
        """entry_areas: memory of the kernel that may not be watched (arch.x86.parse)."""
        self._cpus = cpus
        self._recorder = recorder
        self._switches = switches
        self._parser = AttrParser(switches, entry_areas)

    def hw_breakpoint_arch_parse(
        self, attr: PerfEventAttr, *, task: int = 0
    ) -> ArchHwBreakpoint:
        """Raises KernelError with the kernel's errno."""
        return self._parser.parse(attr, task=task)

    def arch_check_bp_in_kernelspace(self, info: ArchHwBreakpoint) -> bool:
        """va or its last byte at or above TASK_SIZE_MAX."""
        return check_bp_in_kernelspace(info)

    def arch_install_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """First free slot: DRn, cpu_debugreg, cpu_dr7, then DR7. KernelError(EBUSY)."""
        recorder, state = self._recorder, self._cpus[cpu]
        writer = Callee.arch_install_hw_breakpoint
        cause, on = recorder.cause, recorder.cpu
        recorder.cpu = cpu
        seq = recorder.open(EventKind.CALL, aux=writer, addr=event.index)
        try:
            if None not in state.bp_per_reg:
                recorder.close(seq, cause, -_EBUSY, aux=writer)
                raise KernelError(_EBUSY, "can't find any breakpoint slot")
            slot = state.bp_per_reg.index(None)
            state.set_bp_per_reg(slot, event, writer)
            state.set_debugreg(slot, event.info.address, writer)
            state.set_cpu_debugreg(slot, event.info.address, writer)
            encoded = encode_dr7(slot, event.info.len, event.info.type)
            state.set_cpu_dr7(state.cpu_dr7 | encoded, writer)
            state.set_debugreg(7, state.cpu_dr7, writer)
            event.slot = slot
            recorder.close(seq, cause, aux=writer)
        finally:
            recorder.cpu = on

    def arch_uninstall_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """Out of its slot; DRn keeps its address, DR7 its GE."""
        recorder, state = self._recorder, self._cpus[cpu]
        writer = Callee.arch_uninstall_hw_breakpoint
        if event not in state.bp_per_reg:
            return
        cause, on = recorder.cause, recorder.cpu
        recorder.cpu = cpu
        seq = recorder.open(
            EventKind.CALL, aux=writer, addr=event.index, flags=EventFlag.VOID
        )
        slot = state.bp_per_reg.index(event)
        state.set_bp_per_reg(slot, None, writer)
        encoded = encode_dr7_without_ge(slot, event.info.len, event.info.type)
        wanted = state.cpu_dr7 & ~encoded
        if self._switches.uninstall_dr7_first:
            state.set_debugreg(7, wanted, writer)
            state.set_cpu_dr7(wanted, writer)
        else:
            state.set_cpu_dr7(wanted, writer)
            state.set_debugreg(7, wanted, writer)
        recorder.close(seq, cause, aux=writer)
        recorder.cpu = on

    def hw_breakpoint_active(self, cpu: int) -> bool:
        """perf believes that something is armed on this CPU."""
        return bool(self._cpus[cpu].cpu_dr7 & DR_GLOBAL_ENABLE_MASK)

    def hw_breakpoint_restore(self, cpu: int, thread: Thread) -> None:
        """All registers as the per-CPU variables have them; thread: current."""
        writer, state = Callee.hw_breakpoint_restore, self._cpus[cpu]
        seq, cause = self._open(writer, cpu)
        for slot in range(4):
            state.set_debugreg(slot, state.cpu_debugreg[slot], writer)
        of_thread = self._switches.restore_dr6 is RestoreDr6.thread
        state.set_debugreg(6, thread.virtual_dr6 if of_thread else DR6_RESERVED, writer)
        state.set_debugreg(7, state.cpu_dr7, writer)
        self._close(seq, cause, writer)

    def hw_breakpoint_disable(self, cpu: int) -> None:
        """Everything off, for good (kexec). The variables keep what they say."""
        writer, state = Callee.hw_breakpoint_disable, self._cpus[cpu]
        seq, cause = self._open(writer, cpu)
        for number in (7, 0, 1, 2, 3):
            state.set_debugreg(number, 0, writer)
        self._close(seq, cause, writer)

    def _open(self, callee: Callee, cpu: int) -> tuple[int, tuple[int, int]]:
        recorder = self._recorder
        before = recorder.cause, recorder.cpu
        recorder.cpu = cpu
        seq = recorder.open(EventKind.CALL, aux=callee, flags=EventFlag.VOID)
        return seq, before

    def _close(self, seq: int, before: tuple[int, int], callee: Callee) -> None:
        cause, self._recorder.cpu = before
        self._recorder.close(seq, cause, aux=callee)
