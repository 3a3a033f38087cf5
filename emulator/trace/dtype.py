"""Records and snapshots as numpy structured arrays: views of the bytes, no copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.events import FIELDS, RECORD_SIZE
from emulator.snapshot import SNAPSHOT_SIZE, WORDS

_RECORD_TYPES = [
    "u8",
    "u8",
    "u8",
    "u8",
    "u8",
    "u8",
    "u4",
    "i4",
    "u2",
    "u1",
    "u1",
    "u2",
    "u2",
]

#: The 64-byte record, field by field; emulator.events.RECORD is the same layout.
RECORD_DTYPE = np.dtype(
    [(name, f"<{kind}") for name, kind in zip(FIELDS, _RECORD_TYPES, strict=True)]
)

#: The 376-byte snapshot; words is one array in the order of emulator.snapshot.WORDS.
SNAPSHOT_DTYPE = np.dtype(
    [
        ("seq", "<u8"),
        ("task", "<u4"),
        ("cpu", "u1"),
        ("moment", "u1"),
        ("flags", "<u2"),
        ("words", "<u8", (len(WORDS),)),
    ]
)

assert RECORD_DTYPE.itemsize == RECORD_SIZE
assert SNAPSHOT_DTYPE.itemsize == SNAPSHOT_SIZE

Array = NDArray[Any]
