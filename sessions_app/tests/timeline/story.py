"""A run with everything that a timeline draws, its records kept to be counted by hand."""

from __future__ import annotations

import random

from emulator.events import EventFlag, EventKind, Invariant
from emulator.trace.record import Record
from sessions_app.models import Run
from sessions_app.tests.factories import event, store_chunk

CPUS = 2
_OTHERS = (EventKind.CALL, EventKind.DR_WRITE, EventKind.IRET, EventKind.OUTPUT)


def records(count: int, seed: int = 1) -> list[Record]:
    """Events of two CPUs whose clocks go on at their own pace."""
    chance = random.Random(seed)
    clocks, made = [0] * CPUS, []
    stopped: list[int | None] = [None] * CPUS
    for seq in range(1, count + 1):
        cpu = chance.randrange(CPUS)
        clocks[cpu] += chance.choice((0, 1, 1, 3, 400))
        where = {"cpu": cpu, "retired": clocks[cpu], "task": 100 + cpu}
        made.append(_one(chance, seq, cpu, where, stopped))
    return made


def _one(
    chance: random.Random,
    seq: int,
    cpu: int,
    where: dict[str, int],
    stopped: list[int | None],
) -> Record:
    what = chance.random()
    if what < 0.40:
        where |= {"slot": chance.choice((0, 0, 0, 1, 3)), "value": chance.randrange(4)}
        return event(seq, EventKind.HIT, flags=EventFlag.WRITE, addr=0x2000, **where)
    if what < 0.44:
        return event(seq, EventKind.NOT_FIRED, slot=2, **where)
    if what < 0.46:
        return event(seq, EventKind.CONTEXT_SWITCH, **(where | {"task": seq}))
    if what < 0.50:
        return _debugger(seq, cpu, where, stopped)
    if what < 0.51:
        wrong = {"aux": int(Invariant.progress), "flags": int(EventFlag.REPEAT)}
        return event(seq, EventKind.INVARIANT, **where, **wrong)
    return event(seq, chance.choice(_OTHERS), **where)


def _debugger(
    seq: int, cpu: int, where: dict[str, int], stopped: list[int | None]
) -> Record:
    if stopped[cpu] is None:
        stopped[cpu] = seq
        flags = int(EventFlag.SLAVE) if cpu else 0
        return event(seq, EventKind.KGDB_ENTER, flags=flags, **where)
    stopped[cpu] = None
    return event(seq, EventKind.KGDB_LEAVE, **where)


def store(run: Run, rows: list[Record], per_chunk: int = 170) -> None:
    """The records in chunks, and the run's counters to match."""
    hits = 0
    for first in range(0, len(rows), per_chunk):
        piece = rows[first : first + per_chunk]
        store_chunk(run, piece, hits_before=hits)
        hits += sum(row.kind == EventKind.HIT for row in piece)
    run.hits, run.events = hits, rows[-1].seq
    run.retired = sum(
        max((r.retired for r in rows if r.cpu == cpu), default=0) for cpu in range(CPUS)
    )
    run.save()
