"""The door to recorded traces: records, snapshots, and what they mean in words.

Everything of emulator.trace that the web uses passes here; nothing of it needs Unicorn.
"""

from __future__ import annotations

from emulator.events import EventFlag, EventKind
from emulator.snapshot import DEBUG, GENERAL, Moment
from emulator.trace.disasm import Line, Segment, Symbols, disassemble
from emulator.trace.names import enum_name
from emulator.trace.record import Record, unpack_records
from emulator.trace.registers import (
    GRID,
    SYSTEM,
    Register,
    Snapshot,
    compare_registers,
    unpack_snapshots,
)
from emulator.trace.segments import elf_entry, elf_segments
from emulator.trace.tree import (
    Effect,
    Node,
    build_tree,
    event_in_words,
    hit_records,
    slot_of,
    slot_types,
)
from emulator.trace.verdict import Check, Verdict, judge
from emulator.trace.words import (
    Bit,
    Nibble,
    Row,
    dr6_in_words,
    dr6_nibbles,
    dr7_differences,
    dr7_nibbles,
    dr7_rows,
    rflags_in_words,
    rflags_nibbles,
    slot_in_words,
)

EXECUTE = EventFlag.EXECUTE
WRITE = EventFlag.WRITE
READ = EventFlag.READ
FAULT_CLASS = EventFlag.FAULT_CLASS
HIT = EventKind.HIT

#: Kinds of events by the name that filters use.
KIND_NAMES = {kind.name.lower(): int(kind) for kind in EventKind}

#: Registers that a remark can be pinned to.
REGISTER_NAMES = ("dr7", "dr6", *DEBUG[:4], *GENERAL[-2:], *GENERAL[:-2])


def kind_name(kind: int) -> str:
    """``HIT``; a number when a newer emulator recorded it."""
    return enum_name(EventKind, kind)


def moment_name(moment: int) -> str:
    """``hit_entry``, ``after_iret`` …"""
    return enum_name(Moment, moment)


__all__ = [
    "EXECUTE",
    "FAULT_CLASS",
    "GRID",
    "HIT",
    "KIND_NAMES",
    "READ",
    "REGISTER_NAMES",
    "SYSTEM",
    "WRITE",
    "Bit",
    "Check",
    "Effect",
    "Line",
    "Moment",
    "Nibble",
    "Node",
    "Record",
    "Register",
    "Row",
    "Segment",
    "Snapshot",
    "Symbols",
    "Verdict",
    "build_tree",
    "compare_registers",
    "disassemble",
    "dr6_in_words",
    "dr6_nibbles",
    "dr7_differences",
    "dr7_nibbles",
    "dr7_rows",
    "elf_entry",
    "elf_segments",
    "event_in_words",
    "hit_records",
    "judge",
    "kind_name",
    "moment_name",
    "rflags_in_words",
    "rflags_nibbles",
    "slot_in_words",
    "slot_of",
    "slot_types",
    "unpack_records",
    "unpack_snapshots",
]
