"""A task that is traced, over debug units without a processor."""

from __future__ import annotations

from emulator.arch.x86.exception import ExceptionFrame, Thread
from emulator.arch.x86.process import Threads
from emulator.arch.x86.ptrace import Ptrace
from emulator.arch.x86.thread_debugreg import ThreadDebugRegisters
from emulator.errors import KernelError
from emulator.tests.core.slots import CUR, OTH, Slots

DATA = 0x2000
W4, W1, X1, IO1, RW8 = 0xD, 0x1, 0x0, 0x2, 0xB


def dr7(*slots: tuple[int, int], bits: int = 1) -> int:
    """(number, nibble) each enabled with `bits` (1 local, 2 global)."""
    return sum(n << (16 + 4 * i) | bits << 2 * i for i, n in slots)


class Tracee(Slots):
    """Pid CUR runs on CPU 0; its tracer pokes."""

    def __init__(self, variant: str = "g-bare", **changes: object) -> None:
        super().__init__(2, variant, **changes)
        recorder = self.notes.recorder
        registers = ThreadDebugRegisters(
            self.states, lambda cpu: self.running.get(cpu, 0), recorder
        )
        self.ptrace = Ptrace(self.switches, self.core, registers, recorder)
        self.threads = Threads(
            self.switches, self.states, self.core, self.ptrace, registers, recorder
        )
        self.thread, self.other = Thread(CUR), Thread(OTH)

    def poke(self, number: int, value: int) -> int:
        """The errno."""
        try:
            self.ptrace.ptrace_set_debugreg(self.thread, number, value)
        except KernelError as error:
            return error.errno
        return 0

    def pokes(self, *pairs: tuple[int, int]) -> list[int]:
        """The errnos."""
        return [self.poke(number, value) for number, value in pairs]

    def peek(self, number: int, thread: Thread | None = None) -> int:
        """PEEKUSR."""
        return self.ptrace.ptrace_get_debugreg(thread or self.thread, number)

    @property
    def armed(self) -> list[tuple[int, int]]:
        """(address, nibble) of the enabled slots of CPU 0."""
        return self.armed_on(0)

    def armed_on(self, cpu: int) -> list[tuple[int, int]]:
        """The same of any CPU."""
        unit = self.units[cpu]
        return [
            (unit.address[slot], unit.dr7 >> (16 + 4 * slot) & 0xF)
            for slot in range(4)
            if unit.dr7 >> 2 * slot & 3
        ]

    def hit(self, slot: int) -> None:
        """The overflow handler of the event in a slot of CPU 0 is called."""
        event = self.states[0].bp_per_reg[slot]
        frame = ExceptionFrame(
            self.states[0], self.thread, None, self.notes.recorder, user_mode=True
        )
        event.overflow_handler(event, frame)
