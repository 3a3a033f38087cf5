"""A gdb that holds the whole machine from outside: the full face."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.boot import System
from emulator.debugger.break_judge import BreakJudge
from emulator.debugger.breakpoints import Break, OutsideBreakpoints
from emulator.debugger.desk import Desk
from emulator.debugger.messages import Data
from emulator.debugger.monitor import MachineMonitor
from emulator.debugger.target import OutsideTarget
from emulator.debugger.wants import Wants
from emulator.gdbstub.actions import (
    SIGINT,
    Action,
    Detach,
    Ended,
    HangUp,
    Interrupt,
    Kill,
    Restart,
    Resume,
    ResumeKind,
    StopKind,
    StopReason,
)
from emulator.gdbstub.full.face import FullFace
from emulator.gdbstub.stub import Stub
from emulator.gdbstub.target import BreakpointKind
from emulator.recorder import Recorder
from emulator.target.cpu import Cpu

_STOPS = {
    BreakpointKind.SOFTWARE: StopKind.SWBREAK,
    BreakpointKind.HARDWARE: StopKind.HWBREAK,
    BreakpointKind.WRITE: StopKind.WATCH,
    BreakpointKind.READ: StopKind.RWATCH,
    BreakpointKind.ACCESS: StopKind.AWATCH,
}


class OutsideDebugger:
    """Its breakpoints, its steps, and for what the machine stands still."""

    def __init__(self, desk: Desk, system: System, recorder: Recorder) -> None:
        self._desk = desk
        self._system = system
        self._breakpoints = OutsideBreakpoints(system.machine)
        monitor = MachineMonitor(
            system, recorder, Wants(self._breakpoints.wishes, system.places)
        )
        self._target = OutsideTarget(system.processors, self._breakpoints, monitor)
        self._judge = BreakJudge(
            system.processors, self._target, self._breakpoints.wishes
        )
        self._stub: Stub | None = None
        self._held = False
        self._reason = StopReason()
        """For what it stands still, or stood last."""
        self._step: tuple[int, int] | None = None
        """CPU, and the number of retired instructions at which its step ends."""

    # What the run asks.

    @property
    def steps(self) -> bool:
        """A step is under way."""
        return self._step is not None

    def marks(self, cpu: Cpu) -> list[int]:
        """Retired instructions of a CPU at which to look."""
        if self._step is None or self._step[0] != cpu.index:
            return []
        return [self._step[1]]

    def boundary(self, cpu: Cpu) -> None:
        """Between two instructions."""
        if self._step is not None and self._step_is_over(cpu):
            self._step = None
            self._hold(cpu, StopReason())

    def probed(self, cpu: Cpu, address: int) -> None:
        """A CPU is about to execute an address with a probe."""
        self._hit(cpu, self._breakpoints.at(address))

    def watched(self, cpu: Cpu, numbers: int) -> None:
        """A CPU has accessed what is watched."""
        self._hit(cpu, self._breakpoints.touched(numbers))

    # What the client does.

    def open(self, cpu: Cpu) -> None:
        """It connects: the machine stands still."""
        self._connect()
        self._hold(cpu, StopReason())

    def take_over(self, cpu: Cpu) -> None:
        """Somebody else connects while the machine is held for one who has gone; their
        breakpoints went with them."""
        self._breakpoints.remove_all()
        self._connect()
        self._stop(cpu, self._reason)

    def _connect(self) -> None:
        self._stub = Stub(FullFace(self._target), running=True)
        self._stub.connect()

    def data(self, cpu: Cpu, data: bytes) -> None:
        """Its bytes."""
        if self._stub is None:
            return
        exchange = self._stub.feed(data)
        self._desk.said(exchange)
        self._do(cpu, exchange.actions)

    def close(self) -> None:
        """It is gone without a word."""
        if self._stub is not None:
            self._desk.said(self._stub.disconnect())
        self._leave()

    def ended(self) -> None:
        """The run is over."""
        if self._stub is not None:
            self._desk.said(self._stub.ended(Ended()))

    # Stops.

    def _hit(self, cpu: Cpu, touched: Sequence[Break]) -> None:
        wanted = [found for found in touched if self._judge.wants(cpu, found)]
        if wanted:
            self._step = None
            kind, address = _STOPS[wanted[0].kind], wanted[0].address
            self._hold(cpu, StopReason(kind=kind, address=address))

    def _step_is_over(self, cpu: Cpu) -> bool:
        assert self._step is not None
        index, mark = self._step
        if cpu.index == index:
            return cpu.now >= mark
        task = self._system.scheduler.current.get(index)
        return task is None or task.ended

    def _hold(self, cpu: Cpu, reason: StopReason) -> None:
        """The machine stands still until the debugger lets it go."""
        if self._stub is None:
            return
        self._stop(cpu, reason)
        while self._held:
            message = self._desk.next(cpu)
            if isinstance(message, Data):
                self.data(cpu, message.data)
            else:
                self.close()
        self._desk.tell("running")
        if self._step is not None:
            cpu.request_stop()

    def _stop(self, cpu: Cpu, reason: StopReason) -> None:
        assert self._stub is not None  # whoever is told
        self._target.threads.stopped_cpu = cpu.index
        self._held, self._reason = True, reason
        self._desk.tell("stopped", reason.kind.value or f"signal {reason.signal}")
        exchange = self._stub.stopped(reason)
        self._desk.said(exchange)
        self._do(cpu, exchange.actions)

    def _do(self, cpu: Cpu, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Resume):
                self._resume(cpu, action)
            elif isinstance(action, Detach):
                self._leave()
            elif isinstance(action, Kill | Restart):
                self._breakpoints.remove_all()
                self._held, self._step = False, None
            elif isinstance(action, Interrupt):
                self._hold(cpu, StopReason(SIGINT))
            elif isinstance(action, HangUp):
                self._desk.tell("hung_up", action.reason)

    def _resume(self, cpu: Cpu, action: Resume) -> None:
        threads = self._target.threads
        if action.address is not None:
            current = threads.on_cpu(cpu.index).thread_id
            self._target.registers.write(current, {"rip": action.address})
        self._held, self._step = False, None
        for each in action.actions:
            if each.kind is not ResumeKind.STEP:
                continue
            index = cpu.index if each.thread is None else threads.cpu_of(each.thread)
            if index is not None:
                stepping = self._system.machine.cpus[index]
                now = cpu.now if index == cpu.index else stepping.retired
                self._step = (index, now + 1)
            break

    def _leave(self) -> None:
        self._breakpoints.remove_all()
        self._held, self._step, self._stub = False, None, None
        self._desk.left()
