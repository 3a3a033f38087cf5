"""The causal tree of one hit: who was called, what it wrote, what it returned.

Built from the records of the hit alone. Each record names its parent in ``cause``; the
record of the hit itself is the root.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.events import NO_SLOT, EventKind
from emulator.trace.event_words import event_in_words, returned_in_words
from emulator.trace.node import Node
from emulator.trace.record import Record


def hit_records(records: Iterable[Record], seq: int) -> list[Record]:
    """Those records that the event ``seq`` caused, itself first, in order."""
    chosen: list[Record] = []
    family = {seq}
    for record in records:
        if record.seq == seq or record.cause in family:
            family.add(record.seq)
            chosen.append(record)
    return chosen


def last_straw(records: Iterable[Record], seq: int) -> Record | None:
    """The LIVELOCK that follows the hit ``seq`` on its CPU before another hit, as caused
    by that hit: the machine notices it only after the return."""
    hit: Record | None = None
    for record in records:
        if record.seq == seq:
            hit = record
        elif hit is not None and record.cpu == hit.cpu:
            if record.kind == EventKind.HIT:
                return None
            if record.kind == EventKind.LIVELOCK:
                return record._replace(cause=seq)
    return None


def build_tree(records: Iterable[Record], seq: int) -> Node | None:
    """The causal tree below the event ``seq``, or None when it is not among the records.

    ``records`` may hold more than this tree (the following events, other CPUs): what does
    not descend from ``seq`` is left out.
    """
    nodes: dict[int, Node] = {}
    for record in hit_records(records, seq):
        parent = nodes.get(record.cause)
        if record.kind == EventKind.RETURN and parent is not None:
            parent.returned = returned_in_words(record)
            continue
        node = event_in_words(record)
        node.offset = record.seq - seq
        nodes[record.seq] = node
        if parent is not None:
            parent.children.append(node)
    return nodes.get(seq)


def slot_of(record: Record) -> int | None:
    """The breakpoint slot of a hit, or None for an event without one."""
    return None if record.slot == NO_SLOT else record.slot
