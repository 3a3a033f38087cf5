"""The bytecodes and how many bytes of operand follow each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Op(IntEnum):
    """Numbers of the manual. What is for floating point, for trace variables and for
    printing is known by name only: such an expression has no value here."""

    float = 0x01
    add = 0x02
    sub = 0x03
    mul = 0x04
    div_signed = 0x05
    div_unsigned = 0x06
    rem_signed = 0x07
    rem_unsigned = 0x08
    lsh = 0x09
    rsh_signed = 0x0A
    rsh_unsigned = 0x0B
    trace = 0x0C
    trace_quick = 0x0D
    log_not = 0x0E
    bit_and = 0x0F
    bit_or = 0x10
    bit_xor = 0x11
    bit_not = 0x12
    equal = 0x13
    less_signed = 0x14
    less_unsigned = 0x15
    ext = 0x16
    ref8 = 0x17
    ref16 = 0x18
    ref32 = 0x19
    ref64 = 0x1A
    ref_float = 0x1B
    ref_double = 0x1C
    ref_long_double = 0x1D
    l_to_d = 0x1E
    d_to_l = 0x1F
    if_goto = 0x20
    goto = 0x21
    const8 = 0x22
    const16 = 0x23
    const32 = 0x24
    const64 = 0x25
    reg = 0x26
    end = 0x27
    dup = 0x28
    pop = 0x29
    zero_ext = 0x2A
    swap = 0x2B
    getv = 0x2C
    setv = 0x2D
    tracev = 0x2E
    tracenz = 0x2F
    trace16 = 0x30
    pick = 0x32
    rot = 0x33
    printf = 0x34


#: Bytes of operand, most significant first; 0 for what is not named.
OPERANDS: Mapping[Op, int] = {
    Op.trace_quick: 1,
    Op.ext: 1,
    Op.if_goto: 2,
    Op.goto: 2,
    Op.const8: 1,
    Op.const16: 2,
    Op.const32: 4,
    Op.const64: 8,
    Op.reg: 2,
    Op.zero_ext: 1,
    Op.getv: 2,
    Op.setv: 2,
    Op.tracev: 2,
    Op.trace16: 2,
    Op.pick: 1,
}
