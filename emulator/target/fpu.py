"""The x87 and SSE state of an engine as an FXSAVE image (SDM vol. 1, 10.5.1)."""

from __future__ import annotations

import struct

from unicorn import x86_const as x86

from emulator.target.raw import RawEngine

SIZE = 512
_HEADER = struct.Struct("<HHBxH16xII")
#: The engine numbers physical registers; ST(i) is the one at TOP + i.
_FP = [getattr(x86, f"UC_X86_REG_FP{n}") for n in range(8)]
_XMM = [getattr(x86, f"UC_X86_REG_XMM{n}") for n in range(16)]
_MXCSR_MASK = 0xFFFF
_EMPTY = 3


def save(engine: RawEngine) -> bytes:
    """FXSAVE64; instruction and data pointers read as zero."""
    read = engine.uc.reg_read
    tags = read(x86.UC_X86_REG_FPTAG)
    valid = sum(1 << n for n in range(8) if tags >> 2 * n & 3 != _EMPTY)
    status = read(x86.UC_X86_REG_FPSW)
    image = _HEADER.pack(
        read(x86.UC_X86_REG_FPCW),
        status,
        valid,
        0,
        read(x86.UC_X86_REG_MXCSR),
        _MXCSR_MASK,
    )
    for index in range(8):
        mantissa, exponent = read(_FP[(_top(status) + index) & 7])
        image += struct.pack("<QH6x", mantissa, exponent)
    for number in _XMM:
        image += int(read(number)).to_bytes(16, "little")
    return image.ljust(SIZE, b"\0")


def load(engine: RawEngine, image: bytes) -> None:
    """FXRSTOR64 of SIZE bytes; reserved bits of MXCSR are dropped."""
    write = engine.uc.reg_write
    control, status, valid, _, mxcsr, _ = _HEADER.unpack_from(image)
    tags = sum((0 if valid >> n & 1 else _EMPTY) << 2 * n for n in range(8))
    write(x86.UC_X86_REG_FPCW, control)
    write(x86.UC_X86_REG_FPSW, status)
    for index in range(8):
        value = struct.unpack_from("<QH", image, 32 + 16 * index)
        write(_FP[(_top(status) + index) & 7], value)
    write(x86.UC_X86_REG_FPTAG, tags)
    write(x86.UC_X86_REG_MXCSR, mxcsr & _MXCSR_MASK)
    for index, number in enumerate(_XMM):
        at = 160 + 16 * index
        write(number, int.from_bytes(image[at : at + 16], "little"))


def _top(status: int) -> int:
    return status >> 11 & 7
