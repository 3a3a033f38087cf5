"""A run that nobody emulated: as many hits as wanted, and harder to store than a loop's.

Four CPUs in turns of random length, four watched quadwords, random values, distances and
registers; one hit in a hundred is claimed by nobody. Six events and two snapshots a hit,
as a kernel with perf alone leaves them. The same size gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.loop import CODE, DATA
from emulator.events import Callee, EventFlag, EventKind
from emulator.snapshot import WORDS, Moment
from emulator.trace.dtype import RECORD_DTYPE, SNAPSHOT_DTYPE
from emulator.wire import Batch

EVENTS = 6
CPUS = SLOTS = 4
SEED = 20
_AT_ONCE = 4000
_DONE, _STOP, _HIGHEST = 0x0001, 0x8001, 0x7FFFFFFF
_DR6 = 0xFFFF0FF0


def batches(hits: int) -> Iterator[Batch]:
    """The whole run, some thousand hits at a time."""
    chance = np.random.default_rng(SEED)
    retired = 0
    for first in range(0, hits, _AT_ONCE):
        n = min(_AT_ONCE, hits - first)
        numbers = first + np.arange(n, dtype="u8")
        told = _told(chance, n)
        told["retired"] = retired + np.cumsum(chance.integers(2, 40, n), dtype="u8")
        retired = int(told["retired"][-1])
        records = _records(numbers * EVENTS + 1, told)
        yield Batch(
            first_seq=first * EVENTS + 1,
            hits_before=first,
            records=records.tobytes(),
            snapshots=_snapshots(chance, records).tobytes(),
        )


def _told(chance: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """What differs from hit to hit."""
    turns = chance.integers(0, CPUS, n)
    return {
        "cpu": np.repeat(turns, 50)[:n].astype("u1"),
        "slot": chance.integers(0, SLOTS, n).astype("u1"),
        "value": chance.integers(0, 1 << 20, n).astype("u8"),
        "rip": (CODE + chance.integers(0, 0x1000, n)).astype("u8"),
        "missed": chance.integers(0, 100, n) == 0,
    }


def _records(firsts: np.ndarray, told: dict[str, np.ndarray]) -> np.ndarray:
    """(hits, EVENTS) records."""
    rows = np.zeros((len(firsts), EVENTS), RECORD_DTYPE)
    rows["seq"] = firsts[:, None] + np.arange(EVENTS, dtype="u8")
    for name in ("cpu", "retired", "rip"):
        rows[name] = told[name][:, None]
    rows["slot"] = 0xFF
    rows["task"] = 100
    answer = np.where(told["missed"], _DONE, _STOP).astype("i4")
    bits = np.uint64(1) << told["slot"].astype("u8")
    hit, notify, call, perf, dr6, iret = rows.T
    hit["kind"], hit["aux"] = EventKind.HIT, bits
    hit["slot"], hit["value"] = told["slot"], told["value"]
    hit["addr"] = DATA + 8 * told["slot"].astype("u8")
    hit["flags"] = EventFlag.WRITE | EventFlag.USER | EventFlag.SNAPSHOT
    notify["kind"], notify["aux"], notify["ret"] = (
        EventKind.CALL,
        Callee.notify_die,
        answer,
    )
    call["kind"], call["aux"] = (
        EventKind.NOTIFIER_CALL,
        Callee.hw_breakpoint_exceptions_notify,
    )
    call["addr"], call["ret"] = _HIGHEST, answer
    perf["kind"], perf["aux"] = EventKind.CALL, Callee.perf_bp_event
    perf["flags"] = EventFlag.VOID
    dr6["kind"], dr6["slot"] = EventKind.DR_WRITE, 6
    dr6["addr"], dr6["value"] = _DR6 | bits, _DR6
    iret["kind"], iret["value"] = EventKind.IRET, 0x246
    iret["flags"] = EventFlag.SNAPSHOT
    for child, parent in (
        (notify, hit),
        (call, notify),
        (perf, call),
        (dr6, hit),
        (iret, hit),
    ):
        child["cause"] = parent["seq"]
    return rows


def _snapshots(chance: np.random.Generator, records: np.ndarray) -> np.ndarray:
    """Two for each hit: at the exception and after it."""
    shots = np.zeros((len(records), 2), SNAPSHOT_DTYPE)
    shots["seq"][:, 0], shots["seq"][:, 1] = records["seq"][:, 0], records["seq"][:, -1]
    shots["task"] = 100
    shots["cpu"] = records["cpu"][:, :2]
    shots["moment"] = (Moment.hit_entry, Moment.after_iret)
    words = shots["words"]
    general = chance.integers(0, 1 << 32, (len(records), 1, 16)).astype("u8")
    words[:, :, :16] = general
    for name, value in (("rflags", 0x246), ("dr6", _DR6), ("dr7", 0x99990755)):
        words[:, :, WORDS.index(name)] = value
    words[:, :, WORDS.index("cpu_dr7")] = 0x99990355
    words[:, :, WORDS.index("rip")] = records["rip"][:, :2]
    words[:, 0, WORDS.index("dr6")] = records["addr"][:, 4]
    for slot in range(SLOTS):
        for name in ("dr", "cpu_debugreg"):
            words[:, :, WORDS.index(f"{name}{slot}")] = DATA + 8 * slot
        words[:, :, WORDS.index(f"bp_per_reg{slot}")] = 1 + slot
    return shots
