"""Events in the form in which two runs can be held side by side.

A *tree* is a root and the events after it that it caused, as far as they follow each
other; its events are *lines*. What differs by construction is taken out: seq, the
cutting into batches (a RETURN record is put back into its CALL), the running number of
a stop, and whatever only repeats where the tree stands (retired and rip of its root, the
caller's name in what the caller wrote).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from emulator.events import EventFlag, EventKind
from emulator.trace.compare.recording import Piece, Text
from emulator.trace.dtype import Array

#: aux of a write whose writer is the call that it stands under.
BY_CALLER = 0xFFFF

#: parent is the row of the line that caused this one, in the tree; 0 for the root too.
#: retired counts from the root; rip is 0 where it is the root's; text is a hash, 0 = none.
LINE_DTYPE = np.dtype(
    [
        ("parent", "<u4"),
        ("kind", "<u2"),
        ("aux", "<u2"),
        ("slot", "u1"),
        ("cpu", "u1"),
        ("flags", "<u2"),
        ("task", "<u4"),
        ("ret", "<i4"),
        ("retired", "<u8"),
        ("rip", "<u8"),
        ("addr", "<u8"),
        ("value", "<u8"),
        ("text", "<u8"),
    ]
)

#: Kinds whose aux says more than who was called; it is content, not identity.
_AUX_IS_CONTENT = (
    EventKind.HIT,
    EventKind.DEBUG_EXCEPTION,
    EventKind.SIGNAL,
    EventKind.FAULT,
    EventKind.RUN_END,
    EventKind.DEBUGGER_STOP,
    EventKind.PTRACE_STOP,
    EventKind.CONDITION,
)
#: Kinds whose value counts on from one to the next.
_COUNTS_ON = (EventKind.DEBUGGER_STOP, EventKind.CONDITION)
#: Kinds whose aux is taken from the seq of another event.
_AUX_IS_SEQ = (EventKind.KGDB_LEAVE,)
_WRITES = (
    EventKind.DR_WRITE,
    EventKind.SHADOW_WRITE,
    EventKind.REGS_WRITE,
    EventKind.BREAKINFO_WRITE,
)
#: How the trace was stored, whether there was one before, what other fields say already.
_NOT_SAID = (
    EventFlag.OPEN | EventFlag.SNAPSHOT | EventFlag.REPEAT | EventFlag.SAME_VALUE
)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of consecutive whole trees. starts has one entry more than there are
    trees; seq numbers the event behind each line; shots have the line in their seq."""

    table: Array
    seq: Array
    starts: Array
    shots: Array
    shot_starts: Array


def tree_heads(records: Array, head: int) -> Array:
    """Which records begin a tree, when the tree that goes on begins at seq ``head``.

    A tree ends where an event comes that was caused by something before its root.
    """
    seq, cause = records["seq"], records["cause"]
    heads: Array = (cause == 0) | (cause >= seq)
    while True:
        begun = np.maximum.accumulate(np.where(heads, seq, np.uint64(0)))
        more = (cause < np.maximum(begun, np.uint64(head))) & ~heads
        if not more.any():
            return heads
        heads |= more


def identity_aux(kind: Array, aux: Array) -> Array:
    """aux where it tells one event of a kind from another, else 0."""
    return np.where(np.isin(kind, _AUX_IS_CONTENT), 0, aux).astype("<u2")


def normal_lines(piece: Piece, heads: Array) -> Lines:
    """The lines of a piece that holds whole trees; heads marks their roots."""
    records = piece.records
    rows = np.arange(len(records))
    root = np.maximum.accumulate(np.where(heads, rows, 0))
    parent = np.where(heads, rows, records["cause"].astype("<i8") - _first(records))
    kept = (records["kind"] != EventKind.RETURN) | heads
    place = np.cumsum(kept) - 1

    table = np.zeros(int(kept.sum()), LINE_DTYPE)
    for name in ("kind", "slot", "cpu", "flags", "task", "ret", "addr", "value"):
        table[name] = records[name][kept]
    table["parent"] = (place[parent] - place[root])[kept]
    table["aux"] = _writer(records, parent, heads)[kept]
    table["retired"] = (records["retired"] - records["retired"][root])[kept]
    rip = records["rip"]
    table["rip"] = np.where(heads | (rip != rip[root]), rip, 0)[kept]
    table["retired"][place[heads]] = 0
    _put_returns_back(table, records, place, parent, ~kept)
    table["flags"] &= np.uint16(~_NOT_SAID & 0xFFFF)
    table["aux"][np.isin(table["kind"], _AUX_IS_SEQ)] = 0
    # The number of a stop counts like that of a hit: one more, and all later ones differ.
    table["value"][np.isin(table["kind"], _COUNTS_ON)] = 0

    seq = records["seq"][kept]
    table["text"] = _text_hashes(seq, piece.texts)
    starts = np.append(place[heads], len(table))
    return Lines(table, seq, starts, *_shots(piece.snapshots, seq, starts))


def _first(records: Array) -> int:
    return int(records["seq"][0]) if len(records) else 0


def _writer(records: Array, parent: Array, heads: Array) -> Array:
    aux = records["aux"]
    caller = np.isin(records["kind"], _WRITES) & (aux == aux[parent]) & ~heads
    return np.where(caller, BY_CALLER, aux)


def _put_returns_back(
    table: Array, records: Array, place: Array, parent: Array, returns: Array
) -> None:
    rows = np.flatnonzero(returns)
    if len(rows):
        table["ret"][place[parent[rows]]] = records["ret"][rows]


def text_hash(texts: list[bytes]) -> int:
    """A number for what stands beside one event; never 0."""
    return int.from_bytes(blake2b(b"\0".join(texts), digest_size=8).digest()) or 1


def _text_hashes(seq: Array, texts: list[Text]) -> Array:
    out = np.zeros(len(seq), "<u8")
    beside: dict[int, list[bytes]] = {}
    for at, stream, data in texts:
        beside.setdefault(at, []).append(bytes([stream & 0xFF]) + data)
    for at, parts in beside.items():
        row = int(np.searchsorted(seq, np.uint64(at), side="right")) - 1
        if row >= 0:
            out[row] = text_hash(parts)
    return out


def _shots(snapshots: Array, seq: Array, starts: Array) -> tuple[Array, Array]:
    shots = snapshots.copy()
    row = np.maximum(np.searchsorted(seq, shots["seq"], side="right") - 1, 0)
    tree = np.searchsorted(starts, row, side="right") - 1
    shots["seq"] = row - starts[tree]
    shots["flags"] = 0
    return shots, np.searchsorted(tree, np.arange(len(starts)))
