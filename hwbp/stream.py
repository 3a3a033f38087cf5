"""Frames of a run's websocket (docs/stream.md): what happened since a cursor."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("<BBHIQQ")
RECORD = struct.Struct("<QQQQQQIiHBBHH")
VERSION = 1
_HIT = 1
_NO_SLOT = 255


class Kind(IntEnum):
    """Types of frames."""

    RECORDS = 1
    GAP = 2
    STATE = 3
    RESET = 4


@dataclass(frozen=True, slots=True)
class Hit:
    """A breakpoint that fired."""

    number: int
    seq: int
    retired: int
    cpu: int
    slot: int | None
    rip: int
    addr: int
    value: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose version is known."""

    kind: int
    epoch: int
    count: int
    first_seq: int
    hits_before: int
    body: bytes

    @property
    def last_seq(self) -> int:
        """Of RECORDS and GAP."""
        return self.first_seq + self.count - 1

    def state(self) -> dict[str, Any]:
        """Of STATE."""
        value: dict[str, Any] = json.loads(self.body)
        return value

    def hits(self) -> Iterator[Hit]:
        """Of RECORDS."""
        number = self.hits_before
        for record in RECORD.iter_unpack(self.body):
            seq, retired, _, rip, addr, value, _, _, kind, cpu, slot, _, _ = record
            if kind == _HIT:
                number += 1
                shown = None if slot == _NO_SLOT else slot
                yield Hit(number, seq, retired, cpu, shown, rip, addr, value)


def decode(data: bytes) -> Frame:
    """Raises ValueError for what this version does not know."""
    if len(data) < HEADER.size:
        raise ValueError("a frame shorter than its header")
    version, kind, epoch, count, first, before = HEADER.unpack_from(data)
    if version != VERSION:
        raise ValueError(f"frames of version {version}; this client knows {VERSION}")
    return Frame(kind, epoch, count, first, before, data[HEADER.size :])
