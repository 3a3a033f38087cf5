"""What becomes of a task's debug state when it forks, runs another program, ends or is
switched to. Linux: arch/x86/kernel/process.c, process_64.c."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import Thread
from emulator.arch.x86.ptrace import Ptrace
from emulator.arch.x86.thread_debugreg import ThreadDebugRegisters
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import DebugState, Switches


class Threads:
    """The thread_struct rules of one kernel."""

    def __init__(
        self,
        switches: Switches,
        states: Sequence[CpuState],
        breakpoints: HwBreakpoints,
        ptrace: Ptrace,
        registers: ThreadDebugRegisters,
        recorder: Recorder,
    ) -> None:
        self._states = states
        self._breakpoints = breakpoints
        self._ptrace = ptrace
        self._registers = registers
        self._recorder = recorder
        self._of_thread = switches.debug_state is DebugState.thread

    def fork(self, parent: Thread, child: Thread) -> None:
        """copy_thread and perf_event_init_task.

        The virtual registers are copied with the rest of the thread. Breakpoints are
        not, but for perf events with attr.inherit; 2.6.32 copies everything, armed.
        """
        recorder = self._recorder
        cause = recorder.cause
        root = recorder.open(EventKind.TASK_FORK, value=child.pid)
        callee = Callee.copy_thread
        seq = recorder.open(EventKind.CALL, aux=callee, value=child.pid)
        child.set_virtual_dr6(parent.virtual_dr6, recorder, callee)
        child.set_ptrace_dr7(parent.ptrace_dr7, recorder, callee)
        child.ptrace_bps = [None, None, None, None]
        if self._of_thread:
            self._registers.copy(parent, child)
        recorder.close(seq, root, aux=callee)
        self._breakpoints.fork_task(parent.pid, child.pid)
        recorder.close(root, cause)

    def exec(self, thread: Thread) -> None:
        """flush_thread: another program begins; perf events of the task stay."""
        recorder = self._recorder
        cause = recorder.cause
        root = recorder.open(EventKind.TASK_EXEC)
        callee = Callee.flush_thread
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, value=thread.pid
        )
        if self._of_thread:
            self._registers.clear(thread, callee)
        else:
            self._ptrace.flush_ptrace_hw_breakpoint(thread)
        recorder.close(seq, root, aux=callee)
        recorder.close(root, cause)

    def exit(self, thread: Thread) -> None:
        """do_exit: the tracer's breakpoints, then perf's. 2.6.32 leaves the processor's
        registers to whoever runs next."""
        if not self._of_thread:
            self._ptrace.flush_ptrace_hw_breakpoint(thread)
        self._breakpoints.exit_task(thread.pid)

    def switched_out(self, thread: Thread, cpu: int) -> None:
        """schedule(): before the switch."""
        self._breakpoints.sched_out(thread.pid, cpu)

    def switched_in(self, thread: Thread, cpu: int) -> None:
        """__switch_to, and finish_task_switch on the new task's side."""
        if self._of_thread:
            self._registers.switch_to(self._states[cpu], thread)
        self._breakpoints.sched_in(thread.pid, cpu)
