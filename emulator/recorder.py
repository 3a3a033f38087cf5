"""Writes events, snapshots and side texts, and computes the digest of a run.

Ambient fields (cpu, task, retired, rip, cause) are set by whoever tells the story, so
that one event is one call. A record whose function has not returned yet keeps its place
in the buffer; when the buffer had to leave first, the return becomes an event of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.events import NO_SLOT, RECORD, EventFlag, EventKind
from emulator.template import Template
from emulator.trace.digest import TraceDigest
from emulator.trace.dtype import RECORD_DTYPE
from emulator.wire import Batch, encode_texts

#: Records in one batch at most (docs/events.md).
BATCH_RECORDS = 4096
#: Free places below which a batch leaves at the next boundary. A longer tree is cut at
#: every so many records from its root, so that where it is cut never depends on time.
_RESERVE = BATCH_RECORDS // 2
_RET_OFFSET = 52  # ret in the record
_FLAGS_OFFSET = 60
_SIZE = RECORD.size


class Deferred(Protocol):
    """Trees that were counted and are written when the batch leaves (emulator.repeats)."""

    def write_records(self, table: NDArray[Any]) -> None:
        """Into the places that were counted."""

    def snapshots(self) -> bytes:
        """Theirs, in order."""


class Recorder:
    """The trace of one run under construction."""

    def __init__(self, sink: Callable[[Batch], None]) -> None:
        self._sink = sink
        self._buffer = bytearray(BATCH_RECORDS * _SIZE)
        self._used = 0
        self._first_seq = 1
        self._hits_before = 0
        self._snapshots: list[bytes | Deferred] = []
        self._texts: list[tuple[int, int, bytes]] = []
        self._rows: dict[Template, list[list[int]]] = {}
        self._deferred: list[Deferred] = []
        self._digest = TraceDigest()
        self.last_records = b""
        """Those of the batch that left last."""
        self.seq = self._root = 0
        """Number of the last event."""
        self.hits = 0
        self.batches = 0
        """Handed over so far; what was deferred before belongs to an earlier one."""
        self.cpu = 0
        self.task = 0
        self.retired = 0
        self.rip = 0
        self.cause = 0

    def emit(
        self,
        kind: int,
        *,
        slot: int = NO_SLOT,
        flags: int = 0,
        aux: int = 0,
        addr: int = 0,
        value: int = 0,
        ret: int = 0,
    ) -> int:
        """Append one event; returns its seq."""
        if self._used == BATCH_RECORDS:
            self.flush()
        elif self.cause and self.seq - self._root >= _RESERVE:
            self.hand_over()
        self.seq = seq = self.seq + 1
        RECORD.pack_into(
            self._buffer,
            self._used * _SIZE,
            seq,
            self.retired,
            self.cause,
            self.rip,
            addr,
            value,
            self.task,
            ret,
            kind,
            self.cpu,
            slot,
            flags,
            aux,
        )
        self._used += 1
        if kind == EventKind.HIT:
            self.hits += 1
        return seq

    def open(
        self,
        kind: int,
        *,
        slot: int = NO_SLOT,
        flags: int = 0,
        aux: int = 0,
        addr: int = 0,
        value: int = 0,
    ) -> int:
        """Append an event that causes those which follow, until close().

        A tree begins where it fits: whether its returns stand in their records must not
        depend on when the last batch left.
        """
        if not self.cause:
            if self.nearly_full:
                self.flush()
            self._root = self.seq
        seq = self.emit(kind, slot=slot, flags=flags, aux=aux, addr=addr, value=value)
        self.cause = seq
        return seq

    def close(self, seq: int, cause: int, ret: int = 0, *, aux: int = 0) -> None:
        """End what open() returned seq for; cause is what it was before."""
        self.cause = cause
        if seq >= self._first_seq:
            if ret:
                at = (seq - self._first_seq) * _SIZE + _RET_OFFSET
                self._buffer[at : at + 4] = ret.to_bytes(4, "little", signed=True)
            return
        self.cause = seq
        self.emit(EventKind.RETURN, ret=ret, aux=aux)
        self.cause = cause

    def mark(self, seq: int, flag: EventFlag) -> None:
        """Set a flag on an event that is still in the buffer."""
        if seq >= self._first_seq:
            self._buffer[(seq - self._first_seq) * _SIZE + _FLAGS_OFFSET] |= flag & 0xFF

    def replay(
        self,
        template: Template,
        retired: int,
        rip: int,
        value: int,
        flags: int,
        counts: Sequence[int],
    ) -> int:
        """Append a remembered tree; returns the seq of its root, a HIT."""
        if self._used + template.size > BATCH_RECORDS:
            self.flush()
        seq = self.seq + 1
        self._rows.setdefault(template, []).append(
            [self._used, seq, retired, rip, value, flags, *counts]
        )
        self._used += template.size
        self.seq += template.size
        self.hits += 1
        return seq

    @property
    def next_place(self) -> tuple[int, int]:
        """Place in the batch and seq of the next record."""
        return self._used, self.seq + 1

    def room(self, size: int) -> int:
        """How many trees of this size fit before a batch should leave."""
        return (BATCH_RECORDS - _RESERVE - self._used) // size

    def defer(self, trees: Deferred) -> None:
        """Trees that begin at next_place; each is announced by told()."""
        self._deferred.append(trees)
        self._snapshots.append(trees)

    def told(self, size: int) -> int:
        """One more deferred tree of so many records; returns the seq of its last."""
        self._used += size
        self.hits += 1
        self.seq = seq = self.seq + size
        return seq

    def records_from(self, seq: int) -> bytes | None:
        """The records of seq and all after it, when they are still in the buffer and
        none of them is a remembered one."""
        if seq < self._first_seq:
            return None
        start = (seq - self._first_seq) * _SIZE
        return bytes(self._buffer[start : self._used * _SIZE])

    def snapshot(self, image: bytes) -> None:
        """Append a snapshot (emulator.snapshot)."""
        self._snapshots.append(image)

    def text(self, seq: int, stream: int, data: bytes) -> None:
        """Append bytes to the side table."""
        self._texts.append((seq, stream, data))

    @property
    def nearly_full(self) -> bool:
        """A batch should leave at this boundary."""
        return self._used > BATCH_RECORDS - _RESERVE

    def hand_over(self) -> None:
        """Flush inside a tree: returns that are still to come become events. Only where
        the run itself says so, never because of time."""
        self.flush()
        self._root = self.seq

    def flush(self) -> None:
        """Hand over what has been collected."""
        if not self._used:
            return
        if self._rows or self._deferred:
            table = np.frombuffer(self._buffer, RECORD_DTYPE)
            for template, rows in self._rows.items():
                template.expand(table, rows)
            for trees in self._deferred:
                trees.write_records(table)
            del table
            self._rows, self._deferred = {}, []
        records = bytes(memoryview(self._buffer)[: self._used * _SIZE])
        snapshots = b"".join(
            part if isinstance(part, bytes) else part.snapshots()
            for part in self._snapshots
        )
        self._digest.add(records, snapshots, encode_texts(self._texts))
        batch = Batch(
            self._first_seq, self._hits_before, records, snapshots, self._texts
        )
        self.last_records = records
        self._first_seq = self.seq + 1
        self._hits_before = self.hits
        self._used = 0
        self._snapshots = []
        self._texts = []
        self.batches += 1
        self._sink(batch)

    def digest(self, emulator_version: str, outcome: int) -> str:
        """Of all that was handed over, with the outcome (D7)."""
        return self._digest.hexdigest(emulator_version, outcome)
