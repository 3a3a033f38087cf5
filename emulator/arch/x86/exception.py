"""What a handler sees of the interrupted code: struct pt_regs and current, narrowly.
Linux: arch/x86/include/asm/ptrace.h."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from emulator.arch.x86.cpu_state import CpuState
from emulator.core.kdebug import DieArgs
from emulator.core.perf_event import PerfEvent
from emulator.events import Callee, EventFlag, EventKind, GuestField, ShadowField
from emulator.recorder import Recorder

FLAG_TF, FLAG_RF = 1 << 8, 1 << 16
SIGTRAP = 5

#: (signal, si_code, si_addr) to the current task.
SendSignal = Callable[[int, int, int], None]


class SavedRegisters(Protocol):
    """pt_regs: only what the model reads and writes."""

    flags: int
    ip: int


class Thread:
    """struct thread_struct of a task: the debug state that follows it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.virtual_dr6 = 0
        self.ptrace_dr7 = 0
        self.debugreg = [0, 0, 0, 0]
        """thread.debugreg0..3 (to 2.6.32)."""
        self.debugreg7 = 0
        """thread.debugreg7 (to 2.6.32)."""
        self.tif_debug = False
        """TIF_DEBUG: a switch to this task loads its registers (to 2.6.32)."""
        self.tif_singlestep = False
        """TIF_SINGLESTEP: kgdb leaves a #DB of this task alone."""
        self.tif_forced_tf = False
        """TIF_FORCED_TF: a tracer set TF, the program does not know of it."""
        self.ptrace_bps: list[PerfEvent | None] = [None, None, None, None]
        """The tracer's breakpoints, by its own numbers (since 2.6.33)."""

    def set_virtual_dr6(
        self, value: int, recorder: Recorder, writer: Callee = Callee.NONE
    ) -> None:
        """Write it; an event when it changes."""
        old, self.virtual_dr6 = self.virtual_dr6, value
        _tell(recorder, ShadowField.virtual_dr6, old, value, writer)

    def set_ptrace_dr7(self, value: int, recorder: Recorder, writer: Callee) -> None:
        """Write it; an event when it changes."""
        old, self.ptrace_dr7 = self.ptrace_dr7, value
        _tell(recorder, ShadowField.ptrace_dr7, old, value, writer)

    def set_debugreg7(self, value: int, recorder: Recorder, writer: Callee) -> None:
        """Write it; an event when it changes."""
        old, self.debugreg7 = self.debugreg7, value
        _tell(recorder, ShadowField.debugreg7, old, value, writer)


def _tell(
    recorder: Recorder, field: ShadowField, old: int, value: int, writer: Callee
) -> None:
    if old != value:
        recorder.emit(
            EventKind.SHADOW_WRITE, slot=field, aux=writer, addr=old, value=value
        )


class ExceptionFrame:
    """One exception on one CPU."""

    def __init__(
        self,
        state: CpuState,
        thread: Thread,
        regs: SavedRegisters,
        recorder: Recorder,
        *,
        user_mode: bool,
        send_signal: SendSignal | None = None,
    ) -> None:
        """send_signal: what force_sig_fault does; None where no task is current."""
        self.state = state
        self.thread = thread
        self.regs = regs
        self.user_mode = user_mode
        self.stops = 0
        """How often the debugger stopped because of this exception."""
        self.sigtraps = 0
        """How often SIGTRAP was sent because of it."""
        self.die_args: DieArgs | None = None
        """What notify_die was given for this exception."""
        self._recorder = recorder
        self._send_signal = send_signal

    def send_sigtrap(self, code: int) -> None:
        """send_sigtrap(): SIGTRAP with si_addr = ip to current."""
        self.sigtraps += 1
        if self._send_signal is not None:
            self._send_signal(SIGTRAP, code, self.regs.ip)

    @property
    def virtual_dr6(self) -> int:
        """current->thread.virtual_dr6 (debugreg6 before 5.10)."""
        return self.thread.virtual_dr6

    def set_virtual_dr6(self, value: int) -> None:
        """Write it; an event when it changes."""
        self.thread.set_virtual_dr6(value, self._recorder)

    def set_rf(self, writer: Callee) -> None:
        """regs->flags |= X86_EFLAGS_RF."""
        self._write_flags(self.regs.flags | FLAG_RF, writer)

    def set_tf(self, writer: Callee) -> None:
        """regs->flags |= X86_EFLAGS_TF."""
        self._write_flags(self.regs.flags | FLAG_TF, writer)

    def set_ip(self, value: int, writer: Callee) -> None:
        """regs->ip = value."""
        old = self.regs.ip
        self.regs.ip = value
        self._recorder.emit(
            EventKind.REGS_WRITE,
            slot=GuestField.ip,
            flags=EventFlag.SAME_VALUE if old == value else 0,
            aux=writer,
            addr=old,
            value=value,
        )

    def clear_tf(self, writer: Callee) -> None:
        """regs->flags &= ~X86_EFLAGS_TF."""
        self._write_flags(self.regs.flags & ~FLAG_TF, writer)

    def _write_flags(self, value: int, writer: Callee) -> None:
        old = self.regs.flags
        self.regs.flags = value
        self._recorder.emit(
            EventKind.REGS_WRITE,
            slot=GuestField.flags,
            flags=EventFlag.SAME_VALUE if old == value else 0,
            aux=writer,
            addr=old,
            value=value,
        )
