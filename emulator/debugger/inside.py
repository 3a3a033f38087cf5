"""A gdb at the serial line of the kernel inside: the faithful face.

It talks to the kgdb of the modelled kernel, sees what that lets it see, and breaks in by
an NMI (kgdb_nmicallin; Linux: kernel/debug/debug_core.c). While nobody is at the line the
recipe's script is.
"""

from __future__ import annotations

from emulator.boot import System
from emulator.debugger.desk import Desk
from emulator.debugger.messages import Data
from emulator.events import EventFlag, EventKind
from emulator.gdbstub.actions import SIGTRAP, Interrupt
from emulator.kgdb.ports import Answer, Resume, Stop
from emulator.kgdb.serial_stub import Line
from emulator.recorder import Recorder
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.traps import Vector


class InsideDebugger:
    """emulator.kgdb.serial_stub.Line of a person."""

    def __init__(self, desk: Desk, system: System, recorder: Recorder) -> None:
        self._desk = desk
        self._system = system
        self._recorder = recorder
        self._serial = system.serial
        self._script: Line | None = None
        if self._serial is not None:
            self._script, self._serial.line = self._serial.line, self
        self._there = False
        """A client is at the line."""
        self._cpu: Cpu | None = None
        """The CPU that has stopped for the client."""
        self._silent = False
        self._signo = SIGTRAP
        self.breaks_in = False
        """The client wants the machine at the next boundary."""

    @property
    def possible(self) -> bool:
        """This kernel has kgdb."""
        return self._serial is not None

    def boundary(self, cpu: Cpu) -> None:
        """Between two instructions."""
        if self.breaks_in and self._there:
            self._break_in(cpu)
        self.breaks_in = False

    # What the client does.

    def open(self, cpu: Cpu) -> None:
        """It connects, as behind a sysrq-g: the machine is in the debugger."""
        assert self._serial is not None
        self._serial.stub.connect()
        # What an earlier client left unsaid was for that one.
        self._there = self._silent = True
        self._break_in(cpu)
        self._silent = False

    def take_over(self, cpu: Cpu) -> None:
        """Somebody else comes to a line at which the kernel waits: it does not notice."""
        assert self._serial is not None
        self._serial.stub.disconnect()
        self._serial.stub.connect()
        self._desk.tell("stopped", f"signal {self._signo}")

    def data(self, cpu: Cpu, data: bytes) -> None:
        """Its bytes while the machine runs: all that counts is Ctrl-C."""
        assert self._serial is not None
        exchange = self._serial.stub.feed(data)
        if any(isinstance(action, Interrupt) for action in exchange.actions):
            self._break_in(cpu)

    def close(self) -> None:
        """It is gone; the kernel does not notice, its breakpoints stay."""
        if self._serial is not None:
            self._serial.stub.disconnect()
        self._there = False
        self._desk.left()

    def ended(self) -> None:
        """The run is over: the machine is switched off."""
        if self._serial is not None and self._there:
            self._serial.ended(0)

    def _break_in(self, cpu: Cpu) -> None:
        system, recorder = self._system, self._recorder
        kgdb = system.model.kgdb
        if kgdb is None or system.kernel.outcome is not None:
            return
        self.breaks_in = False
        system.processors.tell(cpu)
        user = EventFlag.USER if cpu.regs.values[raw.CS] & 3 else 0
        recorder.emit(EventKind.INTERRUPT, flags=user, value=Vector.NMI)
        frame = system.processors.frame(cpu)
        begun = system.model.nmi.begin(frame)
        kgdb.kgdb_handle_exception(Vector.NMI, SIGTRAP, frame)
        system.model.nmi.end(frame, begun, 0)
        system.processors.returned(frame)
        system.kernel.disturbed(cpu)

    # emulator.kgdb.serial_stub.Line

    def stopped(self, stop: Stop) -> None:
        """The kernel is in its debugger: for the client, else for the script."""
        if not self._there:
            self._cpu = None
            self._absent.stopped(stop)
            return
        self._cpu = self._system.machine.cpus[stop.frame.state.index]
        self._recorder.hand_over()
        self._signo = stop.signo
        self._desk.tell("stopped", f"signal {stop.signo}")

    def receive(self) -> bytes | None:
        """The next bytes; None when nobody is there any more."""
        if self._cpu is None:
            return self._absent.receive()
        self._silent = False
        message = self._desk.next(self._cpu)
        if isinstance(message, Data):
            return message.data
        self.close()
        return None

    def send(self, data: bytes) -> None:
        """To whoever is at the line."""
        if not self._there:
            self._absent.send(data)
        elif not self._silent:
            self._desk.send(data)

    def resumed(self, answer: Answer, *, interrupted: bool) -> None:
        """The machine goes on."""
        if self._cpu is None:
            return
        self._cpu = None
        self.breaks_in = interrupted
        if self._there:
            gone = answer.resume in (Resume.DETACH, Resume.KILL)
            self._desk.tell("running", "detached" if gone else "")

    @property
    def _absent(self) -> Line:
        assert self._script is not None
        return self._script
