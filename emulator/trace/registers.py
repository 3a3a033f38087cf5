"""Registers of one snapshot, and which of them changed since an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from emulator.errors import CodecError
from emulator.snapshot import SNAPSHOT, SNAPSHOT_SIZE, WORDS

#: As they stand in the grid, two columns.
GRID = [
    "rax",
    "r8",
    "rbx",
    "r9",
    "rcx",
    "r10",
    "rdx",
    "r11",
    "rsi",
    "r12",
    "rdi",
    "r13",
    "rbp",
    "r14",
    "rsp",
    "r15",
]
SYSTEM = ("fs_base", "gs_base", "cr3")


class Snapshot(NamedTuple):
    """All registers of one CPU at one event; words by name."""

    seq: int
    task: int
    cpu: int
    moment: int
    words: dict[str, int]


@dataclass(frozen=True, slots=True)
class Register:
    """One register; before is None when it did not change or nothing is known before."""

    name: str
    value: int
    before: int | None

    @property
    def changed(self) -> bool:
        """Whether it differs from the earlier snapshot."""
        return self.before is not None


def unpack_snapshots(data: bytes) -> list[Snapshot]:
    """Snapshots from consecutive blocks. Raises CodecError on a ragged end."""
    if len(data) % SNAPSHOT_SIZE:
        raise CodecError(f"{len(data)} bytes are not whole snapshots")
    return [
        Snapshot(seq, task, cpu, moment, dict(zip(WORDS, words, strict=True)))
        for seq, task, cpu, moment, _flags, *words in SNAPSHOT.iter_unpack(data)
    ]


def compare_registers(
    now: Snapshot, before: Snapshot | None, names: tuple[str, ...] | list[str]
) -> list[Register]:
    """The named registers of now, each with its earlier value where that differs."""
    out = []
    for name in names:
        value = now.words[name]
        earlier = None if before is None else before.words[name]
        out.append(Register(name, value, None if earlier == value else earlier))
    return out
