"""What running a guest, suspending and kexec do to the debug registers.
Linux: arch/x86/kvm/x86.c (vcpu_enter_guest), arch/x86/power/cpu.c, machine_kexec_64.c.
"""

from __future__ import annotations

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import Thread
from emulator.arch.x86.install import X86Breakpoints
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import DebugState, Switches

_VM_EXIT_DR7 = 0x400
_DR6_RESET = 0xFFFF0FF0


class Virtualisation:
    """One machine's."""

    def __init__(
        self,
        switches: Switches,
        states: list[CpuState],
        arch: X86Breakpoints,
        recorder: Recorder,
    ) -> None:
        self._switches = switches
        self._states = states
        self._arch = arch
        self._recorder = recorder

    def run_guest(self, cpu: int, thread: Thread, guest_dr7: int) -> None:
        """A VM entry and the next exit; the processor leaves DR7 at 0x400."""
        recorder, state = self._recorder, self._states[cpu]
        callee = Callee.vcpu_enter_guest
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=callee, flags=EventFlag.VOID)
        recorder.emit(EventKind.VM_ENTRY, value=guest_dr7)
        state.set_debugreg(7, _VM_EXIT_DR7, Callee.CPU)
        recorder.emit(EventKind.VM_EXIT)
        self._reload(cpu, thread, callee)
        recorder.close(seq, cause, aux=callee)

    def suspend(self, cpu: int, thread: Thread) -> None:
        """Power goes and comes back: the registers are at their reset values."""
        recorder, state = self._recorder, self._states[cpu]
        cause = recorder.cause
        save, restore = Callee.save_processor_state, Callee.restore_processor_state
        seq = recorder.open(EventKind.CALL, aux=save, flags=EventFlag.VOID)
        recorder.close(seq, cause, aux=save)
        for number, value in ((0, 0), (1, 0), (2, 0), (3, 0), (6, _DR6_RESET), (7, 0)):
            state.set_debugreg(number, value, Callee.CPU)
        seq = recorder.open(EventKind.CALL, aux=restore, flags=EventFlag.VOID)
        self._reload(cpu, thread, restore)
        recorder.close(seq, cause, aux=restore)

    def kexec(self, cpu: int) -> None:
        """machine_kexec: another kernel must not meet our breakpoints."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=Callee.kexec, flags=EventFlag.VOID)
        self._arch.hw_breakpoint_disable(cpu)
        recorder.close(seq, cause, aux=Callee.kexec)

    def _reload(self, cpu: int, thread: Thread, callee: Callee) -> None:
        if self._switches.debug_state is DebugState.perf:
            if self._arch.hw_breakpoint_active(cpu):
                self._arch.hw_breakpoint_restore(cpu, thread)
            return
        if not thread.tif_debug:
            return  # 2.6.32: nobody remembers what the kernel debugger had there
        state = self._states[cpu]
        for number in range(4):
            state.set_debugreg(number, thread.debugreg[number], callee)
        state.set_debugreg(6, thread.virtual_dr6, callee)
        state.set_debugreg(7, thread.debugreg7, callee)
