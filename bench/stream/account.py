"""What one viewer was told: every event once, as records, as counts or as a stated gap."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from emulator.events import EventKind
from emulator.trace.dtype import RECORD_DTYPE

_HEADER = struct.Struct("<BBHIQQ")
_COUNTS = struct.Struct("<IHHQQ")
_ROW = np.dtype([("kind", "<u2"), ("cpu", "u1"), ("slot", "u1"), ("events", "<u4")])
RECORDS, GAP, STATE, RESET, COUNTS = range(1, 6)
_CLOSE, _PING, _PONG = 8, 9, 10
#: Lateness in steps of a millisecond; the last step holds all that is later.
STEPS = 20_000
_SAMPLES = np.linspace(0.0, 1.0, 9)
#: As docs/stream.md asks of those who acknowledge.
_ACK_FRAMES, _ACK_BYTES = 4, 1 << 16


class Account:
    """Follows the cursor and complains about what does not fit it."""

    def __init__(self) -> None:
        self.seq = 0
        self.hits = 0
        self.over = False
        self.late = np.zeros(STEPS + 1, dtype=np.int64)
        self.gaps: list[tuple[int, int]] = []
        self.wrong: list[str] = []
        self.as_records = self.as_counts = 0
        self._frames = self._bytes = 0

    def take(
        self, data: memoryview, opcode: int, now: float
    ) -> tuple[int, bytes] | None:
        """One message; what to answer, if anything."""
        if opcode == _PING:
            return _PONG, bytes(data)
        if opcode == _CLOSE:
            self.wrong.append(f"closed with {int.from_bytes(data[:2], 'big')}")
            return None
        version, kind, _, count, first, before = _HEADER.unpack_from(data)
        if version != 1:
            self.wrong.append(f"version {version}")
        body = data[_HEADER.size :]
        if kind == STATE:
            self._state(body)
        elif kind in (RECORDS, GAP, COUNTS):
            return self._span(kind, first, count, before, body, now)
        return None

    def _span(
        self,
        kind: int,
        first: int,
        count: int,
        before: int,
        body: memoryview,
        now: float,
    ) -> tuple[int, bytes] | None:
        if first != self.seq + 1:
            self.wrong.append(f"event {first} follows {self.seq}")
        self.seq = first + count - 1
        if kind == GAP:
            self.gaps.append((first, count))
            self.hits = -1  # known again with the next frame
            return self._acknowledgement(0)
        if self.hits not in (-1, before):
            self.wrong.append(f"{before} hits before {first}, {self.hits} counted")
        if kind == RECORDS:
            self._records(first, count, before, body, now)
        else:
            self._counts(count, before, body, now)
        return self._acknowledgement(len(body))

    def _acknowledgement(self, size: int) -> tuple[int, bytes] | None:
        self._frames += 1
        self._bytes += size
        if self._frames < _ACK_FRAMES and self._bytes < _ACK_BYTES:
            return None
        self._frames = self._bytes = 0
        return 1, str(self.seq).encode()

    def _records(
        self, first: int, count: int, before: int, body: memoryview, now: float
    ) -> None:
        records = np.frombuffer(body, RECORD_DTYPE)
        if len(records) != count or records["seq"][0] != first:
            self.wrong.append(f"{len(records)} records in a frame of {count}")
        if records["seq"][-1] != first + count - 1:
            self.wrong.append(f"a frame of {count} ends with {records['seq'][-1]}")
        self.hits = before + int(np.count_nonzero(records["kind"] == EventKind.HIT))
        self.as_records += count
        self._late(int(records["retired"][0]), int(records["retired"][-1]), count, now)

    def _counts(self, count: int, before: int, body: memoryview, now: float) -> None:
        hits, rows, carried, began, ended = _COUNTS.unpack_from(body)
        table = np.frombuffer(body, _ROW, rows, _COUNTS.size)
        of_hits = table["events"][table["kind"] == EventKind.HIT].sum()
        if table["events"].sum() != count or of_hits != hits:
            self.wrong.append(f"counts of {count} events do not add up")
        if len(body) != _COUNTS.size + rows * _ROW.itemsize + carried * 64:
            self.wrong.append("a frame of counts with a wrong length")
        self.hits = before + hits
        self.as_counts += count
        self._late(began, ended, count, now)

    def _late(self, began: int, ended: int, count: int, now: float) -> None:
        """Events happened evenly between two times: nine of them stand for all."""
        times = began + (ended - began) * _SAMPLES
        steps = np.clip((now - times) / 1000, 0, STEPS).astype(int)
        np.add.at(self.late, steps, max(1, count // len(_SAMPLES)))

    def _state(self, body: memoryview) -> None:
        state: dict[str, Any] = json.loads(bytes(body))
        if state["state"] in ("finished", "failed", "cancelled"):
            self.over = True

    def closed(self) -> None:
        """The connection is gone."""
        if not self.over:
            self.wrong.append("the connection was lost")
            self.over = True

    def told(self) -> dict[str, Any]:
        """For the report."""
        return {
            "seq": self.seq,
            "hits": self.hits,
            "over": self.over,
            "gaps": self.gaps,
            "wrong": self.wrong[:5],
            "records": self.as_records,
            "counts": self.as_counts,
        }
