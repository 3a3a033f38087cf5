"""#DB handling over a debug unit, without a processor."""

from __future__ import annotations

from dataclasses import replace

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import ExceptionFrame, Thread
from emulator.arch.x86.handler import HwBreakpointHandler
from emulator.arch.x86.install import X86Breakpoints
from emulator.arch.x86.traps import DebugTrap, LocalDb
from emulator.core.kdebug import DieChain
from emulator.core.notifier import INT_MAX, NOTIFY_DONE, NotifierBlock
from emulator.core.perf_event import (
    BpType,
    PerfCore,
    PerfEvent,
    PerfEventAttr,
    PerfEventState,
)
from emulator.events import Callee
from emulator.target.debug_unit import DebugUnit
from emulator.tests.core.recording import Notes
from emulator.variants import switches

BS = 1 << 14


class Registers:
    """pt_regs."""

    def __init__(self) -> None:
        self.flags = 0x202
        self.ip = 0x401000


class Exceptions:
    """One CPU, its chain and its handler, under one variant."""

    def __init__(self, variant: str = "g-bare", **changes: object) -> None:
        hypervisor = bool(changes.pop("hypervisor", False))
        self.switches = replace(switches(variant, {}), **changes)
        self.notes = Notes()
        recorder = self.notes.recorder
        self.unit = DebugUnit()
        self.state = CpuState(0, self.unit, recorder)
        self.arch = X86Breakpoints([self.state], recorder, self.switches)
        self.perf = PerfCore(
            recorder, overflow_needs_active=self.switches.overflow_needs_active
        )
        self.handler = HwBreakpointHandler(self.switches, self.perf, recorder)
        self.chain = DieChain(recorder)
        self.chain.head.register(
            NotifierBlock(
                Callee.hw_breakpoint_exceptions_notify,
                self.handler.hw_breakpoint_exceptions_notify,
                INT_MAX,
            )
        )
        self.reached: list[int] = []
        self.chain.head.register(
            NotifierBlock(Callee.kprobe_exceptions_notify, self._last, 0)
        )
        local_db = LocalDb(self.switches, recorder, hypervisor=hypervisor)
        self.trap = DebugTrap(self.switches, self.chain, local_db, recorder)
        self.thread = Thread(100)
        self.regs = Registers()
        self.signals: list[tuple[int, int, int]] = []

    def _last(self, _action: int, data: object) -> int:
        self.reached.append(data.err)
        return NOTIFY_DONE

    def install(self, address: int = 0x2000, kind: BpType = BpType.W) -> PerfEvent:
        """One event, active."""
        attr = PerfEventAttr(address, 8 if kind is BpType.X else 4, kind)
        event = PerfEvent(0, attr, 0, 0)
        event.info = self.arch.hw_breakpoint_arch_parse(attr, task=100)
        self.arch.arch_install_hw_breakpoint(event, 0)
        event.state = PerfEventState.ACTIVE
        return event

    def frame(self, *, user: bool) -> ExceptionFrame:
        """The exception that the CPU has just taken."""
        return ExceptionFrame(
            self.state,
            self.thread,
            self.regs,
            self.notes.recorder,
            user_mode=user,
            send_signal=lambda *signal: self.signals.append(signal),
        )

    def debug(self, bits: int, *, user: bool = True) -> list[str]:
        """A #DB with these causes; the story so far."""
        self.unit.report(bits)
        self.trap.enter(self.frame(user=user))
        return self.notes.story()
