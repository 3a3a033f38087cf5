"""MOV to and from debug registers, as guest code at CPL0 executes it (SDM vol. 2, MOV).

The engine's own debug registers are not ours, so the instruction never reaches it. At CPL3
it raises #GP(0) by itself.
"""

from __future__ import annotations

import re

from unicorn import x86_const as x86

from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import DR6_BD, DR7_GD
from emulator.target.traps import Vector

_PATTERN = re.compile(rb"[\x40-\x4f]?\x0f[\x21\x23]", re.DOTALL)
_FROM_DR, _TO_DR = 0x21, 0x23
_CR4_DE = 1 << 3
#: Encoding number of a general register to its place in raw.NAMES.
ENCODED = (0, 2, 3, 1, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15)


def debug_move_sites(address: int, code: bytes) -> list[int]:
    """Where such an instruction may stand, with its REX prefix if it has one."""
    found = [match.start() for match in _PATTERN.finditer(code)]
    # What looks like a REX prefix may be the end of another instruction.
    bare = [at + 1 for at in found if code[at] != 0x0F]
    return [address + at for at in found + bare]


def move_debug_register(cpu: Cpu, code: bytes) -> int:
    """Carry it out. Its length; 0 when it is another instruction or has faulted."""
    rex = code[0] if code and code[0] & 0xF0 == 0x40 else 0
    at = 1 if rex else 0
    if len(code) < at + 3 or code[at] != 0x0F or code[at + 1] not in (_FROM_DR, _TO_DR):
        return 0
    if cpu.regs.values[raw.CS] & 3:
        return 0
    number = code[at + 2] >> 3 & 7 | (8 if rex & 4 else 0)
    register = ENCODED[code[at + 2] & 7 | (8 if rex & 1 else 0)]
    resolved = _resolve(cpu, number)
    if resolved is None:
        cpu.raise_fault(Vector.UD)
        return 0
    if cpu.unit.dr7 & DR7_GD:
        cpu.unit.write(7, cpu.unit.dr7 & ~DR7_GD)
        cpu.raise_debug_fault(DR6_BD)
        return 0
    if code[at + 1] == _FROM_DR:
        cpu.regs.values[register] = cpu.unit.read(resolved)
    elif not _write(cpu, resolved, cpu.regs.values[register]):
        return 0
    return at + 3


def _resolve(cpu: Cpu, number: int) -> int | None:
    """DR4 and DR5 are DR6 and DR7 unless CR4.DE; None for #UD."""
    if number in (4, 5):
        if cpu.engine.read_register(x86.UC_X86_REG_CR4) & _CR4_DE:
            return None
        return number + 2
    return number if number < 8 else None


def _write(cpu: Cpu, number: int, value: int) -> bool:
    if number in (6, 7) and value >> 32:
        cpu.raise_fault(Vector.GP)
        return False
    cpu.write_debug_register(number, value)
    return True
