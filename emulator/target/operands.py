"""Which memory an instruction means, by its operands (SDM vol. 1, 3.7.5).

Only asked where one frame is mapped at two linear addresses: the engine tells physical
ones, and a breakpoint is on a linear one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import capstone
from capstone import x86 as cs

from emulator.target import raw

_MASK = (1 << 64) - 1
_STACK_REACH = 16
_STACK = ("push", "pop", "call", "ret", "enter", "leave", "pushf", "popf", "iret")
_STRING = ("movs", "stos", "lods", "cmps", "scas", "ins", "outs")
_SEGMENT_BASES = {cs.X86_REG_FS: raw.FS_BASE, cs.X86_REG_GS: raw.GS_BASE}


@lru_cache(maxsize=1)
def _decoder() -> capstone.Cs:
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.detail = True
    return decoder


@lru_cache(maxsize=256)
def _decoded(code: bytes) -> Any:
    return next(_decoder().disasm(code, 0, count=1), None)


def reaches(code: bytes, values: Any, address: int, size: int) -> bool:
    """Whether [address, address + size) lies in what the instruction at RIP accesses.

    values: registers in the order of raw.NAMES.
    """
    found = _decoded(code)
    if found is None:
        return False
    return any(
        start <= address and address + size <= start + length
        for start, length in _ranges(found, values)
    )


def _ranges(found: Any, values: Any) -> Iterator[tuple[int, int]]:
    for operand in found.operands:
        if operand.type == cs.X86_OP_MEM:
            yield _effective(found, operand.mem, values), max(operand.size, 1)
    name = found.mnemonic.split()[-1]
    if name.startswith(_STACK):
        yield values[raw.RSP] - _STACK_REACH, 2 * _STACK_REACH
    if name.startswith(_STRING):
        for register in ("rsi", "rdi"):
            yield values[raw.NAMES.index(register)], 8


def _effective(found: Any, memory: Any, values: Any) -> int:
    address = memory.disp + _segment_base(memory.segment, values)
    if memory.base == cs.X86_REG_RIP:
        address += values[raw.RIP] + found.size
    elif memory.base:
        address += _register(found, memory.base, values)
    if memory.index:
        address += _register(found, memory.index, values) * memory.scale
    return int(address & _MASK)


def _segment_base(segment: int, values: Any) -> int:
    place = _SEGMENT_BASES.get(segment)
    return 0 if place is None else int(values[place])


def _register(found: Any, register: int, values: Any) -> int:
    name = found.reg_name(register)
    if name in raw.NAMES:
        return int(values[raw.NAMES.index(name)])
    wide = "r" + name[1:] if name.startswith("e") else name.removesuffix("d")
    return int(values[raw.NAMES.index(wide)]) & 0xFFFF_FFFF
