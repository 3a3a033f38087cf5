"""Remembers what the kernel did about a #DB, keyed by all state that it read.

The kernel model is deterministic: the same exception with the same debug registers, the
same shadow state and the same task takes the same way. Only counts, flags and the watched
value differ, and those are put in again (emulator.template). Whatever changes more than
DR6 and counts is not remembered. A property test holds this against the plain path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.arch.x86.cpu_state import CpuState
from emulator.core.perf_event import PerfEvent
from emulator.events import EventKind
from emulator.photographer import Photographer, Picture
from emulator.recorder import Recorder
from emulator.snapshot import Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF, FLAG_TF
from emulator.tasks import Task
from emulator.template import Template, counted_records
from emulator.trace.dtype import RECORD_DTYPE

#: Trees kept per run; far more than a recipe's breakpoints can make.
_KEPT = 512
_FLAGS_READ = FLAG_TF | FLAG_RF

Key = tuple[object, ...]


@dataclass(slots=True)
class _Remembered:
    template: Template
    events: list[PerfEvent]
    counts: list[int]
    """Per event: how much the tree added to its count."""
    dr6: int
    virtual_dr6: int
    image_rf: bool
    iret: int
    """Place of the IRET record in the tree."""
    before: Picture
    after: Picture


@dataclass(slots=True)
class _Capture:
    key: Key
    seq: int
    flags: int
    dr7: int
    generation: int
    counts: dict[PerfEvent, int]
    before: Picture


class TreeMemory:
    """One per run."""

    def __init__(self, recorder: Recorder, photographer: Photographer) -> None:
        self._recorder = recorder
        self._photographer = photographer
        self._known: dict[Key, _Remembered | None] = {}

    def key(self, cpu: Cpu, task: Task, state: CpuState, bits: int, fault: bool) -> Key:
        """All state that the kernel reads on its way."""
        unit, thread = cpu.unit, task.thread
        return (
            bits,
            fault,
            cpu.image_rf,
            cpu.accessed,
            unit.dr6,
            unit.dr7,
            *unit.address,
            state,
            state.generation,
            thread,
            thread.virtual_dr6,
            thread.ptrace_dr7,
            cpu.regs.values[raw.EFLAGS] & _FLAGS_READ,
            bytes(cpu.regs.system_bytes),
        )

    def replay(self, key: Key, cpu: Cpu, task: Task, value: int) -> bool:
        """Tell the tree again. False: it is not known; value is what the root shows."""
        known = self._known.get(key)
        if known is None:
            return False
        recorder, values = self._recorder, cpu.regs.values
        for event, more in zip(known.events, known.counts, strict=True):
            event.count += more
        flags = values[raw.EFLAGS] | (FLAG_RF if cpu.image_rf else 0)
        seq = recorder.replay(
            known.template,
            cpu.now,
            values[raw.RIP],
            value,
            flags,
            [event.count for event in known.events],
        )
        take = self._photographer.again
        take(known.before, seq, Moment.hit_entry, cpu)
        cpu.unit.dr6 = known.dr6
        task.thread.virtual_dr6 = known.virtual_dr6
        cpu.image_rf = known.image_rf
        take(known.after, seq + known.iret, Moment.after_iret, cpu)
        return True

    def watch(
        self, key: Key, cpu: Cpu, state: CpuState, seq: int, before: Picture
    ) -> _Capture | None:
        """Begin to remember the tree whose root is the record about to be written."""
        if key in self._known:
            return None
        counts = {event: event.count for event in state.bp_per_reg if event is not None}
        flags = cpu.regs.values[raw.EFLAGS] | (FLAG_RF if cpu.image_rf else 0)
        return _Capture(key, seq, flags, cpu.unit.dr7, state.generation, counts, before)

    def keep(
        self, capture: _Capture, cpu: Cpu, task: Task, state: CpuState, after: Picture
    ) -> None:
        """End of the tree: remember it when nothing but DR6 and counts has changed."""
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[capture.key] = self._remembered(capture, cpu, task, state, after)

    def _remembered(
        self, capture: _Capture, cpu: Cpu, task: Task, state: CpuState, after: Picture
    ) -> _Remembered | None:
        changed = cpu.changed or cpu.unit.dr7 != capture.dr7
        changed = changed or state.generation != capture.generation
        records = self._recorder.records_from(capture.seq)
        if changed or records is None:
            return None
        table = np.frombuffer(records, RECORD_DTYPE)
        events: list[PerfEvent] = []
        columns = []
        for index in counted_records(table):
            event = state.bp_per_reg[int(table["slot"][index])]
            if event is None or event.overflow_handler is not None:
                return None
            if event not in events:
                events.append(event)
            columns.append(events.index(event))
        others = [e for e in capture.counts if e not in events]
        if any(e.count != capture.counts[e] for e in others):
            return None
        irets = np.flatnonzero(table["kind"] == EventKind.IRET)
        return _Remembered(
            template=Template(records, capture.flags, columns),
            events=events,
            counts=[e.count - capture.counts[e] for e in events],
            dr6=cpu.unit.dr6,
            virtual_dr6=task.thread.virtual_dr6,
            image_rf=cpu.image_rf,
            iret=int(irets[-1]),
            before=capture.before,
            after=after,
        )
