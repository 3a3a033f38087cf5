"""A recorded run as the comparison reads it: in pieces, each decoded when it is wanted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emulator.trace.codec import (
    Chunk,
    decode_records,
    decode_side,
    decode_snapshots,
    encode_chunk,
)
from emulator.trace.dtype import RECORD_DTYPE, SNAPSHOT_DTYPE, Array
from emulator.wire import Batch

#: (seq, stream, bytes), as in the side table of docs/events.md.
Text = tuple[int, int, bytes]

#: Decoded pieces that a recording keeps; the second reading goes forward like the first.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive events with their snapshots and texts, both ordered by seq."""

    records: Array
    snapshots: Array
    texts: list[Text]

    @classmethod
    def of_chunk(cls, hot: bytes, cold: bytes, side: bytes) -> Piece:
        """The three blocks of a stored chunk. Raises CodecError."""
        shots = np.frombuffer(decode_snapshots(cold), SNAPSHOT_DTYPE)
        return cls(decode_records(hot, cold), shots, decode_side(side))

    @classmethod
    def join(cls, pieces: Sequence[Piece]) -> Piece:
        """Pieces that follow each other as one."""
        if len(pieces) == 1:
            return pieces[0]
        return cls(
            np.concatenate([np.empty(0, RECORD_DTYPE), *(p.records for p in pieces)]),
            np.concatenate(
                [np.empty(0, SNAPSHOT_DTYPE), *(p.snapshots for p in pieces)]
            ),
            [text for piece in pieces for text in piece.texts],
        )

    def cut(self, start: int, stop: int) -> Piece:
        """The records start to stop - 1 (rows, not seq) with what belongs to them."""
        records = self.records[start:stop]
        if not len(records):
            return Piece(records, self.snapshots[:0], [])
        first, last = int(records["seq"][0]), int(records["seq"][-1])
        low, high = np.searchsorted(self.snapshots["seq"], [first, last + 1])
        texts = [text for text in self.texts if first <= text[0] <= last]
        return Piece(records, self.snapshots[low:high], texts)


class Recording:
    """A run of ``events`` events in blocks that begin at ``starts``; ``load`` decodes the
    block of an index. Nothing of a block is kept longer than it is read."""

    def __init__(
        self, starts: Sequence[int], events: int, load: Callable[[int], Piece]
    ) -> None:
        self._starts = list(starts)
        self.events = events
        self._load = load
        self._kept: dict[int, Piece] = {}

    def pieces(self) -> Iterator[Piece]:
        """All blocks in order."""
        for index in range(len(self._starts)):
            yield self._load(index)

    def between(self, first: int, last: int) -> Piece:
        """The events first to last (seq, both included) in one piece."""
        low = max(0, bisect_right(self._starts, first) - 1)
        high = bisect_right(self._starts, last)
        whole = Piece.join([self._block(index) for index in range(low, high)])
        start = first - self._starts[low]
        return whole.cut(start, start + last - first + 1)

    def _block(self, index: int) -> Piece:
        found = self._kept.pop(index, None) or self._load(index)
        self._kept[index] = found
        while len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return found


class Keeper:
    """Sink of a run that keeps its trace, compressed as a database would."""

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []

    def __call__(self, batch: Batch) -> None:
        self._chunks.append(
            encode_chunk(batch.records, batch.snapshots, batch.texts, batch.hits_before)
        )

    def recording(self) -> Recording:
        """What was kept so far."""
        stats = [chunk.stats for chunk in self._chunks]
        events = stats[-1].first_seq + stats[-1].n - 1 if stats else 0
        return Recording([s.first_seq for s in stats], events, self._piece)

    def _piece(self, index: int) -> Piece:
        chunk = self._chunks[index]
        return Piece.of_chunk(chunk.hot, chunk.cold, chunk.side)
