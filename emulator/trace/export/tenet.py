"""Tenet's text trace: what changed in the registers and in watched memory, moment by moment.

Tenet (a plugin of disassemblers) expects a line for each instruction; here is one for each
snapshot, so that it steps from hit to hit. A trace is of one task.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emulator.events import EventFlag, EventKind
from emulator.snapshot import SNAPSHOT, WORDS
from emulator.trace.dtype import Array
from emulator.trace.export.block import Block, Blocks

#: Tenet's registers of amd64, rip last.
_REGISTERS = (
    *("rax", "rbx", "rcx", "rdx", "rbp", "rsp", "rsi", "rdi"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"),
)
_AT = {name: 5 + WORDS.index(name) for name in (*_REGISTERS, "dr7")}
#: LEN of a slot in DR7.
_LENGTHS = (1, 2, 8, 4)


def tenet_lines(blocks: Blocks) -> Iterator[bytes]:
    """The moments of the task that the first hit which passes belongs to."""
    task: int | None = None
    known: dict[str, int] = {}
    for block in blocks:
        hits = _hits(block)
        if task is None and len(hits):
            task = int(hits[0]["task"])
        if task is None:
            continue
        wanted = {int(hit["seq"]): hit for hit in hits if hit["task"] == task}
        lines = []
        for words in SNAPSHOT.iter_unpack(block.snapshots()):
            if words[0] in wanted:
                lines.append(_line(words, wanted.pop(words[0]), known))
        if lines:
            yield ("\n".join(lines) + "\n").encode()


def _hits(block: Block) -> Array:
    chosen: Array = block.records[
        np.flatnonzero(block.passes & (block.records["kind"] == EventKind.HIT))
    ]
    return chosen


def _line(words: tuple[int, ...], hit: Array, known: dict[str, int]) -> str:
    parts = []
    for name in _REGISTERS:
        value = words[_AT[name]]
        # rip is on every line: it is the line's place.
        if known.get(name) != value or name == "rip":
            known[name] = value
            parts.append(f"{name}={value:#x}")
    flags = int(hit["flags"])
    if not flags & EventFlag.EXECUTE:
        slot = int(hit["slot"]) & 3
        length = _LENGTHS[words[_AT["dr7"]] >> (18 + 4 * slot) & 3]
        data = int(hit["value"]).to_bytes(8, "little")[:length].hex().upper()
        access = "mw" if flags & EventFlag.WRITE else "mr"
        parts.append(f"{access}={int(hit['addr']):#x}:{data}")
    return ",".join(parts)
