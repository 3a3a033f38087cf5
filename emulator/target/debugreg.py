"""Bit layouts of DR6 and DR7 as pure functions. Hardware, not policy.

Source: Intel SDM vol. 3, 18.2 (debug registers); Linux counterpart of the names:
arch/x86/include/uapi/asm/debugreg.h.
"""

from __future__ import annotations

from enum import IntEnum

SLOTS = 4
DR6_RESET = 0xFFFF0FF0
DR6_TRAP_BITS = 0xF
DR6_BD = 1 << 13
DR6_BS = 1 << 14
DR6_BT = 1 << 15
#: What software may set in DR6; everything else reads as in DR6_RESET.
DR6_WRITABLE = DR6_TRAP_BITS | DR6_BD | DR6_BS | DR6_BT
#: Fixed-one bits; bits 11 (BLD) and 16 (RTM) are active low and constant here.
DR6_FIXED_1 = 0xFFFF0FF0

DR7_RESET = 0x400
DR7_FIXED_1 = 0x400
DR7_GE = 0x200
DR7_GD = 0x2000
#: Bits 11 (RTM, absent), 12, 14 and 15 read as zero.
DR7_WRITABLE = 0xFFFF23FF

FLAG_TF = 1 << 8
FLAG_RF = 1 << 16


class ReadWrite(IntEnum):
    """The R/Wn field of DR7."""

    EXECUTE = 0
    WRITE = 1
    IO = 2
    ACCESS = 3


_LENGTHS = (1, 2, 8, 4)


def is_enabled(dr7: int, slot: int) -> bool:
    """Ln or Gn is set."""
    return bool(dr7 >> (2 * slot) & 3)


def read_write(dr7: int, slot: int) -> ReadWrite:
    """What the slot waits for."""
    return ReadWrite(dr7 >> (16 + 4 * slot) & 3)


def length(dr7: int, slot: int) -> int:
    """Watched bytes of the slot: 1, 2, 4 or 8."""
    return _LENGTHS[dr7 >> (18 + 4 * slot) & 3]


def normalise_dr6(value: int, fixed_1: int = DR6_FIXED_1) -> int:
    """What DR6 reads after writing value; fixed_1 = 0 gives emulators of 2010."""
    return (value & DR6_WRITABLE) | fixed_1


def normalise_dr7(value: int) -> int:
    """What DR7 reads after writing value."""
    return (value & DR7_WRITABLE) | DR7_FIXED_1
