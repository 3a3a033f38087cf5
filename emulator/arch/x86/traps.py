"""#DB from its entry to IRET: do_debug (to 5.7), exc_debug_* (6.x), arch/x86/kernel/traps.c.

One path for all releases; what differs is asked of the switches.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.arch.x86.encoding import (
    DR6_RESERVED,
    DR7_FIXED_1,
    DR_STEP,
    DR_TRAP_BITS,
)
from emulator.arch.x86.exception import ExceptionFrame
from emulator.arch.x86.hw_breakpoint import HwBreakpointHandler
from emulator.core.kdebug import DieArgs, DieChain, DieVal
from emulator.core.notifier import NOTIFY_STOP
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import Dr7OuterSave, Switches

SIGTRAP = 5
TRAP_BRKPT, TRAP_TRACE, TRAP_HWBKPT = 1, 2, 4
#: What hw_breakpoint_active() tests in cpu_dr7.
_GLOBAL_ENABLES = 0xAA

#: (signal, si_code, si_addr) to the current task.
SendSignal = Callable[[int, int, int], None]


class DebugTrap:
    """The kernel's #DB entry of one machine."""

    def __init__(
        self,
        switches: Switches,
        chain: DieChain,
        handler: HwBreakpointHandler,
        recorder: Recorder,
        *,
        hypervisor: bool,
    ) -> None:
        self._switches = switches
        self._chain = chain
        self._handler = handler
        self._recorder = recorder
        self._hypervisor = hypervisor

    def enter(self, frame: ExceptionFrame, send_signal: SendSignal) -> None:
        """Run the handler of one #DB. DR6 holds the cause."""
        recorder = self._recorder
        cause = recorder.cause
        callee = self._callee(frame)
        dr6 = frame.state.get_debugreg(6)
        seq = recorder.open(EventKind.CALL, aux=callee, value=dr6, flags=EventFlag.VOID)
        dr6 = self._read_dr6(frame, dr6, callee)
        saves = not frame.user_mode and (
            self._switches.dr7_outer_save is Dr7OuterSave.debug_and_nmi
        )
        saved = self._local_db_save(frame) if saves else 0
        self._set_vd6(frame, dr6)
        self._handler.frame = frame
        args = DieArgs(err=dr6, trapnr=0, signr=SIGTRAP)
        if self._chain.notify_die(DieVal.DIE_DEBUG, args) != NOTIFY_STOP:
            left = args.err if self._switches.err_is_pointer else dr6
            self._epilogue(frame, dr6, left, callee, send_signal)
        if saves:
            self._local_db_restore(frame, saved)
        recorder.close(seq, cause, aux=callee)

    def _callee(self, frame: ExceptionFrame) -> Callee:
        if not self._switches.dr6_reset_to_fixed:
            return Callee.do_debug
        return Callee.exc_debug_user if frame.user_mode else Callee.exc_debug_kernel

    def _read_dr6(self, frame: ExceptionFrame, dr6: int, callee: Callee) -> int:
        switches = self._switches
        if switches.dr6_cleared_on_entry:
            reset = DR6_RESERVED if switches.dr6_reset_to_fixed else 0
            frame.state.set_debugreg(6, reset, callee)
        return dr6 & ~DR6_RESERVED if switches.dr6_fixed_masked else dr6

    def _set_vd6(self, frame: ExceptionFrame, dr6: int) -> None:
        switches = self._switches
        if frame.user_mode and switches.vd6_keeps_only_bs:
            frame.set_virtual_dr6(dr6 & DR_STEP)
        elif frame.user_mode or switches.vd6_set_on_kernel_entry:
            frame.set_virtual_dr6(dr6)

    def _epilogue(
        self,
        frame: ExceptionFrame,
        dr6: int,
        left: int,
        callee: Callee,
        send_signal: SendSignal,
    ) -> None:
        if not frame.user_mode and left & DR_STEP:
            # A single step of the kernel that nobody asked for: let it run on.
            frame.set_virtual_dr6(frame.virtual_dr6 & ~DR_STEP)
            frame.clear_tf(callee)
        if not frame.user_mode and not self._switches.kernel_hit_signals:
            return
        bits = frame.virtual_dr6
        if frame.user_mode and self._switches.vd6_keeps_only_bs:
            bits |= left
        icebp = frame.user_mode and not dr6 & ~DR6_RESERVED
        if bits & (DR_STEP | DR_TRAP_BITS) or icebp:
            send_signal(SIGTRAP, _si_code(bits), frame.regs.ip)

    def _local_db_save(self, frame: ExceptionFrame) -> int:
        """DR7 off for the time of the exception; returns what is to be put back."""
        recorder, state = self._recorder, frame.state
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=Callee.local_db_save)
        idle = not state.cpu_dr7 & _GLOBAL_ENABLES
        saved = 0
        skips = self._switches.outer_save_skips_idle_guest
        if not (skips and self._hypervisor and idle):
            saved = state.get_debugreg(7) & ~DR7_FIXED_1
            if saved:
                state.set_debugreg(7, 0, Callee.local_db_save)
        recorder.close(seq, cause, _as_i32(saved), aux=Callee.local_db_save)
        return saved

    def _local_db_restore(self, frame: ExceptionFrame, saved: int) -> None:
        """The old value, not cpu_dr7: that is where the two may part."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.local_db_restore,
            value=saved,
            flags=EventFlag.VOID,
        )
        if saved:
            frame.state.set_debugreg(7, saved, Callee.local_db_restore)
        recorder.close(seq, cause, aux=Callee.local_db_restore)


def _si_code(bits: int) -> int:
    """get_si_code(): asm/traps.h."""
    if bits & DR_STEP:
        return TRAP_TRACE
    return TRAP_HWBKPT if bits & DR_TRAP_BITS else TRAP_BRKPT


def _as_i32(value: int) -> int:
    return value - (1 << 32) if value & 1 << 31 else value
