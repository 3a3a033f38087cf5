"""A task's own debug registers as 2.6.32 kept them: thread.debugreg0..3, 6 and 7.
Linux: arch/x86/kernel/ptrace.c, arch/x86/kernel/process.c of 2.6.32.

Loaded into the processor when a task with TIF_DEBUG is switched to, and left there when
it is switched away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import DR_CONTROL_RESERVED, DR_CONTROL_SHIFT
from emulator.arch.x86.exception import Thread
from emulator.arch.x86.parse import TASK_SIZE_MAX
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder

_EIO = 5
#: Nibbles of DR7 that no slot may have: I/O, and execute with a length.
_BAD_NIBBLES = 0x5554


class ThreadDebugRegisters:
    """PEEKUSR, POKEUSR and __switch_to_xtra of 2.6.32."""

    def __init__(
        self,
        states: Sequence[CpuState],
        running: Callable[[int], int],
        recorder: Recorder,
    ) -> None:
        """running(cpu): pid of the task on that CPU, 0 when idle."""
        self._states = states
        self._running = running
        self._recorder = recorder

    def get(self, thread: Thread, number: int) -> int:
        """What a tracer reads."""
        if number < 4:
            return thread.debugreg[number]
        return {6: thread.virtual_dr6, 7: thread.debugreg7}.get(number, 0)

    def set(self, thread: Thread, number: int, value: int) -> None:
        """KernelError(EIO) for whatever the processor would not take."""
        recorder, writer = self._recorder, Callee.ptrace_set_debugreg
        if number < 4:
            if value >= TASK_SIZE_MAX - 7:
                raise KernelError(_EIO, "address outside of user space")
            thread.debugreg[number] = value
        elif number == 6:
            if value >> 32:
                raise KernelError(_EIO, "DR6 has 32 bits")
            thread.set_virtual_dr6(value, recorder, writer)
        else:
            value &= ~DR_CONTROL_RESERVED
            for slot in range(4):
                nibble = value >> (DR_CONTROL_SHIFT + 4 * slot) & 0xF
                if _BAD_NIBBLES >> nibble & 1:
                    raise KernelError(_EIO, f"type or length of slot {slot}")
            thread.set_debugreg7(value, recorder, writer)
            thread.tif_debug = bool(value)
        for state in self._states:
            if self._running(state.index) == thread.pid:
                self.switch_to(state, thread)

    def switch_to(self, state: CpuState, thread: Thread) -> None:
        """__switch_to_xtra: load the task's registers, if it has any."""
        if not thread.tif_debug:
            return
        recorder, writer = self._recorder, Callee.switch_to_xtra
        cause, on = recorder.cause, recorder.cpu
        recorder.cpu = state.index
        seq = recorder.open(
            EventKind.CALL, aux=writer, flags=EventFlag.VOID, value=thread.pid
        )
        for slot in range(4):
            state.set_debugreg(slot, thread.debugreg[slot], writer)
        state.set_debugreg(6, thread.virtual_dr6, writer)
        state.set_debugreg(7, thread.debugreg7, writer)
        recorder.close(seq, cause, aux=writer)
        recorder.cpu = on

    def copy(self, parent: Thread, child: Thread) -> None:
        """fork: the child inherits them, armed."""
        child.debugreg = list(parent.debugreg)
        child.debugreg7 = parent.debugreg7
        child.tif_debug = parent.tif_debug

    def clear(self, thread: Thread, writer: Callee) -> None:
        """exec: all gone from the thread; the processor still has them."""
        thread.debugreg = [0, 0, 0, 0]
        thread.set_virtual_dr6(0, self._recorder, writer)
        thread.set_debugreg7(0, self._recorder, writer)
        thread.tif_debug = False
