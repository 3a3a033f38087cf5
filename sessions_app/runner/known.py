"""A parked run that is made again: what it told before is known."""

from __future__ import annotations

import numpy as np

from emulator.errors import WireError
from emulator.wire import Batch
from sessions_app.trace import HIT, RECORD_SIZE, SNAPSHOT_SIZE, kinds_of


class Known:
    """So many events, with so many hits among them."""

    def __init__(self, events: int, hits: int) -> None:
        self._events = events
        self._hits = hits

    def news(self, batch: Batch) -> Batch | None:
        """What of a batch is new; None: nothing. Raises WireError where it does not go on
        from what is known."""
        skipped = self._events - batch.first_seq + 1
        if skipped < 0 or not self._events:
            return batch
        if skipped >= len(batch.records) // RECORD_SIZE:
            return None
        cut = skipped * RECORD_SIZE
        hits = batch.hits_before + int((kinds_of(batch.records[:cut]) == HIT).sum())
        if hits != self._hits:
            words = f"{hits} hits instead of {self._hits} up to event {self._events}"
            raise WireError(f"made again the run is another one: {words}")
        return Batch(
            first_seq=self._events + 1,
            hits_before=hits,
            records=batch.records[cut:],
            snapshots=_snapshots_after(batch.snapshots, self._events),
            texts=[text for text in batch.texts if text[0] > self._events],
        )


def _snapshots_after(snapshots: bytes, seq: int) -> bytes:
    words = np.frombuffer(snapshots, "<u8").reshape(-1, SNAPSHOT_SIZE // 8)
    first = int(np.searchsorted(words[:, 0], seq, side="right"))
    return snapshots[first * SNAPSHOT_SIZE :]
