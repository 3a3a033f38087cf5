"""#DB, #BP and NMI from entry to IRET: do_debug (to 5.7), exc_debug_* and exc_nmi (6.x).
Linux: arch/x86/kernel/traps.c, nmi.c, asm/debugreg.h.

One path for all releases; what differs is asked of the switches.
"""

from __future__ import annotations

from emulator.arch.x86.encoding import (
    DR6_RESERVED,
    DR7_FIXED_1,
    DR_STEP,
    DR_TRAP_BITS,
)
from emulator.arch.x86.exception import SIGTRAP, ExceptionFrame
from emulator.core.kdebug import DieArgs, DieChain, DieVal
from emulator.core.notifier import NOTIFY_STOP
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import Dr7OuterSave, Switches

TRAP_BRKPT, TRAP_TRACE, TRAP_HWBKPT, SI_KERNEL = 1, 2, 4, 0x80
_VECTOR_BP = 3
#: What hw_breakpoint_active() tests in cpu_dr7.
_GLOBAL_ENABLES = 0xAA


class LocalDb:
    """local_db_save and local_db_restore: DR7 off for the time of an exception."""

    def __init__(
        self, switches: Switches, recorder: Recorder, *, hypervisor: bool
    ) -> None:
        self._switches = switches
        self._recorder = recorder
        self._hypervisor = hypervisor

    @property
    def used(self) -> bool:
        """This kernel saves DR7 around exceptions from kernel mode and NMIs."""
        return self._switches.dr7_outer_save is not Dr7OuterSave.none

    def save(self, frame: ExceptionFrame) -> int:
        """DR7 off; returns what is to be put back, 0 for nothing."""
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

    def restore(self, frame: ExceptionFrame, saved: int) -> None:
        """The old value, not cpu_dr7: that is where the two may part."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL,
            aux=Callee.local_db_restore,
            value=saved,
            flags=EventFlag.VOID,
        )
        if self._switches.dr7_outer_save is Dr7OuterSave.restores_cpu_dr7:
            saved = frame.state.cpu_dr7
        if saved:
            frame.state.set_debugreg(7, saved, Callee.local_db_restore)
        recorder.close(seq, cause, aux=Callee.local_db_restore)


class DebugTrap:
    """The kernel's #DB entry of one machine."""

    def __init__(
        self,
        switches: Switches,
        chain: DieChain,
        local_db: LocalDb,
        recorder: Recorder,
    ) -> None:
        self._switches = switches
        self._chain = chain
        self._local_db = local_db
        self._recorder = recorder

    def enter(self, frame: ExceptionFrame) -> None:
        """Run the handler of one #DB. DR6 holds the cause."""
        recorder = self._recorder
        cause = recorder.cause
        callee = self._callee(frame)
        dr6 = frame.state.get_debugreg(6)
        seq = recorder.open(EventKind.CALL, aux=callee, value=dr6, flags=EventFlag.VOID)
        dr6 = self._read_dr6(frame, dr6, callee)
        saves = not frame.user_mode and self._local_db.used
        saved = self._local_db.save(frame) if saves else 0
        self._set_vd6(frame, dr6)
        args = DieArgs(err=dr6, trapnr=0, signr=SIGTRAP, frame=frame)
        frame.die_args = args
        if self._chain.notify_die(DieVal.DIE_DEBUG, args) != NOTIFY_STOP:
            left = args.err if self._switches.err_is_pointer else dr6
            if self._switches.entry_clears_dr7:
                self._epilogue_lazy(frame, dr6, callee)
            else:
                self._epilogue(frame, dr6, left, callee)
        if saves:
            self._local_db.restore(frame, saved)
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
        if switches.vd6_accumulates:
            dr6 |= frame.virtual_dr6 & DR_TRAP_BITS
        if frame.user_mode and switches.vd6_keeps_only_bs:
            kept = DR_STEP | DR_TRAP_BITS if switches.vd6_accumulates else DR_STEP
            frame.set_virtual_dr6(dr6 & kept)
        elif not switches.dr6_cleared_on_entry:
            return  # 2.6.32 stores it only when nobody on the chain claimed the #DB
        elif frame.user_mode or switches.vd6_set_on_kernel_entry:
            frame.set_virtual_dr6(dr6)

    def _epilogue(
        self, frame: ExceptionFrame, dr6: int, left: int, callee: Callee
    ) -> None:
        if not frame.user_mode and left & DR_STEP:
            # A single step of the kernel that nobody asked for: let it run on.
            frame.set_virtual_dr6(frame.virtual_dr6 & ~DR_STEP)
            frame.clear_tf(callee)
            if self._switches.stray_step_marks_thread:
                frame.thread.tif_singlestep = True
        if not frame.user_mode and not self._switches.kernel_hit_signals:
            return
        bits = frame.virtual_dr6
        if frame.user_mode and self._switches.vd6_keeps_only_bs:
            bits |= left
        icebp = frame.user_mode and not dr6 & ~DR6_RESERVED
        if bits & (DR_STEP | DR_TRAP_BITS) or icebp:
            frame.send_sigtrap(_si_code(bits))

    def _epilogue_lazy(self, frame: ExceptionFrame, dr6: int, callee: Callee) -> None:
        """2.6.32: a B bit of a task without breakpoints is a leftover of another task."""
        thread = frame.thread
        if dr6 & DR_TRAP_BITS and not thread.debugreg7:
            frame.state.set_debugreg(7, 0, callee)
            return
        frame.set_virtual_dr6(dr6)
        if dr6 & DR_STEP and not frame.user_mode:
            thread.tif_singlestep = True
            frame.clear_tf(callee)
            return
        frame.send_sigtrap(_si_code(dr6))
        frame.state.set_debugreg(7, 0, callee)
        if frame.user_mode:
            # Signal delivery, on the way back to the program, arms them again.
            frame.state.set_debugreg(7, thread.debugreg7, Callee.do_signal)


class BreakpointTrap:
    """The kernel's #BP entry: do_int3."""

    def __init__(self, chain: DieChain, recorder: Recorder) -> None:
        self._chain = chain
        self._recorder = recorder

    def enter(self, frame: ExceptionFrame) -> bool:
        """True: somebody on the chain took it."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=Callee.do_int3, flags=EventFlag.VOID)
        args = DieArgs(err=0, trapnr=_VECTOR_BP, signr=SIGTRAP, frame=frame)
        taken = self._chain.notify_die(DieVal.DIE_INT3, args) == NOTIFY_STOP
        recorder.close(seq, cause, aux=Callee.do_int3)
        return taken


class NmiEntry:
    """exc_nmi (do_nmi before 5.8): what stands around an NMI on one CPU."""

    def __init__(
        self, switches: Switches, local_db: LocalDb, recorder: Recorder
    ) -> None:
        self._callee = Callee.exc_nmi if switches.dr6_reset_to_fixed else Callee.do_nmi
        self._local_db = local_db
        self._recorder = recorder

    def begin(self, frame: ExceptionFrame) -> tuple[int, int]:
        """The NMI came. Returns what end() wants; recorder.cause is the call."""
        seq = self._recorder.open(
            EventKind.CALL, aux=self._callee, flags=EventFlag.VOID
        )
        return seq, self._local_db.save(frame) if self._local_db.used else 0

    def end(self, frame: ExceptionFrame, begun: tuple[int, int], cause: int) -> None:
        """Back to what was interrupted."""
        seq, saved = begun
        self._recorder.cause = seq
        if self._local_db.used:
            self._local_db.restore(frame, saved)
        self._recorder.close(seq, cause, aux=self._callee)


def _si_code(bits: int) -> int:
    """get_si_code(): asm/traps.h."""
    if bits & DR_STEP:
        return TRAP_TRACE
    return TRAP_HWBKPT if bits & DR_TRAP_BITS else TRAP_BRKPT


def _as_i32(value: int) -> int:
    return value - (1 << 32) if value & 1 << 31 else value
