"""Instructions whose result would depend on the host: a function of clock and seed here.

RDTSC, RDTSCP (1 GHz: one instruction is one nanosecond), RDRAND, RDSEED. Decisions D4.
"""

from __future__ import annotations

import re

from emulator.target.cpu import Cpu
from emulator.target.instructions import PAUSE
from emulator.target.movdr import ENCODED
from emulator.target.raw import EFLAGS

_MASK = (1 << 64) - 1
_CARRY = 1
_ARITHMETIC_FLAGS = 0x8D5
_TIME_PATTERN = re.compile(rb"\x0f\x31|\x0f\x01\xf9", re.DOTALL)
_RAX, _RCX, _RDX = 0, 2, 3


def splitmix64(state: int) -> int:
    """One output of SplitMix64 (Steele, Lea, Flood 2014) for a 64-bit state."""
    state = (state + 0x9E3779B97F4A7C15) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def time_stamp_sites(address: int, code: bytes) -> list[int]:
    """Where RDTSC or RDTSCP may stand; needed at CPL0, where CR4.TSD does not apply."""
    return [address + found.start() for found in _TIME_PATTERN.finditer(code)]


class HostInstructions:
    """Carries them out on cpu.regs.values."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def emulate(self, cpu: Cpu, code: bytes) -> int:
        """Length of the instruction carried out, or 0 when it is none of ours."""
        if code[:2] == PAUSE:
            return len(PAUSE)
        if code[:2] == b"\x0f\x31":
            self._time(cpu)
            return 2
        if code[:3] == b"\x0f\x01\xf9":
            self._time(cpu)
            cpu.regs.values[_RCX] = cpu.index
            return 3
        return self._random(cpu, code)

    @staticmethod
    def _time(cpu: Cpu) -> None:
        values = cpu.regs.values
        values[_RAX] = cpu.now & 0xFFFFFFFF
        values[_RDX] = cpu.now >> 32

    def _random(self, cpu: Cpu, code: bytes) -> int:
        at, width, extended = 0, 32, False
        if code[at : at + 1] == b"\x66":
            at, width = at + 1, 16
        if at < len(code) and code[at] & 0xF0 == 0x40:
            extended = bool(code[at] & 1)
            width = 64 if code[at] & 8 else width
            at += 1
        if code[at : at + 2] != b"\x0f\xc7" or len(code) < at + 3:
            return 0
        form = code[at + 2]
        if form >> 6 != 3 or form >> 3 & 7 not in (6, 7):
            return 0
        register = ENCODED[(form & 7) | (8 if extended else 0)]
        self._draw(cpu, register, width, form >> 3 & 7)
        return at + 3

    def _draw(self, cpu: Cpu, register: int, width: int, source: int) -> None:
        values = cpu.regs.values
        state = self._seed ^ splitmix64(cpu.now << 8 | cpu.index << 3 | source)
        drawn = splitmix64(state) & ((1 << width) - 1)
        if width == 16:
            drawn |= values[register] & ~0xFFFF
        values[register] = drawn
        values[EFLAGS] = values[EFLAGS] & ~_ARITHMETIC_FLAGS | _CARRY
