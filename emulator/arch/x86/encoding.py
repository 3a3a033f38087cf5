"""DR7 encodings of arch/x86/kernel/hw_breakpoint.c and asm/debugreg.h (6.x)."""

from __future__ import annotations

X86_BREAKPOINT_LEN = {1: 0x40, 2: 0x44, 4: 0x4C, 8: 0x48}
X86_BREAKPOINT_LEN_X = 0x40
X86_BREAKPOINT_EXECUTE, X86_BREAKPOINT_WRITE, X86_BREAKPOINT_RW = 0x80, 0x81, 0x83
DR_CONTROL_SHIFT, DR_CONTROL_SIZE, DR_ENABLE_SIZE = 16, 4, 2
DR_GLOBAL_ENABLE = 2
DR_GLOBAL_SLOWDOWN = 0x200
DR_TRAP_BITS = 0xF
DR_STEP = 1 << 14
DR6_RESERVED = 0xFFFF0FF0
DR7_FIXED_1 = 0x400
#: What ptrace does not let a tracer set: GD, the fixed one, and what is reserved.
DR_CONTROL_RESERVED = 0xFFFF_FFFF_0000_FC00


def encode_dr7_without_ge(slot: int, length: int, kind: int) -> int:
    """__encode_dr7: control nibble and global enable of one slot."""
    nibble = (length | kind) & 0xF
    control = nibble << (DR_CONTROL_SHIFT + slot * DR_CONTROL_SIZE)
    return control | DR_GLOBAL_ENABLE << (slot * DR_ENABLE_SIZE)


def encode_dr7(slot: int, length: int, kind: int) -> int:
    """The same with GE."""
    return encode_dr7_without_ge(slot, length, kind) | DR_GLOBAL_SLOWDOWN


def decode_dr7(dr7: int, slot: int) -> tuple[bool, int, int]:
    """Enabled (L or G), and the encoded length and type of one slot."""
    nibble = dr7 >> (DR_CONTROL_SHIFT + slot * DR_CONTROL_SIZE) & 0xF
    enabled = bool(dr7 >> (slot * DR_ENABLE_SIZE) & 3)
    return enabled, nibble & 0xC | 0x40, nibble & 0x3 | 0x80


def bytes_of(length: int) -> int:
    """Byte count of an encoded length."""
    return next(n for n, code in X86_BREAKPOINT_LEN.items() if code == length)
