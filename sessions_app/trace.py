"""The door to recorded traces: records, snapshots, and what they mean in words.

Everything of emulator.trace that the web uses passes here; nothing of it needs Unicorn.
"""

from __future__ import annotations

import numpy as np

from emulator.events import CODEC_VERSION, RECORD_SIZE, EventFlag, EventKind
from emulator.snapshot import DEBUG, GENERAL, SNAPSHOT_SIZE, Moment
from emulator.trace.codec import (
    CHUNK_EVENTS,
    Chunk,
    HotColumns,
    decode_hot,
    decode_records,
    decode_side,
    decode_snapshots,
    encode_chunk,
    mask_bit,
)
from emulator.trace.disasm import Line, Segment, Symbols, disassemble
from emulator.trace.dtype import RECORD_DTYPE, Array
from emulator.trace.forward import bring_forward
from emulator.trace.names import enum_name, errno_name
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
    last_straw,
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
from emulator.wire import encode_texts

EXECUTE = EventFlag.EXECUTE
WRITE = EventFlag.WRITE
READ = EventFlag.READ
FAULT_CLASS = EventFlag.FAULT_CLASS
HIT = EventKind.HIT
OUTPUT = EventKind.OUTPUT
REGISTERED = EventKind.BREAKPOINT_REGISTERED

#: Kinds of events by the name that filters use.
KIND_NAMES = {kind.name.lower(): int(kind) for kind in EventKind}

#: Registers that a remark can be pinned to.
REGISTER_NAMES = ("dr7", "dr6", *DEBUG[:4], *GENERAL[-2:], *GENERAL[:-2])


def kinds_of(records: bytes) -> Array:
    """The kinds of consecutive records."""
    return np.frombuffer(records, RECORD_DTYPE)["kind"]


def kind_name(kind: int) -> str:
    """``HIT``; a number when a newer emulator recorded it."""
    return enum_name(EventKind, kind)


def moment_name(moment: int) -> str:
    """``hit_entry``, ``after_iret`` …"""
    return enum_name(Moment, moment)


__all__ = [
    "CHUNK_EVENTS",
    "CODEC_VERSION",
    "EXECUTE",
    "FAULT_CLASS",
    "GRID",
    "HIT",
    "KIND_NAMES",
    "OUTPUT",
    "READ",
    "RECORD_SIZE",
    "REGISTERED",
    "REGISTER_NAMES",
    "SNAPSHOT_SIZE",
    "SYSTEM",
    "WRITE",
    "Array",
    "Bit",
    "Check",
    "Chunk",
    "Effect",
    "HotColumns",
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
    "bring_forward",
    "build_tree",
    "compare_registers",
    "decode_hot",
    "decode_records",
    "decode_side",
    "decode_snapshots",
    "disassemble",
    "dr6_in_words",
    "dr6_nibbles",
    "dr7_differences",
    "dr7_nibbles",
    "dr7_rows",
    "elf_entry",
    "elf_segments",
    "encode_chunk",
    "encode_texts",
    "errno_name",
    "event_in_words",
    "hit_records",
    "judge",
    "kind_name",
    "last_straw",
    "kinds_of",
    "mask_bit",
    "moment_name",
    "rflags_in_words",
    "rflags_nibbles",
    "slot_in_words",
    "slot_of",
    "slot_types",
    "unpack_records",
    "unpack_snapshots",
]
