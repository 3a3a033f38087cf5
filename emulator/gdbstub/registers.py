"""The registers of an x86-64 target by gdb's names, in the order of gdb's numbers.

The numbers 0 to 56 are fixed by gdb (its features org.gnu.gdb.i386.core and .sse); the
others follow in the order of the target description. Sizes are those on the wire.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Register:
    """One register on the wire, little endian."""

    name: str
    bits: int
    type: str
    """A type that gdb knows, or that the feature defines."""
    group: str | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.bits // 8


@dataclass(frozen=True, slots=True)
class Feature:
    """Registers that come and go together."""

    name: str
    registers: tuple[Register, ...]
    required: bool = False
    """gdb refuses a description without it; missing values are "unavailable"."""


def _registers(
    names: str, bits: int, kind: str, group: str | None = None
) -> list[Register]:
    return [Register(name, bits, kind, group) for name in names.split()]


_GENERAL = "rax rbx rcx rdx rsi rdi"
_R8_TO_R15 = " ".join(f"r{n}" for n in range(8, 16))
_X87 = "fctrl fstat ftag fiseg fioff foseg fooff fop"

CORE = Feature(
    "org.gnu.gdb.i386.core",
    (
        *_registers(_GENERAL, 64, "int64"),
        *_registers("rbp rsp", 64, "data_ptr"),
        *_registers(_R8_TO_R15, 64, "int64"),
        Register("rip", 64, "code_ptr"),
        Register("eflags", 32, "i386_eflags"),
        *_registers("cs ss ds es fs gs", 32, "int32"),
        *_registers(" ".join(f"st{n}" for n in range(8)), 80, "i387_ext"),
        *_registers(_X87, 32, "int32", "float"),
    ),
    required=True,
)
SSE = Feature(
    "org.gnu.gdb.i386.sse",
    (
        *_registers(" ".join(f"xmm{n}" for n in range(16)), 128, "vec128"),
        Register("mxcsr", 32, "i386_mxcsr", "vector"),
    ),
    required=True,
)
LINUX = Feature(
    "org.gnu.gdb.i386.linux", (Register("orig_rax", 64, "int64", "system"),)
)
SEGMENTS = Feature(
    "org.gnu.gdb.i386.segments", tuple(_registers("fs_base gs_base", 64, "int64"))
)
#: Ours: what this program is about. cpu_dr7 is the kernel's wish beside DR7. The upper
#: halves of DR6 and DR7 are zero, and gdb assigns numbers to flags of 32 bits only.
DEBUG = Feature(
    "org.hwbpweb.debug",
    (
        *_registers("dr0 dr1 dr2 dr3", 64, "data_ptr", "system"),
        Register("dr6", 32, "hwbp_dr6", "system"),
        Register("dr7", 32, "hwbp_dr7", "system"),
        Register("cpu_dr7", 32, "hwbp_dr7", "system"),
    ),
)
FEATURES = (CORE, SSE, LINUX, SEGMENTS, DEBUG)


def offered_features(names: Collection[str]) -> tuple[Feature, ...]:
    """What a target with these registers describes: the required, and what it has whole."""
    return tuple(
        feature
        for feature in FEATURES
        if feature.required or all(r.name in names for r in feature.registers)
    )


def offered_registers(names: Collection[str]) -> tuple[Register, ...]:
    """By number."""
    return _numbered(frozenset(names))


@lru_cache(maxsize=16)
def _numbered(names: frozenset[str]) -> tuple[Register, ...]:
    return tuple(r for f in offered_features(names) for r in f.registers)
