"""A small trace with each thing that a timeline shows, built record by record."""

from __future__ import annotations

import numpy as np

from emulator.events import Callee, EventFlag, EventKind
from emulator.snapshot import SNAPSHOT, WORDS, Moment
from emulator.trace.dtype import RECORD_DTYPE
from emulator.trace.export.block import Block, Names
from emulator.trace.record import Record, pack_records

COUNTER, RIP = 0x402000, 0x40100C
NAMES = Names(
    lambda address: {COUNTER: "counter", RIP: "again+0x7"}.get(address, hex(address)),
    {100: "counter"},
)


def record(seq: int, kind: EventKind, **fields: int) -> Record:
    values = dict.fromkeys(Record._fields, 0) | {"slot": 0xFF, "rip": RIP, "task": 100}
    values.update(seq=seq, kind=int(kind), **fields)
    return Record(**values)


def hit(seq: int, retired: int, value: int, **fields: int) -> Record:
    flags = int(EventFlag.WRITE | EventFlag.USER | EventFlag.SNAPSHOT)
    given = {"slot": 1, "addr": COUNTER, "value": value, "aux": 2, "flags": flags}
    return record(seq, EventKind.HIT, retired=retired, **(given | fields))


def dr7(seq: int, retired: int, value: int, **fields: int) -> Record:
    given = {"slot": 7, "value": value, "aux": Callee.local_db_save}
    return record(seq, EventKind.DR_WRITE, retired=retired, **(given | fields))


def snapshot(seq: int, task: int = 100, **words: int) -> bytes:
    # Slot 1 watches 4 bytes: LEN1 = 3 in bits 22 and 23.
    values = dict.fromkeys(WORDS, 0) | {"rip": RIP, "dr7": 3 << 22 | 0x404} | words
    return SNAPSHOT.pack(
        seq, task, 0, Moment.hit_entry, 0, *(values[name] for name in WORDS)
    )


def block(
    records: list[Record],
    *,
    passes: set[int] | None = None,
    hits_before: int = 0,
    snapshots: bytes = b"",
    texts: list[tuple[int, int, bytes]] | None = None,
) -> Block:
    """passes: the seqs that the query asks for; None: all."""
    table = np.frombuffer(pack_records(records), RECORD_DTYPE)
    chosen = np.array([passes is None or r.seq in passes for r in records])
    numbers = hits_before + np.cumsum(table["kind"] == EventKind.HIT)
    return Block(table, chosen, numbers, lambda: snapshots, lambda: list(texts or []))


def whole() -> list[Record]:
    """Two CPUs: hits, a window of kgdb on both, a guest, another task."""
    enter, leave = EventKind.KGDB_ENTER, EventKind.KGDB_LEAVE
    slave = {"cpu": 1, "task": 101, "flags": int(EventFlag.SLAVE), "value": 2}
    return [
        record(1, EventKind.TASK_START, rip=0x401000),
        dr7(2, 0, 0x404),
        hit(3, 12, 1),
        dr7(4, 12, 0),
        dr7(5, 12, 0x404),
        record(6, enter, retired=12, value=1),
        record(7, enter, retired=7, **slave),
        record(8, leave, retired=7, **slave),
        record(9, leave, retired=12),
        dr7(10, 20, 0),
        record(11, EventKind.VM_ENTRY, retired=30, value=0x400),
        record(12, EventKind.VM_EXIT, retired=90),
        record(13, EventKind.CONTEXT_SWITCH, retired=100, task=102, value=100),
        hit(14, 1234, 2, task=102),
        record(15, EventKind.RUN_END, retired=2000, task=102, aux=1),
    ]
