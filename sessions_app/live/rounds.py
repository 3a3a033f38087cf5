"""What came lately, cut into rounds; each is made into bytes once, for all followers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sessions_app.live.counts import Counts, counts_frame, counts_of, joined
from sessions_app.stream import HEADER, Entry, FrameKind, frame
from sessions_app.trace import HIT, RECORD_DTYPE, RECORD_SIZE, Array, kinds_of

#: Events in one frame of records: 128 KiB.
FRAME_EVENTS = 2048
#: Events that a ring holds: 16 MiB.
RING_EVENTS = 1 << 18


@dataclass(frozen=True, slots=True)
class RecordsFrame:
    """A frame and what it covers."""

    first_seq: int
    last_seq: int
    data: bytes


def records_frames(entry: Entry, after: int = 0) -> list[RecordsFrame]:
    """What of an entry lies after a cursor, in frames."""
    skip = max(0, after + 1 - entry.first_seq)
    records = entry.records[skip * RECORD_SIZE :]
    seq = entry.first_seq + skip
    before = entry.hits_before + hits_in(entry.records[: skip * RECORD_SIZE])
    frames = []
    for at in range(0, len(records), FRAME_EVENTS * RECORD_SIZE):
        piece = records[at : at + FRAME_EVENTS * RECORD_SIZE]
        count = len(piece) // RECORD_SIZE
        data = frame(
            FrameKind.RECORDS,
            entry.epoch,
            count=count,
            first_seq=seq,
            hits_before=before,
            payload=piece,
        )
        frames.append(RecordsFrame(seq, seq + count - 1, data))
        seq += count
        before += hits_in(piece)
    return frames


def hits_in(records: bytes) -> int:
    """How many hits are among them."""
    return int((kinds_of(records) == HIT).sum())


class Round:
    """What came within one twenty-fifth of a second."""

    def __init__(self, entry: Entry) -> None:
        self.epoch = entry.epoch
        self.first_seq, self.last_seq = entry.first_seq, entry.last_seq
        self.hits_before = entry.hits_before
        # The records are kept in their frames only.
        self.frames = records_frames(entry)

    def __len__(self) -> int:
        return self.last_seq - self.first_seq + 1

    def frame_after(self, seq: int) -> RecordsFrame:
        """The frame that goes on after a cursor within this round: the one that everybody
        gets, or a piece of it."""
        whole = next(f for f in self.frames if f.last_seq > seq)
        if whole.first_seq == seq + 1:
            return whole
        before = HEADER.unpack_from(whole.data)[-1]
        records = whole.data[HEADER.size :]
        entry = Entry(self.epoch, whole.first_seq, before, records)
        return records_frames(entry, seq)[0]

    @cached_property
    def counts(self) -> Counts:
        """The round in numbers."""
        pieces = [_records(f.data) for f in self.frames]
        return counts_of(np.concatenate(pieces), self.hits_before)

    @cached_property
    def counts_frame(self) -> bytes:
        """The same as a frame."""
        return counts_frame(self.epoch, self.counts)


def _records(data: bytes) -> Array:
    return np.frombuffer(data, RECORD_DTYPE, offset=HEADER.size)


class Ring:
    """The last rounds of one epoch of a run, gapless."""

    def __init__(self) -> None:
        self.epoch = 0
        self._rounds: deque[Round] = deque()
        self._held = 0

    @property
    def oldest(self) -> int | None:
        """Number of the first event."""
        return self._rounds[0].first_seq if self._rounds else None

    @property
    def newest(self) -> int:
        """Number of the last event, or 0."""
        return self._rounds[-1].last_seq if self._rounds else 0

    def take(self, entries: Sequence[Entry]) -> int:
        """Make rounds of what came, mostly one; how many events that were."""
        came, run = 0, list[Entry]()
        for entry in entries:
            if run and not _follows(run[-1], entry):
                came += self._append(run)
                run = []
            run.append(entry)
        if run:
            came += self._append(run)
        self._forget()
        return came

    def _append(self, entries: list[Entry]) -> int:
        first = entries[0]
        if first.epoch < self.epoch:
            return 0
        if first.epoch > self.epoch or first.first_seq != self.newest + 1:
            # A new epoch, or entries were lost with a Redis; followers go to the
            # database for them.
            self.epoch = first.epoch
            self._rounds.clear()
            self._held = 0
        records = b"".join(entry.records for entry in entries)
        made = Round(Entry(first.epoch, first.first_seq, first.hits_before, records))
        self._rounds.append(made)
        self._held += len(made)
        return len(made)

    def _forget(self) -> None:
        while self._held > RING_EVENTS and len(self._rounds) > 1:
            self._held -= len(self._rounds.popleft())

    def after(self, seq: int) -> list[Round]:
        """Rounds with events after a cursor."""
        found: list[Round] = []
        # From the end: a follower that keeps up needs only the last one.
        for made in reversed(self._rounds):
            if made.last_seq <= seq:
                break
            found.append(made)
        found.reverse()
        return found

    def counts_after(self, seq: int) -> tuple[int, bytes] | None:
        """Everything after a cursor in one frame of counts, and its last event. None
        when the cursor stands inside a round."""
        found = self.after(seq)
        if not found or found[0].first_seq != seq + 1:
            return None
        if len(found) == 1:
            return found[0].last_seq, found[0].counts_frame
        whole = joined([made.counts for made in found])
        return whole.last_seq, counts_frame(self.epoch, whole)


def _follows(one: Entry, other: Entry) -> bool:
    return other.epoch == one.epoch and other.first_seq == one.last_seq + 1
