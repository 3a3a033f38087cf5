"""Joins claims and invariants with the machine: what is asked at each return, and which
watches are ghosts from now on.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.arch.x86.exception import ExceptionFrame
from emulator.claims import Claim, as_watch, claims, ghosts
from emulator.core.perf_event import KGDB_INDEX, PTRACE_INDEX
from emulator.core.slots import CpuSlots
from emulator.events import Outcome, ShadowOwner
from emulator.invariants import Expected, Invariants
from emulator.kgdb.debug_core import NOBODY, DebugCore
from emulator.processors import Processors
from emulator.recorder import Recorder
from emulator.target.comparators import MAX_GHOSTS
from emulator.target.cpu import Cpu


@dataclass(slots=True)
class _Seen:
    """State of a CPU when it was last looked at."""

    key: object = None
    ghosts: tuple[Claim, ...] = ()


class Judge:
    """One per run."""

    def __init__(
        self,
        processors: Processors,
        invariants: Invariants,
        kgdb: DebugCore | None,
        recorder: Recorder,
        *,
        not_fired: bool,
    ) -> None:
        """not_fired: watch the ghosts (recipe: checks)."""
        self._processors = processors
        self.invariants = invariants
        self._kgdb = kgdb
        self._recorder = recorder
        self._haunts = not_fired
        self._seen = [_Seen() for _ in range(processors.count)]

    @property
    def outcome_of_debugger(self) -> Outcome | None:
        """The debugger goes nowhere."""
        return None if self._kgdb is None else self._kgdb.outcome

    def held_by_debugger(self, cpu: int) -> bool:
        """The CPU waits while another one steps."""
        return self._kgdb is not None and self._kgdb.held(cpu)

    def state_of_debugger(self) -> tuple[object, ...]:
        """All of kgdb that the way of a #DB reads and no CPU holds."""
        kgdb = self._kgdb
        if kgdb is None:
            return ()
        return (kgdb.hw.table.generation, kgdb.doing_single_step, kgdb.stops)

    def expect(self, cpu: Cpu, slots: list[int]) -> Expected:
        """Before the kernel is told: whose hit it is."""
        kgdb = self._kgdb
        stepping = kgdb is not None and kgdb.doing_single_step != NOBODY
        return self.invariants.expect(
            cpu.unit, slots, self._claims(cpu.index), stepping=stepping
        )

    def hit_returned(
        self, cpu: Cpu, expected: Expected, frame: ExceptionFrame, bits: int
    ) -> bool:
        """After IRET. True: an invariant was broken for the first time in this run."""
        known = len(self.invariants.violations)
        self.invariants.judge_hit(expected, frame, bits)
        self.returned(cpu)
        return len(self.invariants.violations) > known

    def returned(self, cpu: Cpu) -> None:
        """What must hold on a CPU between exceptions."""
        self._look(cpu)

    def settle(self) -> None:
        """Between two event trees: all CPUs whose state has changed."""
        for cpu in self._processors.machine.cpus:
            if self._seen[cpu.index].key == self._key(cpu):
                continue
            if cpu.index == self._recorder.cpu:
                self._look(cpu)
            else:
                with self._processors.on(cpu.index):
                    self._look(cpu)

    def owner_of_ghost(self, cpu: Cpu, number: int) -> ShadowOwner:
        """Who believes in it."""
        return self._seen[cpu.index].ghosts[number].owner

    def end(self, view: list[CpuSlots]) -> None:
        """At the end of a run: slots that are reserved for nobody."""
        kgdb = self._kgdb
        if kgdb is None:
            return
        reserved = sum(
            KGDB_INDEX <= index < PTRACE_INDEX for cpu in view for index in cpu.own
        )
        if reserved:
            living = len(list(kgdb.hw.table.enabled())) * self._processors.count
            self.invariants.judge_slots(reserved, living)

    def no_progress(self, repeats: int) -> None:
        """A livelock."""
        self.invariants.no_progress(repeats)

    def _look(self, cpu: Cpu) -> None:
        seen, key = self._seen[cpu.index], self._key(cpu)
        if seen.key == key:
            return
        believed = self._claims(cpu.index)
        state = self._processors.states[cpu.index]
        if self._kgdb is None or not self._kgdb.held(cpu.index):
            self.invariants.judge_state(cpu.index, cpu.unit, state, believed)
        seen.ghosts = tuple(ghosts(cpu.unit, believed)[:MAX_GHOSTS])
        if self._haunts:
            cpu.unit.haunt(tuple(as_watch(c) for c in seen.ghosts))
        seen.key = self._key(cpu)

    def _key(self, cpu: Cpu) -> object:
        kgdb, thread = self._kgdb, self._processors.thread(cpu.index)
        return (
            cpu.unit.generation,
            self._processors.states[cpu.index].generation,
            0 if kgdb is None else kgdb.hw.table.generation,
            thread,
            thread.debugreg7,
        )

    def _claims(self, cpu: int) -> list[Claim]:
        table = None if self._kgdb is None else self._kgdb.hw.table
        processors = self._processors
        return claims(processors.states[cpu], processors.thread(cpu), table)
