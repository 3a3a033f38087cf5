"""Entering and leaving the debugger: kernel/debug/debug_core.c (kernel/kgdb.c to 2.6.34).

All in zero guest time. The CPU that took the exception is the master; the others are
rounded up by NMI, wait, and re-arm on their own way out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.arch.x86.encoding import DR_STEP, X86_BREAKPOINT_EXECUTE
from emulator.arch.x86.exception import ExceptionFrame
from emulator.arch.x86.traps import NmiEntry
from emulator.events import Callee, EventFlag, EventKind, Outcome, ShadowField
from emulator.kgdb.hw_break import HwBreaks
from emulator.kgdb.ports import Answer, Debugger, Machine, Resume, Stop
from emulator.kgdb.sw_break import SwBreaks
from emulator.recorder import Recorder
from emulator.snapshot import Moment
from emulator.target.traps import Vector
from emulator.variants import RfBy, Switches

NOBODY = -1
#: include/linux/notifier.h
SYS_RESTART = 1


@dataclass(slots=True)
class _Slave:
    frame: ExceptionFrame
    nmi: tuple[int, int]
    cause: int
    wait: int
    """seq of its KGDB_ENTER."""


class DebugCore:
    """kgdb_active, the slaves, and who steps."""

    def __init__(
        self,
        switches: Switches,
        hw: HwBreaks,
        nmi: NmiEntry,
        machine: Machine,
        recorder: Recorder,
        *,
        restops: int,
        connected: bool,
    ) -> None:
        """restops: stops at one RIP with nothing retired that end the run."""
        self._switches = switches
        self.hw = hw
        self._nmi = nmi
        self._machine = machine
        self._recorder = recorder
        self._limit = restops
        self.sw = SwBreaks(machine.read, machine.write)
        self.debugger: Debugger | None = None
        """kgdb's I/O: without it kgdb handles nothing."""
        self.connected = connected
        self.active = NOBODY
        self.doing_single_step = NOBODY
        self.contthread = 0
        self.stops = 0
        self.asked = 0
        """Stops of which the debugger was told."""
        self.spares: Callable[[], bool] = lambda: False
        """Set by boot: nobody wants to hear of this exception's breakpoints."""
        self.stop_is_over: Callable[[], None] = lambda: None
        """Set by boot: what else is done while the debugger has the machine."""
        self.outcome: Outcome | None = None
        """Set when the debugger goes nowhere."""
        self.slaves: dict[int, _Slave] = {}
        self._last: tuple[int, int, int] = (NOBODY, 0, 0)
        self._repeats = 0

    def kgdb_handle_exception(
        self, vector: int, signo: int, frame: ExceptionFrame
    ) -> int:
        """0: handled, the exception is over; 1: the kernel should go on with it."""
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=Callee.kgdb_handle_exception, value=vector, addr=signo
        )
        ret = self._handle(vector, signo, frame)
        recorder.close(seq, cause, ret, aux=Callee.kgdb_handle_exception)
        return ret

    def reboot(self) -> None:
        """dbg_notify_reboot, as it is by default: the debugger is told, and detached."""
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.kgdb_reboot_notifier
        seq = recorder.open(EventKind.CALL, aux=callee, value=SYS_RESTART)
        if self.debugger is not None:
            self.debugger.ended(SYS_RESTART)
        self.connected = False
        recorder.close(seq, cause, aux=callee)

    def held(self, cpu: int) -> bool:
        """The CPU waits in the debugger while another one steps."""
        return cpu in self.slaves

    def _handle(self, vector: int, signo: int, frame: ExceptionFrame) -> int:
        if self.debugger is None:
            return 1
        if vector == Vector.BP and self.sw.is_removed(frame.regs.ip - 1):
            # kgdb_skipexception: removed while this CPU was running into it.
            frame.set_ip(frame.regs.ip - 1, Callee.kgdb_skipexception)
            return 0
        return self._kgdb_cpu_enter(self.debugger, vector, signo, frame)

    def _kgdb_cpu_enter(
        self, debugger: Debugger, vector: int, signo: int, frame: ExceptionFrame
    ) -> int:
        recorder, cpu = self._recorder, frame.state.index
        cause = recorder.cause
        enter = recorder.open(
            EventKind.KGDB_ENTER, flags=EventFlag.SNAPSHOT, value=vector, addr=signo
        )
        self._machine.photograph(frame, enter, Moment.debugger_enter)
        self.active = cpu
        self.hw.disable_hw_debug(frame)
        self._roundup(cpu)
        self.sw.deactivate()
        self.contthread = frame.thread.pid
        answer = self._stopped(debugger, vector, signo, frame)
        ret = self._resume(answer, frame)
        self.sw.activate()
        if not (answer.resume is Resume.STEP and self._switches.kgdb_step_holds_others):
            self._release()
        if not self._switches.kgdb_corrects_at_resume:
            self.hw.correct_hw_break(frame)
        self.active = NOBODY
        recorder.cause = cause
        leave = recorder.emit(EventKind.KGDB_LEAVE, flags=EventFlag.SNAPSHOT, ret=ret)
        self._machine.photograph(frame, leave, Moment.debugger_leave)
        return ret

    # Slaves.

    def _roundup(self, master: int) -> None:
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=Callee.kgdb_roundup_cpus, flags=EventFlag.VOID
        )
        for cpu in range(self._machine.count):
            if cpu != master and cpu not in self.slaves:
                with self._machine.on(cpu) as frame:
                    self.slaves[cpu] = self._enter_slave(frame, seq)
        # A CPU that was held while another one stepped may be the master now.
        self.slaves.pop(master, None)
        recorder.close(seq, cause, aux=Callee.kgdb_roundup_cpus)

    def _enter_slave(self, frame: ExceptionFrame, cause: int) -> _Slave:
        recorder = self._recorder
        recorder.cause = cause
        recorder.emit(EventKind.INTERRUPT, value=Vector.NMI)
        nmi = self._nmi.begin(frame)
        seq = recorder.open(EventKind.KGDB_ENTER, flags=EventFlag.SLAVE)
        if self._switches.slave_disables:
            self.hw.disable_hw_debug(frame)
        return _Slave(frame, nmi, cause, seq)

    def _release(self) -> None:
        for cpu, slave in sorted(self.slaves.items()):
            with self._machine.on(cpu):
                self._leave_slave(slave)
        self.slaves.clear()

    def _leave_slave(self, slave: _Slave) -> None:
        recorder = self._recorder
        recorder.cause = slave.wait
        self.hw.correct_hw_break(slave.frame)
        recorder.cause = slave.nmi[0]
        recorder.emit(EventKind.KGDB_LEAVE, flags=EventFlag.SLAVE)
        self._nmi.end(slave.frame, slave.nmi, slave.cause)
        self._machine.returned(slave.frame)

    # The master.

    def _stopped(
        self, debugger: Debugger, vector: int, signo: int, frame: ExceptionFrame
    ) -> Answer:
        recorder, cpu = self._recorder, frame.state.index
        here = (cpu, frame.regs.ip, self._machine.retired(cpu))
        self._repeats = self._repeats + 1 if here == self._last else 1
        self._last = here
        self.stops += 1
        frame.stops += 1
        cause = recorder.cause
        pc = frame.regs.ip - 1 if vector == Vector.BP else frame.regs.ip
        # A step that the debugger asked for is told, whatever else happened.
        spared = self.doing_single_step == NOBODY and self.spares()
        self.asked += not spared
        recorder.open(
            EventKind.DEBUGGER_STOP,
            value=0 if spared else self.asked,
            addr=pc,
            aux=signo & 0xFFFF,
        )
        answer = Answer(Resume.CONTINUE)
        if self._repeats >= self._limit:
            recorder.emit(EventKind.RESTOPS, value=self._repeats)
            self.outcome = Outcome.restops
        elif not spared:
            answer = debugger.serve(Stop(self.asked, vector, signo, frame))
        self.stop_is_over()
        recorder.cause = cause
        return answer

    def _resume(self, answer: Answer, frame: ExceptionFrame) -> int:
        """kgdb_arch_handle_exception for c, s, D and k."""
        recorder = self._recorder
        writer = Callee.kgdb_arch_handle_exception
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=writer, value=ord(answer.resume.value[0])
        )
        if answer.pc is not None:
            frame.set_ip(answer.pc, writer)
        stepping = answer.resume is Resume.STEP
        frame.clear_tf(writer)
        self._set_stepping(frame.state.index if stepping else NOBODY)
        if stepping:
            frame.set_tf(writer)
        if self._switches.rf_by is RfBy.kgdb_dr6:
            self._rf_from_dr6(frame, writer)
        if answer.resume in (Resume.DETACH, Resume.KILL):
            self.connected = False
        if self._switches.kgdb_corrects_at_resume:
            self.hw.correct_hw_break(frame)
        recorder.close(seq, cause, aux=writer)
        if answer.resume is Resume.RESTART:
            self.outcome = Outcome.completed
        return 1 if answer.resume is Resume.PASS or answer.passes else 0

    def _rf_from_dr6(self, frame: ExceptionFrame, writer: Callee) -> None:
        """Which execute breakpoints hit, as DR6 still tells it; a step hides them."""
        dr6 = frame.state.get_debugreg(6)
        executes = [
            e for e in self.hw.table.entries if e.type == X86_BREAKPOINT_EXECUTE
        ]
        if not dr6 & DR_STEP and any(dr6 >> e.index & 1 for e in executes):
            frame.set_rf(writer)
        frame.state.set_debugreg(6, 0, writer)

    def _set_stepping(self, cpu: int) -> None:
        old, self.doing_single_step = self.doing_single_step, cpu
        if old != cpu:
            self._recorder.emit(
                EventKind.SHADOW_WRITE,
                slot=ShadowField.doing_single_step,
                aux=Callee.kgdb_arch_handle_exception,
                addr=old + 1,
                value=cpu + 1,
            )

    def stop_stepping(self) -> None:
        """single_step_cont: the step went to user mode and is over."""
        self._set_stepping(NOBODY)
