"""The initial stack of a process (fs/binfmt_elf.c, create_elf_tables)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emulator.linux.identity import USER_ID
from emulator.linux.protocols import PAGE
from emulator.programs import Program

STACK_TOP = 0x7FFF_FFFF_F000
#: mmap grows down from here; far below the largest stack.
MMAP_BASE = 0x7FFF_F7FF_F000

#: CPUID(1).EDX of the emulated processor.
HWCAP = 0x078B_FBFF

AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY = (
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
AT_UID, AT_EUID, AT_GID, AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK = range(11, 18)
AT_SECURE, AT_RANDOM, AT_HWCAP2, AT_EXECFN, AT_MINSIGSTKSZ = 23, 25, 26, 31, 51


@dataclass(frozen=True, slots=True)
class InitialStack:
    """Bytes to store so that they end at STACK_TOP, and where RSP points."""

    pointer: int
    data: bytes


def initial_stack(
    program: Program,
    args: tuple[str, ...],
    env: tuple[str, ...],
    executable: bytes,
    random: bytes,
) -> InitialStack:
    """argc, argv, envp and the auxiliary vector. There is no vDSO."""
    strings = _Strings()
    name = strings.add(executable + b"\0")
    env_at = [strings.add(text.encode() + b"\0") for text in reversed(env)][::-1]
    args_at = [strings.add(text.encode() + b"\0") for text in reversed(args)][::-1]
    platform = strings.add(b"x86_64\0")
    random_at = strings.add(random[:16], align=16)
    auxv = _auxv(program, name, platform, random_at)
    words = [len(args_at), *args_at, 0, *env_at, 0]
    words += [word for pair in auxv for word in pair]
    bottom = strings.bottom & -16
    pointer = (bottom - 8 * len(words)) & -16
    table = struct.pack(f"<{len(words)}Q", *words)
    data = table.ljust(strings.bottom - pointer, b"\0") + strings.data
    return InitialStack(pointer, data)


def _auxv(
    program: Program, name: int, platform: int, random: int
) -> list[tuple[int, int]]:
    return [
        (AT_HWCAP, HWCAP),
        (AT_PAGESZ, PAGE),
        (AT_CLKTCK, 100),
        (AT_PHDR, program.phdr_address),
        (AT_PHENT, program.phdr_size),
        (AT_PHNUM, program.phdr_count),
        (AT_BASE, 0),
        (AT_FLAGS, 0),
        (AT_ENTRY, program.entry),
        *((kind, USER_ID) for kind in (AT_UID, AT_EUID, AT_GID, AT_EGID)),
        (AT_SECURE, 0),
        (AT_RANDOM, random),
        (AT_HWCAP2, 0),
        (AT_EXECFN, name),
        (AT_PLATFORM, platform),
        (AT_MINSIGSTKSZ, 2048),
        (0, 0),
    ]


class _Strings:
    """Bytes put below one another from the top of the stack on."""

    def __init__(self) -> None:
        # Linux leaves the last eight bytes of the stack zero.
        self.data = bytes(8)

    @property
    def bottom(self) -> int:
        """Address of the lowest byte."""
        return STACK_TOP - len(self.data)

    def add(self, data: bytes, *, align: int = 1) -> int:
        """Put data below the rest; returns its address."""
        start = (self.bottom - len(data)) & -align
        self.data = data.ljust(self.bottom - start, b"\0") + self.data
        return start
