"""Stored runs that differ in a known way, for tests of the comparison."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.events import EventKind, Outcome
from emulator.snapshot import Moment
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
    create_run,
    event,
    hit_events,
    snapshot,
    store_chunk,
)

#: DR7 as a stale exit leaves it: slot 0 watches 1 byte instead of 4.
STALE = {"dr7": 0x00010602}


def stored_run(
    session: DebugSession,
    hits: Iterable[int] = range(1, 11),
    *,
    stale: Iterable[int] = (),
    end: Outcome | None = Outcome.completed,
    **fields: object,
) -> Run:
    """A run of these hits of ``hit_events``; after the stale ones DR7 is another."""
    run = create_run(session, **fields)
    records, shots, stale = [], [], set(stale)
    for place, number in enumerate(hits):
        first = place * EVENTS_PER_HIT + 1
        moved = first - (number - 1) * EVENTS_PER_HIT - 1
        for record in hit_events(number):
            cause = record.cause and record.cause + moved
            records.append(record._replace(seq=record.seq + moved, cause=cause))
        after = STALE if number in stale else {}
        shots.append(snapshot(first, number, Moment.hit_entry))
        shots.append(
            snapshot(first + EVENTS_PER_HIT - 1, number, Moment.after_iret, **after)
        )
    if end is not None:
        last = {"aux": int(end), "retired": 10_000, "value": 10_000}
        records.append(event(len(records) + 1, EventKind.RUN_END, **last))
    store_chunk(run, records, b"".join(shots))
    run.events, run.hits = len(records), len(shots) // 2
    run.save()
    return run
