"""Remembers what the kernel did about a #DB, keyed by all state that it read.

The kernel model is deterministic: the same exception with the same debug registers, the
same shadow state and the same task takes the same way. Only counts, flags and the watched
value differ, and those are put in again (emulator.template). Whatever changes more than
DR6 and counts is not remembered. A property test holds this against the plain path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.arch.x86.cpu_state import CpuState
from emulator.core.perf_event import PerfEvent
from emulator.events import Callee, EventKind
from emulator.photographer import Photographer, Picture
from emulator.recorder import Recorder
from emulator.repeats import Tale
from emulator.snapshot import Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF, FLAG_TF
from emulator.tasks import Task
from emulator.template import Counted, Template, counted_records
from emulator.trace.dtype import RECORD_DTYPE

#: Trees kept per run; far more than a recipe's breakpoints can make.
_KEPT = 512
_FLAGS_READ = FLAG_TF | FLAG_RF

Key = tuple[object, ...]


@dataclass(slots=True)
class _Remembered:
    template: Template
    events: list[Counted]
    counts: list[int]
    """Per event: how much the tree added to its count, once the kernel was in it."""
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
    counts: dict[Counted, int]
    before: Picture


class TreeMemory:
    """One per run."""

    def __init__(
        self,
        recorder: Recorder,
        photographer: Photographer,
        others: Callable[[], tuple[object, ...]],
    ) -> None:
        """others(): state that the kernel reads and no CPU or task holds (kgdb's)."""
        self._recorder = recorder
        self._photographer = photographer
        self._others = others
        self._known: dict[Key, _Remembered | None] = {}
        self.tallies: Mapping[int, Counted] = {}
        """Set by boot: the hits of the recipe's breakpoints that do not want them all."""

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
            thread.debugreg7,
            thread.tif_singlestep,
            *self._others(),
            cpu.regs.values[raw.EFLAGS] & _FLAGS_READ,
            bytes(cpu.regs.system_bytes),
        )

    def forget(self) -> None:
        """Something that is in no key has changed: a chain, an event's attributes."""
        self._known.clear()

    def knows(self, key: Key) -> bool:
        """replay() would tell a tree."""
        return self._known.get(key) is not None

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

    def tale(self, key: Key) -> Tale | None:
        """The known tree as emulator.repeats tells it."""
        known = self._known.get(key)
        if known is None:
            return None
        return Tale(
            known.template,
            known.events,
            known.counts,
            known.iret,
            (known.before, known.after),
            rf_after=known.image_rf,
        )

    def watch(
        self, key: Key, cpu: Cpu, state: CpuState, seq: int, before: Picture
    ) -> _Capture | None:
        """Begin to remember the tree whose root is the record about to be written."""
        if key in self._known:
            return None
        armed: list[Counted] = [e for e in state.bp_per_reg if e is not None]
        counts = {event: event.count for event in armed}
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
        counted = self._counted(table, state)
        if counted is None:
            return None
        events = list(dict.fromkeys(counted))
        others = [e for e in capture.counts if e not in events]
        if any(e.count != capture.counts[e] for e in others):
            return None
        irets = np.flatnonzero(table["kind"] == EventKind.IRET)
        return _Remembered(
            template=Template(
                records, capture.flags, [events.index(e) for e in counted]
            ),
            events=events,
            # A tally has counted the hit before the kernel heard of it.
            counts=[e.count - capture.counts.get(e, e.count) for e in events],
            dr6=cpu.unit.dr6,
            virtual_dr6=task.thread.virtual_dr6,
            image_rf=cpu.image_rf,
            iret=int(irets[-1]),
            before=capture.before,
            after=after,
        )

    def _counted(self, table: NDArray[Any], state: CpuState) -> list[Counted] | None:
        """Whose count each of counted_records shows; None: a hit changes more than it."""
        calls = (table["kind"] == EventKind.CALL) & (
            table["aux"] == Callee.overflow_handler
        )
        overflows = bool(calls.any())
        found: list[Counted] = []
        for index in counted_records(table):
            slot = int(table["slot"][index])
            if table["kind"][index] == EventKind.CONDITION:
                found.append(self.tallies[slot])
                continue
            event = state.bp_per_reg[slot]
            if event is None or not _is_alike(event, overflows):
                return None
            found.append(event)
        return found


def _is_alike(event: PerfEvent, overflows: bool) -> bool:
    """A hit changes nothing of it but its count."""
    silent = not overflows and event.counts_each_hit
    return silent or event.every_hit_is_alike
