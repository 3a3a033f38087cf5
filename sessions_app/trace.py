"""The door to recorded traces: records, snapshots, and what they mean in words.

Everything of emulator.trace that the web uses passes here; nothing of it needs Unicorn.
"""

from __future__ import annotations

import numpy as np

from emulator.errors import CodecError, EvaluationError, ExpressionError
from emulator.events import (
    CODEC_VERSION,
    NO_SLOT,
    RECORD_SIZE,
    EventFlag,
    EventKind,
    Invariant,
    Outcome,
    ShadowOwner,
)
from emulator.expression import ENODATA, Expression, evaluate_columns
from emulator.snapshot import DEBUG, GENERAL, SHADOW, SNAPSHOT_SIZE, Moment
from emulator.trace.bits import bit_name, highest_bit
from emulator.trace.bundle.archive import Archive as BundleArchive
from emulator.trace.bundle.layout import ANNOTATIONS as BUNDLE_ANNOTATIONS
from emulator.trace.bundle.layout import BLOCKS as BUNDLE_BLOCKS
from emulator.trace.bundle.layout import COMMANDS as BUNDLE_COMMANDS
from emulator.trace.bundle.layout import FORMAT as BUNDLE_FORMAT
from emulator.trace.bundle.layout import MANIFEST as BUNDLE_MANIFEST
from emulator.trace.bundle.layout import PATCH as BUNDLE_PATCH
from emulator.trace.bundle.layout import RECIPE as BUNDLE_RECIPE
from emulator.trace.bundle.layout import VERSION as BUNDLE_VERSION
from emulator.trace.bundle.layout import block_name as bundle_block
from emulator.trace.bundle.layout import image_name as bundle_image
from emulator.trace.bundle.write import bundle_bytes
from emulator.trace.codec import (
    CHUNK_EVENTS,
    Chunk,
    ChunkStats,
    HotColumns,
    decode_hot,
    decode_records,
    decode_side,
    decode_snapshots,
    encode_chunk,
    mask_bit,
)
from emulator.trace.compare import outline as outlines
from emulator.trace.compare.as_json import rows as comparison_rows
from emulator.trace.compare.as_json import summary as comparison_summary
from emulator.trace.compare.comparison import (
    Comparison,
    State,
    Tally,
    compare,
    compare_with_itself,
)
from emulator.trace.compare.detail import Change, Said
from emulator.trace.compare.detail import Line as ComparedLine
from emulator.trace.compare.outline import Outline, outline
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.phrases import Names, Phrase, change_phrase
from emulator.trace.compare.recording import Piece, Recording
from emulator.trace.compare.told import Fold, Place, Teller, ToldFact, folded
from emulator.trace.digest import TraceDigest
from emulator.trace.disasm import Line, Segment, Symbols, disassemble
from emulator.trace.dtype import RECORD_DTYPE, Array
from emulator.trace.event_words import breakpoint_name, event_in_words, slot_types
from emulator.trace.export.block import Block, Blocks
from emulator.trace.export.block import Names as ExportNames
from emulator.trace.export.chrome import chrome_json
from emulator.trace.export.perfetto import perfetto_trace
from emulator.trace.export.rows import csv_lines, json_lines
from emulator.trace.export.tenet import tenet_lines
from emulator.trace.export.timeline import Clock, Timeline
from emulator.trace.forward import bring_forward
from emulator.trace.lines import LineTable
from emulator.trace.marks import (
    BLOCK_MARKS,
    MARKED,
    MarkBlock,
    decode_lanes,
    decode_marks,
    encode_marks,
    marks_of,
)
from emulator.trace.names import enum_name, errno_name, invariant_in_words
from emulator.trace.node import Effect, Node
from emulator.trace.query import (
    EVERYTHING,
    Bounds,
    MarkRows,
    QueryError,
    Rows,
    asks_trees,
    both,
    bounds,
    parse_query,
    recorded_expression,
    served,
    served_in_words,
)
from emulator.trace.query import Node as Query
from emulator.trace.record import Record, unpack_records
from emulator.trace.registers import (
    GRID,
    SYSTEM,
    Register,
    Snapshot,
    compare_registers,
    unpack_snapshots,
)
from emulator.trace.run_verdict import judge_run
from emulator.trace.segments import elf_entry, elf_segments
from emulator.trace.slots import Holder, Refusal, slot_view
from emulator.trace.tree import build_tree, hit_records, last_straw, slot_of
from emulator.trace.verdict import Check, Verdict, judge
from emulator.trace.words import (
    Bit,
    Nibble,
    Row,
    breakinfo_dr7,
    dr6_in_words,
    dr6_nibbles,
    dr7_differences,
    dr7_nibbles,
    dr7_rows,
    rflags_in_words,
    rflags_nibbles,
    slot_in_words,
    watched_ranges,
)
from emulator.wire import encode_texts

MAX_U64 = (1 << 64) - 1
EXECUTE = EventFlag.EXECUTE
WRITE = EventFlag.WRITE
READ = EventFlag.READ
FAULT_CLASS = EventFlag.FAULT_CLASS
HIT = EventKind.HIT
DEBUGGER_STOP = EventKind.DEBUGGER_STOP
CONTEXT_SWITCH = EventKind.CONTEXT_SWITCH
TASK_EXIT = EventKind.TASK_EXIT
KGDB_ENTER = EventKind.KGDB_ENTER
KGDB_LEAVE = EventKind.KGDB_LEAVE
VM_ENTRY = EventKind.VM_ENTRY
VM_EXIT = EventKind.VM_EXIT
LIVELOCK = EventKind.LIVELOCK
RESTOPS = EventKind.RESTOPS
FAULT = EventKind.FAULT
SLAVE = EventFlag.SLAVE
INVARIANT = EventKind.INVARIANT
NOT_FIRED = EventKind.NOT_FIRED
REPEAT = EventFlag.REPEAT
OUTPUT = EventKind.OUTPUT
PACKET = EventKind.PACKET
#: Where packets stand in the side table (docs/events.md).
PACKET_STREAM = 4
REGISTERED = EventKind.BREAKPOINT_REGISTERED

#: Kinds of events by the name that filters use.
KIND_NAMES = {kind.name.lower(): int(kind) for kind in EventKind}

#: Words of a snapshot that the product is about, the most telling first.
DEBUG_WORDS = tuple(reversed(DEBUG))
SHADOW_WORDS = tuple(SHADOW)

#: Registers that a remark can be pinned to.
REGISTER_NAMES = ("dr7", "dr6", *DEBUG[:4], *GENERAL[-2:], *GENERAL[:-2])


def kinds_of(records: bytes) -> Array:
    """The kinds of consecutive records."""
    return np.frombuffer(records, RECORD_DTYPE)["kind"]


def kind_name(kind: int) -> str:
    """``HIT``; a number when a newer emulator recorded it."""
    return enum_name(EventKind, kind)


def ended_whole(outcome: str) -> bool:
    """Whether an outcome, by its name, is the recipe's own."""
    number = Outcome.__members__.get(outcome)
    return number is not None and outlines.ended_whole(number)


def outcome_number(outcome: str) -> int:
    """The number of an outcome, by its name."""
    return int(Outcome[outcome])


def broken_in_words(name: str) -> str:
    """What it means that an invariant does not hold, by its name."""
    number = Invariant.__members__.get(name)
    return name.replace("_", " ") if number is None else invariant_in_words(number)


def invariant_name(number: int) -> str:
    """``dr7_equals_cpu_dr7`` …; a number when a newer emulator recorded it."""
    return enum_name(Invariant, number)


def shadow_owner(number: int) -> str:
    """Whose book-keeping says that an access is watched: ``kgdb``, ``perf`` …"""
    return enum_name(ShadowOwner, number)


def moment_name(moment: int) -> str:
    """``hit_entry``, ``after_iret`` …"""
    return enum_name(Moment, moment)


__all__ = [
    "Array",
    "BLOCK_MARKS",
    "BUNDLE_ANNOTATIONS",
    "BUNDLE_BLOCKS",
    "BUNDLE_COMMANDS",
    "BUNDLE_FORMAT",
    "BUNDLE_MANIFEST",
    "BUNDLE_PATCH",
    "BUNDLE_RECIPE",
    "BUNDLE_VERSION",
    "Bit",
    "Block",
    "Blocks",
    "Bounds",
    "BundleArchive",
    "CHUNK_EVENTS",
    "CODEC_VERSION",
    "CONTEXT_SWITCH",
    "Change",
    "Check",
    "Chunk",
    "ChunkStats",
    "Clock",
    "CodecError",
    "ComparedLine",
    "Comparison",
    "DEBUGGER_STOP",
    "DEBUG_WORDS",
    "ENODATA",
    "EVERYTHING",
    "EXECUTE",
    "Effect",
    "EvaluationError",
    "ExportNames",
    "Expression",
    "ExpressionError",
    "FAULT",
    "FAULT_CLASS",
    "Fold",
    "GRID",
    "HIT",
    "Holder",
    "HotColumns",
    "INVARIANT",
    "KGDB_ENTER",
    "KGDB_LEAVE",
    "KIND_NAMES",
    "LIVELOCK",
    "Line",
    "LineTable",
    "MARKED",
    "MAX_U64",
    "MarkBlock",
    "MarkRows",
    "Moment",
    "NONE",
    "NOT_FIRED",
    "NO_SLOT",
    "Names",
    "Nibble",
    "Node",
    "OUTPUT",
    "Outline",
    "PACKET",
    "PACKET_STREAM",
    "Phrase",
    "Piece",
    "Place",
    "Query",
    "QueryError",
    "READ",
    "RECORD_DTYPE",
    "RECORD_SIZE",
    "REGISTERED",
    "REGISTER_NAMES",
    "REPEAT",
    "RESTOPS",
    "Record",
    "Recording",
    "Refusal",
    "Register",
    "Row",
    "Rows",
    "SHADOW_WORDS",
    "SLAVE",
    "SNAPSHOT_SIZE",
    "SYSTEM",
    "Said",
    "Segment",
    "Snapshot",
    "State",
    "Symbols",
    "TASK_EXIT",
    "Tally",
    "Teller",
    "Timeline",
    "ToldFact",
    "TraceDigest",
    "VM_ENTRY",
    "VM_EXIT",
    "Verdict",
    "WRITE",
    "asks_trees",
    "bit_name",
    "both",
    "bounds",
    "breakinfo_dr7",
    "breakpoint_name",
    "bring_forward",
    "broken_in_words",
    "build_tree",
    "bundle_block",
    "bundle_bytes",
    "bundle_image",
    "change_phrase",
    "chrome_json",
    "compare",
    "compare_registers",
    "compare_with_itself",
    "comparison_rows",
    "comparison_summary",
    "csv_lines",
    "decode_hot",
    "decode_lanes",
    "decode_marks",
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
    "encode_marks",
    "encode_texts",
    "ended_whole",
    "errno_name",
    "evaluate_columns",
    "event_in_words",
    "folded",
    "highest_bit",
    "hit_records",
    "invariant_name",
    "json_lines",
    "judge",
    "judge_run",
    "kind_name",
    "kinds_of",
    "last_straw",
    "marks_of",
    "mask_bit",
    "moment_name",
    "outcome_number",
    "outline",
    "parse_query",
    "perfetto_trace",
    "recorded_expression",
    "rflags_in_words",
    "rflags_nibbles",
    "served",
    "served_in_words",
    "shadow_owner",
    "slot_in_words",
    "slot_of",
    "slot_types",
    "slot_view",
    "tenet_lines",
    "unpack_records",
    "unpack_snapshots",
    "watched_ranges",
]
