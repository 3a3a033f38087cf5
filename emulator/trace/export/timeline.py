"""A run as a timeline: tracks for each CPU, with slices, instants and counters on them.

Chrome's JSON and Perfetto's protobuf are two spellings of what comes from here. What the
kernel model does takes no time (docs/events.md), so on the clock of retired instructions
a stop in kgdb has no width; on the clock of seq each event is one microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from emulator.events import EventFlag, EventKind, Outcome
from emulator.trace.dtype import Array
from emulator.trace.export.block import Block, Blocks, Names
from emulator.trace.names import (
    enum_name,
    exception_name,
    invariant_in_words,
    signal_name,
)
from emulator.trace.record import Record

_SLOTS = 4
_DR7 = 7
_NS_PER_EVENT = 1000
_KINDS = {int(kind): kind.name for kind in EventKind}
#: Told without a query; a query decides alone.
_TOLD = np.array(
    [
        *(EventKind.HIT, EventKind.NOT_FIRED, EventKind.INVARIANT, EventKind.SIGNAL),
        *(EventKind.FAULT, EventKind.INT3, EventKind.INTERRUPT, EventKind.OUTPUT),
        *(EventKind.DEBUGGER_STOP, EventKind.LIVELOCK, EventKind.RESTOPS),
        *(EventKind.LIMIT, EventKind.RUN_END, EventKind.TASK_START),
        *(EventKind.TASK_EXIT, EventKind.TASK_FORK, EventKind.TASK_EXEC),
        *(EventKind.BREAKPOINT_REGISTERED, EventKind.BREAKPOINT_UNREGISTERED),
        *(EventKind.BREAKPOINT_CHANGED, EventKind.ACTION, EventKind.PTRACE_STOP),
    ],
    "<u2",
)
_WINDOWS = np.array(
    [
        *(EventKind.KGDB_ENTER, EventKind.KGDB_LEAVE),
        *(EventKind.VM_ENTRY, EventKind.VM_EXIT),
    ],
    "<u2",
)


class Clock(StrEnum):
    """What the time axis counts."""

    RETIRED = "retired"
    """Instructions of that CPU, one nanosecond each."""
    SEQ = "seq"
    """Events of the run, one microsecond each."""


class Word(int):
    """A 64-bit word that people read in hexadecimal."""


Args = dict[str, int | str]


class Track(NamedTuple):
    """A lane of one CPU; counters are lanes of their own."""

    cpu: int
    lane: int
    name: str
    counter: bool = False


class Mark(NamedTuple):
    """begin and end of a slice, an instant, or a new value of a counter."""

    phase: str
    """``B``, ``E``, ``I`` or ``C``."""
    track: Track
    time: int
    """Nanoseconds."""
    name: str = ""
    args: Args = {}
    value: int = 0


@dataclass(slots=True)
class _Cpu:
    """What is open on one CPU."""

    number: int
    task: int | None = None
    last: int = 0
    open: dict[str, int] = field(default_factory=dict)
    dr7: tuple[int, int] | None = None
    """(time, value) that is not told yet."""
    told_dr7: int | None = None

    def lane(self, lane: int, name: str, *, counter: bool = False) -> Track:
        return Track(self.number, lane, name, counter)


class Timeline:
    """Marks of blocks as they come, in the order of the events on each track."""

    def __init__(self, names: Names, clock: Clock, *, all_that_pass: bool) -> None:
        self._names = names
        self._clock = clock
        self._all = all_that_pass
        self._cpus: dict[int, _Cpu] = {}

    def marks(self, blocks: Blocks) -> Iterator[Mark]:
        """All marks; what is still open at the end ends with its CPU's last event."""
        for block in blocks:
            yield from self._block(block)
        for cpu in self._cpus.values():
            yield from self._close(cpu)

    def _block(self, block: Block) -> Iterator[Mark]:
        records = block.records
        told = block.passes.copy()
        if not self._all:
            told &= np.isin(records["kind"], _TOLD)
        dr7 = (records["kind"] == EventKind.DR_WRITE) & (records["slot"] == _DR7)
        windows = np.isin(records["kind"], _WINDOWS)
        switched = self._switches(records)
        rows = np.flatnonzero(told | dr7 | windows | switched)
        # Plain numbers: a field of a numpy record costs ten times as much.
        for fields, is_told, is_dr7, is_window, is_switch, hit in zip(
            records[rows].tolist(),
            *(part[rows].tolist() for part in (told, dr7, windows, switched)),
            block.hits[rows].tolist(),
            strict=True,
        ):
            event = Record._make(fields)
            cpu = self._cpus[event.cpu]
            time = self._time(event)
            if is_switch:
                yield from self._switch(cpu, time, event.task)
            if is_window:
                yield from self._window(cpu, time, event)
            if is_dr7:
                yield from self._dr7(cpu, time, event.value)
            if is_told:
                yield self._instant(cpu, time, event, hit)
        self._note_last(records)

    def _time(self, event: Record) -> int:
        if self._clock is Clock.SEQ:
            return event.seq * _NS_PER_EVENT
        return event.retired

    def _switches(self, records: Array) -> Array:
        """Where another task than before is on the CPU."""
        found: Array = np.zeros(len(records), bool)
        for number in np.unique(records["cpu"]):
            cpu = self._cpus.setdefault(int(number), _Cpu(int(number)))
            rows = np.flatnonzero(records["cpu"] == number)
            tasks = records["task"][rows]
            found[rows[1:]] = tasks[1:] != tasks[:-1]
            found[rows[0]] = cpu.task is None or int(tasks[0]) != cpu.task
        return found

    def _note_last(self, records: Array) -> None:
        for number in np.unique(records["cpu"]):
            row = int(np.flatnonzero(records["cpu"] == number)[-1])
            event = Record._make(records[row].item())
            self._cpus[int(number)].last = self._time(event)

    def _switch(self, cpu: _Cpu, time: int, task: int) -> Iterator[Mark]:
        lane = cpu.lane(1, "task")
        if cpu.task is not None:
            yield Mark("E", lane, time)
        yield Mark("B", lane, time, self._names.task(task), {"pid": task})
        cpu.task = task

    def _window(self, cpu: _Cpu, time: int, event: Record) -> Iterator[Mark]:
        kind = event.kind
        name = "kgdb" if kind in (EventKind.KGDB_ENTER, EventKind.KGDB_LEAVE) else "vm"
        lane = cpu.lane(2, "kgdb") if name == "kgdb" else cpu.lane(3, "guest")
        if kind in (EventKind.KGDB_ENTER, EventKind.VM_ENTRY):
            cpu.open[name] = cpu.open.get(name, 0) + 1
            yield Mark("B", lane, time, *_window_words(kind, event))
        elif cpu.open.get(name):
            cpu.open[name] -= 1
            yield Mark("E", lane, time)

    def _dr7(self, cpu: _Cpu, time: int, value: int) -> Iterator[Mark]:
        if cpu.dr7 is not None and cpu.dr7[0] != time:
            yield from self._tell_dr7(cpu)
        cpu.dr7 = (time, value)

    def _tell_dr7(self, cpu: _Cpu) -> Iterator[Mark]:
        """The value that a moment ends with: nothing can be seen between two writes at
        the same time, and a value that is back was never away."""
        if cpu.dr7 is None:
            return
        time, value = cpu.dr7
        cpu.dr7 = None
        if value != cpu.told_dr7:
            cpu.told_dr7 = value
            yield Mark("C", cpu.lane(9, "DR7", counter=True), time, "DR7", value=value)

    def _instant(self, cpu: _Cpu, time: int, event: Record, hit: int) -> Mark:
        kind = event.kind
        args: Args = {"seq": event.seq}
        if kind == EventKind.HIT:
            slot = event.slot % _SLOTS
            name, more = self._hit(event, hit)
            return Mark(
                "I", cpu.lane(4 + slot, f"slot {slot}"), time, name, args | more
            )
        name = _instant_name(kind, event)
        args |= {
            "rip": Word(event.rip),
            "at": self._names.place(event.rip),
            "addr": Word(event.addr),
            "value": Word(event.value),
            "ret": event.ret,
        }
        return Mark("I", cpu.lane(8, "events"), time, name, args)

    def _hit(self, event: Record, hit: int) -> tuple[str, Args]:
        flags = event.flags
        kinds = [
            flag.name.lower()
            for flag in (EventFlag.EXECUTE, EventFlag.WRITE, EventFlag.READ)
            if flag.name and flags & flag
        ]
        place = self._names.place(event.addr)
        return place, {
            "hit": hit,
            "kind": " ".join(kinds),
            "rip": Word(event.rip),
            "at": self._names.place(event.rip),
            "addr": Word(event.addr),
            "value": Word(event.value),
            "task": event.task,
        }

    def _close(self, cpu: _Cpu) -> Iterator[Mark]:
        yield from self._tell_dr7(cpu)
        for name, lane in (
            ("kgdb", cpu.lane(2, "kgdb")),
            ("vm", cpu.lane(3, "guest")),
        ):
            for _ in range(cpu.open.get(name, 0)):
                yield Mark("E", lane, cpu.last)
        if cpu.task is not None:
            yield Mark("E", cpu.lane(1, "task"), cpu.last)


def _window_words(kind: int, event: Record) -> tuple[str, Args]:
    seq = event.seq
    if kind == EventKind.VM_ENTRY:
        return "guest", {"seq": seq, "guest_dr7": Word(event.value)}
    slave = bool(event.flags & EventFlag.SLAVE)
    name = "kgdb, rounded up" if slave else "kgdb"
    return name, {"seq": seq, "exception": exception_name(event.value)}


def _instant_name(kind: int, event: Record) -> str:
    if kind == EventKind.SIGNAL:
        return signal_name(event.value)
    if kind == EventKind.FAULT:
        return exception_name(event.value)
    if kind == EventKind.INVARIANT:
        return invariant_in_words(event.aux)
    if kind == EventKind.RUN_END:
        return f"end: {enum_name(Outcome, event.aux)}"
    return _KINDS.get(kind, f"kind {kind}").lower().replace("_", " ")
