"""Registration over recorded hardware that always has room."""

from __future__ import annotations

from dataclasses import replace

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.install import X86Breakpoints
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.core.perf_event import BpType, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.target.debug_unit import DebugUnit
from emulator.tests.core.recording import Notes
from emulator.variants import switches

CUR, OTH = 100, 101
CPU0 = 0
ANY = -1
NO_TASK = 0


class Slots:
    """Two CPUs; pid CUR runs on the first."""

    def __init__(
        self, cpus: int = 2, variant: str = "g-bare", **changes: object
    ) -> None:
        self.notes = Notes()
        self.switches = replace(switches(variant, {}), **changes)
        self.units = [DebugUnit() for _ in range(cpus)]
        self.states = [
            CpuState(i, unit, self.notes.recorder) for i, unit in enumerate(self.units)
        ]
        self.running = {0: CUR}
        self.arch = X86Breakpoints(self.states, self.notes.recorder, self.switches)
        self.core = HwBreakpoints(
            self.notes.recorder,
            self.arch,
            cpus,
            lambda cpu: self.running.get(cpu, 0),
            self.switches,
        )
        self._next = 0

    def attr(self, **changes: object) -> PerfEventAttr:
        """hw_breakpoint_init() with an address of its own."""
        self._next += 1
        facts = {"bp_addr": 0x1000 + 8 * self._next, "bp_len": 1, "bp_type": BpType.RW}
        return PerfEventAttr(**(facts | changes))

    def add(self, cpu: int, task: int, **attr: object) -> PerfEvent:
        """Create for this target, as the suite's register_test_bp()."""
        return self.core.perf_event_create_kernel_counter(
            self._next, self.attr(**attr), cpu, task
        )

    def fill(self, cpu: int, task: int, skip: int = 0) -> list[PerfEvent]:
        """All slots but `skip`."""
        return [self.add(cpu, task) for _ in range(4 - skip)]

    def remove(self, event: PerfEvent) -> None:
        """Give one back."""
        self.core.unregister_hw_breakpoint(event)

    def refuses(self, cpu: int, task: int) -> bool:
        """-ENOSPC, and nothing else, for one more."""
        try:
            self.add(cpu, task)
        except KernelError as error:
            assert error.errno == 28
            return True
        return False
