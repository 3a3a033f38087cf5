"""What a handler sees of the interrupted code: struct pt_regs and current, narrowly.
Linux: arch/x86/include/asm/ptrace.h."""

from __future__ import annotations

from typing import Protocol

from emulator.arch.x86.cpu_state import CpuState
from emulator.events import Callee, EventFlag, EventKind, GuestField, ShadowField
from emulator.recorder import Recorder

FLAG_TF, FLAG_RF = 1 << 8, 1 << 16


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
    ) -> None:
        self.state = state
        self.thread = thread
        self.regs = regs
        self.user_mode = user_mode
        self._recorder = recorder

    @property
    def virtual_dr6(self) -> int:
        """current->thread.virtual_dr6 (debugreg6 before 5.10)."""
        return self.thread.virtual_dr6

    def set_virtual_dr6(self, value: int) -> None:
        """Write it; an event when it changes."""
        old = self.thread.virtual_dr6
        self.thread.virtual_dr6 = value
        if old != value:
            self._recorder.emit(
                EventKind.SHADOW_WRITE,
                slot=ShadowField.virtual_dr6,
                addr=old,
                value=value,
            )

    def set_rf(self, writer: Callee) -> None:
        """regs->flags |= X86_EFLAGS_RF."""
        self._write_flags(self.regs.flags | FLAG_RF, writer)

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
