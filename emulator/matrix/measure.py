"""Reads one word off a run: counts of stops, registers after a return, replies.

Words are those of decisions D14. A measure knows events only, never a variant or a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.engine import RunResult
from emulator.events import Callee, EventKind, Outcome
from emulator.matrix.scenarios import NOT_APPLICABLE
from emulator.snapshot import Moment
from emulator.trace.record import Record, unpack_records
from emulator.trace.registers import Snapshot, unpack_snapshots
from emulator.wire import Batch

_SIGTRAP = 5
_KGDB_EVENT = 0x100
_FROM_KGDB = 1
_SLOTS = 4

Measure = Mapping[str, Any]


@dataclass(slots=True)
class Run:
    """A short run, read into memory."""

    records: list[Record] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    texts: dict[int, bytes] = field(default_factory=dict)
    result: RunResult | None = None

    def take(self, batch: Batch) -> None:
        """The sink."""
        self.records += unpack_records(batch.records)
        self.snapshots += unpack_snapshots(batch.snapshots)
        for seq, _stream, data in batch.texts:
            self.texts[seq] = data

    def of(self, kind: EventKind) -> list[Record]:
        """Events of one kind."""
        return [r for r in self.records if r.kind == kind]

    def stops(self) -> list[Record]:
        """What the debugger was told."""
        return self.of(EventKind.DEBUGGER_STOP)

    def root(self, record: Record) -> Record:
        """The event at the top of a record's tree."""
        while record.cause:
            record = self.records[record.cause - 1]
        return record


def read_word(run: Run, measure: Measure, places: Mapping[str, int]) -> str:
    """The answer of a run, one word."""
    ended = _by_outcome(run)
    if ended and measure["kind"] in _MEASURES_OF_PROGRESS:
        return ended
    return _MEASURES[measure["kind"]](run, measure, places)


def _by_outcome(run: Run) -> str:
    assert run.result is not None
    if run.result.outcome in (Outcome.livelock, Outcome.restops):
        return run.result.outcome.name
    return ""


def _stops(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    count = len(run.stops()) - measure["after"]
    return f"stops:{count}" if count else str(measure["zero"])


def _count(run: Run, _measure: Measure, _places: Mapping[str, int]) -> str:
    counted = [
        r
        for r in run.of(EventKind.CALL)
        if r.aux == Callee.perf_bp_event and r.addr == _KGDB_EVENT
    ]
    return f"count:{counted[-1].value}" if counted else NOT_APPLICABLE


def _extra_stops(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    stops = run.stops()
    if len(stops) < measure["stop"] or not _by_hit(run, stops[measure["stop"] - 1]):
        return NOT_APPLICABLE
    first = stops[measure["stop"] - 1]
    later = stops[measure["stop"] :]
    same = [s for s in later if (s.rip, s.retired) == (first.rip, first.retired)]
    return f"extra:{len(same)}"


def _armed_after(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    """After the stop, is what kgdb wants what the hardware has?"""
    stops = run.stops()
    if len(stops) < measure["stop"]:
        return NOT_APPLICABLE
    stop = stops[measure["stop"] - 1]
    if measure["by"] == "hit" and not _by_hit(run, stop):
        return NOT_APPLICABLE
    for shot in run.snapshots:
        later = shot.seq > stop.seq and shot.moment == Moment.after_iret
        if later and shot.cpu == measure["cpu"]:
            return "ok" if _armed(shot) == _wanted(shot) else "stale"
    return NOT_APPLICABLE


def _armed(shot: Snapshot) -> set[tuple[int, int]]:
    """(address, control nibble) of the enabled slots."""
    words = shot.words
    dr7 = words["dr7"]
    return {
        (words[f"dr{slot}"], dr7 >> (16 + 4 * slot) & 15)
        for slot in range(_SLOTS)
        if dr7 >> 2 * slot & 3
    }


def _wanted(shot: Snapshot) -> set[tuple[int, int]]:
    """The same of kgdb's table."""
    words = shot.words
    found = set()
    for index in range(_SLOTS):
        meta = words["breakinfo_meta"] >> 16 * index & 0xFFFF
        if meta >> 8 & 1:
            nibble = (meta >> 4 & 3) | (meta & 0xC)
            found.add((words[f"breakinfo{index}"], nibble))
    return found


def _stops_at_foreign(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    """Does the debugger stop where perf's breakpoint of the recipe hit?"""
    registered = run.of(EventKind.BREAKPOINT_REGISTERED)
    mine = [r for r in registered if r.slot < _KGDB_EVENT & 0xFF or r.slot < 64]
    if not mine or any(r.ret for r in mine):
        return NOT_APPLICABLE
    address = mine[-1].addr
    at_it = [
        s
        for s in run.stops()[measure["after"] :]
        if run.root(s).kind == EventKind.HIT and run.root(s).addr == address
    ]
    return "yes" if at_it else "no"


def _stops_at_all(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    return "yes" if len(run.stops()) > measure["after"] else "no"


def _stops_at(run: Run, measure: Measure, places: Mapping[str, int]) -> str:
    """Does the debugger stop where the added breakpoint hit?"""
    stops = run.stops()
    if len(stops) < measure["stop"] or not _by_hit(run, stops[measure["stop"] - 1]):
        return NOT_APPLICABLE
    address = places[measure["place"]]
    later = stops[measure["stop"] :]
    return "yes" if any(run.root(s).addr == address for s in later) else "no"


def _sigtrap_only(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    signals = [s for s in run.of(EventKind.SIGNAL) if s.value == _SIGTRAP]
    if len(run.stops()) > measure["after"]:
        return f"stops:{len(run.stops()) - measure['after']}"
    return "ok" if len(signals) == 1 else "lost"


def _sigtrap(run: Run, _measure: Measure, _places: Mapping[str, int]) -> str:
    signals = [s for s in run.of(EventKind.SIGNAL) if s.value == _SIGTRAP]
    return "yes" if signals else "no"


def _fires(run: Run, _measure: Measure, _places: Mapping[str, int]) -> str:
    """Does the access raise #DB, or does it pass unseen?"""
    return "no" if run.of(EventKind.NOT_FIRED) else _hit_or_not(run)


def _hit_or_not(run: Run) -> str:
    kernel_hits = [h for h in run.of(EventKind.HIT) if not h.flags & 1]
    return "yes" if kernel_hits else "no"


def _reply(run: Run, measure: Measure, _places: Mapping[str, int]) -> str:
    """What the stub answered to the last packet of a stop that got an answer."""
    stops = run.stops()
    if len(stops) < measure["stop"]:
        return NOT_APPLICABLE
    seq = stops[measure["stop"] - 1].seq
    replies = [
        run.texts[r.seq].decode()
        for r in run.of(EventKind.PACKET)
        if r.aux == _FROM_KGDB and r.cause == seq
    ]
    if not replies:
        return NOT_APPLICABLE
    return "ok" if replies[-1] == "OK" else replies[-1]


def _by_hit(run: Run, stop: Record) -> bool:
    return run.root(stop).kind == EventKind.HIT


_MEASURES: Mapping[str, Callable[[Run, Measure, Mapping[str, int]], str]] = {
    "stops": _stops,
    "count": _count,
    "extra_stops": _extra_stops,
    "armed_after": _armed_after,
    "stops_at_foreign": _stops_at_foreign,
    "stops_at_all": _stops_at_all,
    "stops_at": _stops_at,
    "sigtrap_only": _sigtrap_only,
    "sigtrap": _sigtrap,
    "fires": _fires,
    "reply": _reply,
}
#: Where a CPU that goes nowhere is the answer.
_MEASURES_OF_PROGRESS = ("stops", "sigtrap", "sigtrap_only")
