"""One event record as a tuple with names, for code that looks at a few hundred of them.

Filters over millions use the columns of the codec; a causal tree reads better like this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from emulator.errors import CodecError
from emulator.events import RECORD, RECORD_SIZE


class Record(NamedTuple):
    """The fields of emulator.events.RECORD in their order."""

    seq: int
    retired: int
    cause: int
    rip: int
    addr: int
    value: int
    task: int
    ret: int
    kind: int
    cpu: int
    slot: int
    flags: int
    aux: int


def unpack_records(data: bytes) -> list[Record]:
    """Records from consecutive 64-byte blocks. Raises CodecError on a ragged end."""
    if len(data) % RECORD_SIZE:
        raise CodecError(f"{len(data)} bytes are not whole records")
    return [Record._make(fields) for fields in RECORD.iter_unpack(data)]


def pack_records(records: Iterable[Record]) -> bytes:
    """Inverse of unpack_records."""
    return b"".join(RECORD.pack(*record) for record in records)
