"""A span of events in numbers: how many of which kind, on which CPU, in which slot.

Nothing is rounded: the rows of the table add up to the events of the span, those of hits
to its hits, and two spans that follow one another can be joined.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sessions_app.stream import FrameKind, frame
from sessions_app.trace import HIT, RECORD_DTYPE, RECORD_SIZE, Array

#: The last hits of a span go along as records: what a table that follows the end shows.
LATEST = 40
_HEAD = struct.Struct("<IHHQQ")
_ROW = struct.Struct("<HBBI")
_NO_SLOT = 0xFF


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands for the events first_seq..last_seq."""

    first_seq: int
    last_seq: int
    hits_before: int
    hits: int
    began: int
    """Instructions retired at the first event, and at the last one."""
    ended: int
    table: Counter[int]
    """Events by kind << 16 | cpu << 8 | slot; the slot of what is no hit is 0xff."""
    latest: bytes
    """Records of the last LATEST hits."""


def counts_of(records: Array, hits_before: int) -> Counts:
    """Of consecutive records, at least one."""
    is_hit = records["kind"] == HIT
    keys = records["kind"].astype("u4") << 16 | records["cpu"].astype("u4") << 8
    keys |= np.where(is_hit, records["slot"], _NO_SLOT)
    values, often = np.unique(keys, return_counts=True)
    at = np.flatnonzero(is_hit)
    return Counts(
        int(records["seq"][0]),
        int(records["seq"][-1]),
        hits_before,
        len(at),
        int(records["retired"][0]),
        int(records["retired"][-1]),
        Counter(dict(zip(values.tolist(), often.tolist(), strict=True))),
        records[at[-LATEST:]].tobytes(),
    )


def counts_in(records: bytes, hits_before: int) -> Counts:
    """Of records as bytes."""
    return counts_of(np.frombuffer(records, RECORD_DTYPE), hits_before)


def joined(spans: Sequence[Counts]) -> Counts:
    """Of spans that follow one another, at least one."""
    first, last = spans[0], spans[-1]
    table: Counter[int] = Counter()
    for span in spans:
        table.update(span.table)
    latest = b"".join(span.latest for span in spans[-LATEST:])
    return Counts(
        first.first_seq,
        last.last_seq,
        first.hits_before,
        sum(span.hits for span in spans),
        first.began,
        last.ended,
        table,
        latest[-LATEST * RECORD_SIZE :],
    )


def counts_frame(epoch: int, counts: Counts) -> bytes:
    """A COUNTS frame."""
    rows = b"".join(
        _ROW.pack(key >> 16, key >> 8 & 0xFF, key & 0xFF, events)
        for key, events in sorted(counts.table.items())
    )
    latest = len(counts.latest) // RECORD_SIZE
    span = (counts.hits, len(counts.table), latest, counts.began, counts.ended)
    return frame(
        FrameKind.COUNTS,
        epoch,
        count=counts.last_seq - counts.first_seq + 1,
        first_seq=counts.first_seq,
        hits_before=counts.hits_before,
        payload=_HEAD.pack(*span) + rows + counts.latest,
    )
