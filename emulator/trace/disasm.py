"""Disassembly around an address, with symbols, in AT&T syntax as kernel people read it.

Works on bytes of a program image, never on a live machine: what a program wrote over its
own code is not seen here.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from capstone import CS_AC_WRITE, CS_ARCH_X86, CS_MODE_64, CS_OPT_SYNTAX_ATT, Cs, CsInsn
from capstone.x86 import X86_OP_IMM, X86_OP_MEM, X86_REG_RIP

_RIP_OPERAND = re.compile(r"-?(?:0x[0-9a-f]+|\d+)?\(%rip\)")
_LOOK_BACK = 4096
_MAX_INSTRUCTION = 15


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of an image at the linear address where they are loaded."""

    address: int
    data: bytes

    def slice(self, start: int, length: int) -> bytes:
        """Up to length bytes from the address start; empty when it is outside."""
        at = start - self.address
        if at < 0 or at >= len(self.data):
            return b""
        return self.data[at : at + length]


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction; mark is ``trap`` (raised the #DB), ``rip`` or empty."""

    address: int
    data: bytes
    mnemonic: str
    operands: list[tuple[str, bool]] = field(default_factory=list)
    """Pieces of the operand text; True = a symbol."""
    label: str = ""
    """The symbol that begins here."""
    mark: str = ""


class Symbols:
    """Names of addresses, for ``counter+0x4`` and for labels."""

    def __init__(self, table: Mapping[str, int]) -> None:
        pairs = sorted((address, name) for name, address in table.items())
        self._addresses = [address for address, _ in pairs]
        self._names = [name for _, name in pairs]
        self._by_name = dict(table)

    def exact(self, address: int) -> str:
        """The symbol that begins at the address, or an empty string."""
        at = bisect.bisect_left(self._addresses, address)
        if at < len(self._addresses) and self._addresses[at] == address:
            return self._names[at]
        return ""

    def start_before(self, address: int, reach: int = _LOOK_BACK) -> int | None:
        """Where the nearest symbol at or before the address begins, within reach."""
        at = bisect.bisect_right(self._addresses, address) - 1
        if at < 0 or address - self._addresses[at] > reach:
            return None
        return self._addresses[at]

    def name(self, address: int, reach: int = _LOOK_BACK) -> str:
        """``symbol+0x…`` for an address, or an empty string when none is near."""
        at = bisect.bisect_right(self._addresses, address) - 1
        if at < 0:
            return ""
        # Several symbols may share an address; the first in sorted order is stable.
        start = self._addresses[at]
        at = bisect.bisect_left(self._addresses, start)
        off = address - start
        if off > reach:
            return ""
        return f"{self._names[at]}+{off:#x}" if off else self._names[at]


def _engine() -> Cs:
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    engine.syntax = CS_OPT_SYNTAX_ATT
    engine.detail = True
    return engine


def _code_at(segments: Iterable[Segment], start: int, length: int) -> bytes:
    for segment in segments:
        data = segment.slice(start, length)
        if data:
            return data
    return b""


def _sweep(engine: Cs, code: bytes, start: int, stop: int) -> list[CsInsn]:
    out = []
    for instruction in engine.disasm(code, start):
        if instruction.address >= stop:
            break
        out.append(instruction)
    return out


def _before(
    engine: Cs, segments: Sequence[Segment], symbols: Symbols, rip: int
) -> list[CsInsn]:
    """Instructions that end exactly at rip.

    x86 cannot be read backwards. A symbol is a safe place to start; without one the
    longest stretch that meets rip is taken.
    """
    start = symbols.start_before(rip)
    starts = [] if start is None or start == rip else [start]
    starts += [rip - back for back in range(4 * _MAX_INSTRUCTION, 0, -1)]
    for begin in starts:
        code = _code_at(segments, begin, rip - begin)
        if len(code) != rip - begin:
            continue
        found = _sweep(engine, code, begin, rip)
        if found and found[-1].address + found[-1].size == rip:
            return found
    return []


def _touches_memory(instruction: CsInsn, write: bool) -> bool:
    if instruction.mnemonic.startswith(("push", "call", "enter", "stos", "movs")):
        return True
    for operand in instruction.operands:
        if operand.type == X86_OP_MEM and (not write or operand.access & CS_AC_WRITE):
            return True
    return not write and instruction.mnemonic.startswith(
        ("pop", "ret", "leave", "lods")
    )


def _target(instruction: CsInsn) -> int | None:
    """The address that an operand names: a branch target or a RIP-relative one."""
    for operand in instruction.operands:
        if operand.type == X86_OP_MEM and operand.mem.base == X86_REG_RIP:
            return int(instruction.address + instruction.size + operand.mem.disp)
        if operand.type == X86_OP_IMM and instruction.mnemonic.startswith(
            ("j", "call", "loop", "xbegin")
        ):
            return int(operand.imm) & 0xFFFFFFFFFFFFFFFF
    return None


def _operands(instruction: CsInsn, symbols: Symbols) -> list[tuple[str, bool]]:
    text = instruction.op_str
    target = _target(instruction)
    name = "" if target is None else symbols.name(target)
    if not name:
        return [(text, False)] if text else []
    found = _RIP_OPERAND.search(text)
    if found is None:
        return [(name, True)]
    pieces = [
        (text[: found.start()], False),
        (name, True),
        (f"(%rip){text[found.end() :]}", False),
    ]
    return [piece for piece in pieces if piece[0]]


def disassemble(
    segments: Sequence[Segment],
    symbols: Symbols,
    rip: int,
    *,
    trap: str = "",
    before: int = 8,
    after: int = 8,
) -> list[Line]:
    """Lines around rip; empty when no segment holds it.

    ``trap`` says what to mark as the instruction that raised the #DB: ``fault`` marks the
    one at rip (execute breakpoint), ``write`` or ``access`` the one before it, if that one
    can have touched memory (after a call or a jump it is another one, and nothing is marked).
    """
    engine = _engine()
    earlier = _before(engine, segments, symbols, rip)[-before:] if before else []
    code = _code_at(segments, rip, (after + 1) * _MAX_INSTRUCTION)
    later = _sweep(engine, code, rip, rip + len(code))[: after + 1]
    culprit = None
    if trap == "fault":
        culprit = rip
    elif trap and earlier and _touches_memory(earlier[-1], trap == "write"):
        culprit = earlier[-1].address
    lines = []
    for instruction in [*earlier, *later]:
        mark = "rip" if instruction.address == rip else ""
        if instruction.address == culprit:
            mark = "trap"
        lines.append(
            Line(
                instruction.address,
                bytes(instruction.bytes),
                instruction.mnemonic,
                _operands(instruction, symbols),
                symbols.exact(instruction.address),
                mark,
            )
        )
    return lines
