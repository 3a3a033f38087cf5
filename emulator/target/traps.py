"""What the CPU tells the kernel model, and the table of vectors (SDM vol. 3, 6.3)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from emulator.target.paging import AddressSpace

if TYPE_CHECKING:
    from emulator.target.cpu import Cpu


class Vector(IntEnum):
    """Exception vectors that reach the model."""

    DE = 0
    DB = 1
    NMI = 2
    BP = 3
    OF = 4
    BR = 5
    UD = 6
    NM = 7
    DF = 8
    TS = 10
    NP = 11
    SS = 12
    GP = 13
    PF = 14
    MF = 16
    AC = 17
    XM = 19


class Listener(Protocol):
    """Who is told. Each call runs between two guest instructions, in zero guest time.

    cpu.regs holds all registers; a listener that changes them calls cpu.touch().
    """

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        """#DB. bits as DR6 will show them (B0-3, BS, BD); DR6 is already written.

        fault: RIP is at the instruction; otherwise behind it.
        """

    def breakpoint_exception(self, cpu: Cpu) -> None:
        """#BP from int3; RIP is behind it."""

    def exception(self, cpu: Cpu, vector: int, error_code: int, address: int) -> None:
        """Any other exception; RIP is at the instruction. address is CR2 for #PF."""

    def debug_register_written(self, cpu: Cpu, number: int, old: int) -> None:
        """Guest code at CPL0 has executed MOV DRn."""

    def not_fired(self, cpu: Cpu, ghosts: int) -> None:
        """An access to what is believed to be watched (unit.ghosts, by number); nothing
        is raised. For data RIP is behind the instruction, for execution at it."""

    def watched(self, cpu: Cpu, numbers: int) -> None:
        """An access to what a debugger outside watches (unit.outside, by number), behind
        the instruction. Comes before the exception that the access may raise."""

    def probed(self, cpu: Cpu, address: int) -> None:
        """The CPU is about to execute the instruction at one of cpu.probes."""

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        """An IPI or NMI from another CPU (Machine.send); RIP is the next instruction."""

    def system_call(self, cpu: Cpu) -> None:
        """SYSCALL; RIP is behind it. The result goes into rax."""


def is_int_n(vector: int, code: bytes) -> bool:
    """The exception is an INT n that has no gate for programs, which is a #GP.

    code: from two bytes before RIP on; the engine reports INT n behind itself.
    """
    return vector != Vector.OF and code[:2] == bytes((0xCD, vector))


def page_fault_error(rip: int, cr2: int, cs: int, space: AddressSpace) -> int:
    """Error code of a page fault: P, U/S and I/D bits.

    The engine does not tell W/R; the bit stays 0 (docs/engine.md).
    """
    error = 4 if cs & 3 else 0
    if space.translate(cr2) is not None:
        error |= 1
    if cr2 == rip:
        error |= 0x10
    return error
