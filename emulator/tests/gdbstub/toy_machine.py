"""A machine that runs five instructions, for the real gdb to look at.

In the kernel's half, so that the faithful face reads it too::

    ffffffff81000000  inc rax
    ffffffff81000003  mov [0xffffffff81001000], eax
    ffffffff8100000a  mov ebx, [0xffffffff81001008]
    ffffffff81000011  nop
    ffffffff81000012  jmp ffffffff81000000
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.gdbstub.actions import (
    SIGINT,
    Resume,
    ResumeKind,
    StopKind,
    StopReason,
)
from emulator.gdbstub.target import BreakpointKind
from emulator.tests.gdbstub.fake_target import (
    INIT,
    KGT0,
    FakeMemory,
    FakeRegisters,
    FakeTarget,
)

START = 0xFFFFFFFF81000000
WRITTEN, READ = START + 0x1000, START + 0x1008
STORE, LOAD, NOP, JUMP = START + 3, START + 0xA, START + 0x11, START + 0x12
CODE = bytes.fromhex("48ffc0 89042500100081 8b1c2508100081 90 ebec")
FIRST_RSP = START + 0x2000
_SLICE = 1000
_KINDS = {
    BreakpointKind.WRITE: StopKind.WATCH,
    BreakpointKind.READ: StopKind.RWATCH,
    BreakpointKind.ACCESS: StopKind.AWATCH,
}


@dataclass(frozen=True)
class _Access:
    address: int
    is_write: bool
    length: int = 4


class ToyMachine(FakeTarget):
    """Runs the program of the module's docstring in the thread of CPU 0."""

    def __init__(self) -> None:
        values = {
            "rax": 0,
            "rbx": 0,
            "rip": START,
            "rsp": FIRST_RSP,
            "rbp": FIRST_RSP,
            "eflags": 0x202,
            "cs": 0x33,
            "dr6": 0xFFFF0FF0,
            "dr7": 0x90602,
            "cpu_dr7": 0x90202,
            "xmm0": 1 << 64 | 2,
        }
        super().__init__(
            registers=FakeRegisters({KGT0.thread_id: values, INIT.thread_id: {}}),
            memory=FakeMemory(START, WRITTEN, FIRST_RSP),
            surroundings=None,
        )
        assert self.memory and self.breakpoints
        self.memory.load(START, CODE)
        self.values = values
        self._set = self.breakpoints
        self._memory = self.memory

    def run(self, resume: Resume, interrupted: Callable[[], bool]) -> StopReason:
        """Until something stops it. interrupted is asked now and then."""
        if resume.address is not None:
            self.values["rip"] = resume.address
        stop = self._step()
        if stop or resume.actions[0].kind is ResumeKind.STEP:
            return stop or StopReason()
        while not interrupted():
            for _ in range(_SLICE):
                if stop := self._arrived() or self._step():
                    return stop
        return StopReason(SIGINT)

    def _arrived(self) -> StopReason | None:
        """A breakpoint on the instruction that comes next."""
        rip = self.values["rip"]
        if rip in self._set.software:
            self.values["rip"] += 1
            return StopReason(kind=StopKind.SWBREAK, address=rip)
        if (BreakpointKind.HARDWARE, rip, 1) in self._set.hardware:
            return StopReason(kind=StopKind.HWBREAK, address=rip)
        return None

    def _step(self) -> StopReason | None:
        """One instruction, and the watchpoint that it touched."""
        access = self._execute()
        for kind, address, length in self._set.hardware:
            hit = kind is BreakpointKind.ACCESS or (
                access and access.is_write is (kind is BreakpointKind.WRITE)
            )
            if access and hit and _overlap(access, address, length):
                return StopReason(kind=_KINDS[kind], address=address)
        return None

    def _execute(self) -> _Access | None:
        values = self.values
        match values["rip"] - START:
            case 0x00:
                values["rax"] += 1
                values["rip"] = STORE
            case 0x03:
                low = values["rax"] & 0xFFFFFFFF
                self._memory.write(0, WRITTEN, low.to_bytes(4, "little"))
                values["rip"] = LOAD
                return _Access(WRITTEN, is_write=True)
            case 0x0A:
                data = self._memory.read(0, READ, 4)
                values["rbx"] = int.from_bytes(data, "little")
                values["rip"] = NOP
                return _Access(READ, is_write=False)
            case 0x11:
                values["rip"] = JUMP
            case 0x12:
                values["rip"] = START
            case other:
                raise AssertionError(f"nothing to execute at START + {other:#x}")
        return None


def _overlap(access: _Access, address: int, length: int) -> bool:
    return (
        access.address < address + length and address < access.address + access.length
    )
