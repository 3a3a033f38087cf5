"""What kind of instruction stands at an address, as far as trapping it needs to know.

Capstone decodes; the answer is a few facts, cached by the instruction's bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import capstone
from capstone import x86 as cs

#: Bytes of the longest instruction.
LONGEST = 15
PAUSE = bytes.fromhex("f390")

_BRANCHES = {
    cs.X86_GRP_JUMP,
    cs.X86_GRP_CALL,
    cs.X86_GRP_RET,
    cs.X86_GRP_INT,
    cs.X86_GRP_IRET,
}
_REP_PREFIXES = (0xF2, 0xF3)
_STRING_MOVES = frozenset(("movs", "stos", "lods", "ins", "outs"))
_STRING_COMPARES = frozenset(("cmps", "scas"))


@dataclass(frozen=True, slots=True)
class Instruction:
    """length in bytes; linear: the next instruction is always the one behind it."""

    length: int
    mnemonic: str
    linear: bool
    branch: bool
    """Jump, call, return or interrupt."""
    rep: bool
    """A string instruction under a rep prefix."""
    compares: bool
    """rep ends on a flag as well (cmps, scas)."""
    repeats_while_equal: bool
    loads_ss: bool
    pushes_flags: bool
    pops_flags: bool


@lru_cache(maxsize=1)
def _decoder() -> capstone.Cs:
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.detail = True
    return decoder


@lru_cache(maxsize=4096)
def decode(code: bytes) -> Instruction | None:
    """The first instruction of up to 15 bytes, or None when it is not valid."""
    found = next(_decoder().disasm(code, 0, count=1), None)
    if found is None:
        return None
    name = found.mnemonic.split()[-1]
    stem = name.rstrip("bwdq") if name[:4] in ("movs", "stos", "lods") else name[:-1]
    string = stem if stem in _STRING_MOVES | _STRING_COMPARES else ""
    repeated = bool(string) and found.prefix[0] in _REP_PREFIXES
    branch = any(group in _BRANCHES for group in found.groups)
    loads_ss = any(
        operand.type == cs.X86_OP_REG
        and operand.reg == cs.X86_REG_SS
        and operand.access & capstone.CS_AC_WRITE
        for operand in found.operands
    ) or (name in ("mov", "pop") and found.op_str.startswith("ss"))
    pops_flags = name in ("popf", "popfq", "iret", "iretq")
    return Instruction(
        length=found.size,
        mnemonic=name,
        linear=not (branch or repeated or loads_ss or pops_flags or name == "syscall"),
        branch=branch,
        rep=repeated,
        compares=string in _STRING_COMPARES,
        repeats_while_equal=found.prefix[0] == 0xF3,
        loads_ss=loads_ss,
        pushes_flags=name in ("pushf", "pushfq"),
        pops_flags=pops_flags,
    )
