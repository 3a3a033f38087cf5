"""What must hold in every run, judged while it happens; a violation is an event.

Facts of one exception (delivered once, no foreign stop, no stray SIGTRAP) are judged when
it returns and hang below it. Facts of a state (DR7 == cpu_dr7, armed slots and their
owners) are told when they begin to be broken, once per CPU until they hold again.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import DR_STEP
from emulator.arch.x86.exception import ExceptionFrame
from emulator.claims import Claim, claimant, ghosts, orphans
from emulator.events import NO_SLOT, EventFlag, EventKind, Invariant
from emulator.recorder import Recorder
from emulator.target.debug_unit import DebugUnit

#: Bits of DR7 that say nothing about what is armed: LE, GE, and the fixed one.
_IDLE_BITS = 0x700


@dataclass(frozen=True, slots=True)
class Violation:
    """The first event of one broken invariant."""

    name: str
    seq: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Before the kernel is told of a hit: whose the matched slots are."""

    owners: tuple[tuple[int, Claim | None], ...]
    counts: tuple[int, ...]
    stepping: bool
    """The debugger asked for a step: one stop of its own is due."""

    @property
    def of_kgdb(self) -> bool:
        """A stop is due."""
        return any(c is not None and c.of_kgdb for _, c in self.owners)


class Invariants:
    """One per run."""

    def __init__(self, recorder: Recorder, *, has_cpu_dr7: bool) -> None:
        """has_cpu_dr7: the kernel keeps a wanted DR7 per CPU (since 2.6.33)."""
        self._recorder = recorder
        self._has_cpu_dr7 = has_cpu_dr7
        self._broken: set[tuple[int, Invariant, Hashable]] = set()
        self._first: dict[Invariant, int] = {}

    @property
    def violations(self) -> list[Violation]:
        """In the order in which they came."""
        return [Violation(number.name, seq) for number, seq in self._first.items()]

    def expect(
        self,
        unit: DebugUnit,
        slots: list[int],
        believed: list[Claim],
        *,
        stepping: bool,
    ) -> Expected:
        """Whose hit this is."""
        owners = tuple((slot, claimant(unit, slot, believed)) for slot in slots)
        counts = tuple(
            c.event.count if c is not None and c.event is not None else 0
            for _, c in owners
        )
        return Expected(owners, counts, stepping)

    def judge_hit(self, expected: Expected, frame: ExceptionFrame, bits: int) -> bool:
        """At the return of a hit. True: some invariant was broken for the first time."""
        before = len(self._first)
        if expected.of_kgdb and frame.stops != 1 and not frame.user_mode:
            first = next(s for s, c in expected.owners if c is not None and c.of_kgdb)
            self._tell(Invariant.delivered_once, first, value=frame.stops, addr=first)
        for (slot, claim), count in zip(expected.owners, expected.counts, strict=True):
            if claim is not None and not claim.of_kgdb:
                self._judge_delivery(slot, claim, count, frame)
        self._judge_stop(expected, frame, bits)
        return len(self._first) > before

    def _judge_delivery(
        self, slot: int, claim: Claim, count: int, frame: ExceptionFrame
    ) -> None:
        if claim.of_tracer:
            times = frame.sigtraps
            if not frame.user_mode:
                return  # what the kernel does for a task is not the tracer's business
        elif claim.event is not None:
            attr = claim.event.attr
            excluded = attr.exclude_user if frame.user_mode else attr.exclude_kernel
            times = claim.event.count - count + excluded
        else:
            return
        if times != 1:
            self._tell(Invariant.delivered_once, slot, value=times, addr=slot)

    def _judge_stop(self, expected: Expected, frame: ExceptionFrame, bits: int) -> None:
        slot = expected.owners[0][0] if expected.owners else NO_SLOT
        due = expected.of_kgdb or expected.stepping
        if frame.stops and not due:
            self._tell(Invariant.no_foreign_stop, slot, value=frame.stops, addr=slot)
        traced = any(c is not None and c.of_tracer for _, c in expected.owners)
        if frame.sigtraps and expected.owners and not (traced or bits & DR_STEP):
            self._tell(
                Invariant.no_stray_sigtrap, slot, value=frame.thread.pid, addr=slot
            )

    def judge_state(
        self, cpu: int, unit: DebugUnit, state: CpuState, believed: list[Claim]
    ) -> None:
        """After an exception of this CPU returned, or its registers were switched."""
        if self._has_cpu_dr7:
            differ = (unit.dr7 ^ state.cpu_dr7) & ~_IDLE_BITS
            self._edge(
                cpu,
                Invariant.dr7_equals_cpu_dr7,
                None,
                bool(differ),
                value=unit.dr7,
                addr=state.cpu_dr7,
            )
        alone = {w.slot for w in orphans(unit, believed)}
        for slot in range(4):
            self._edge(
                cpu,
                Invariant.armed_has_owner,
                slot,
                slot in alone,
                slot=slot,
                value=unit.dr7,
                addr=unit.address[slot],
            )
        missing = ghosts(unit, believed)
        keys = {(c.owner, c.start, c.length, c.kind): c for c in missing}
        for key, claim in keys.items():
            self._edge(
                cpu,
                Invariant.owner_is_armed,
                key,
                True,
                slot=claim.slot,
                value=unit.dr7,
                addr=claim.start,
            )
        self._broken = {
            entry
            for entry in self._broken
            if entry[:2] != (cpu, Invariant.owner_is_armed) or entry[2] in keys
        }

    def no_progress(self, repeats: int) -> None:
        """The same exception again and again."""
        self._tell(Invariant.progress, NO_SLOT, value=repeats)

    def judge_slots(self, reserved: int, living: int) -> None:
        """At the end of a run."""
        if reserved != living:
            self._tell(Invariant.slots_conserved, NO_SLOT, value=reserved, addr=living)

    def _edge(
        self,
        cpu: int,
        number: Invariant,
        key: Hashable,
        broken: bool,
        *,
        slot: int = NO_SLOT,
        value: int,
        addr: int,
    ) -> None:
        entry = (cpu, number, key)
        if not broken:
            self._broken.discard(entry)
        elif entry not in self._broken:
            self._broken.add(entry)
            self._tell(number, slot, value=value, addr=addr)

    def _tell(self, number: Invariant, slot: int, *, value: int, addr: int = 0) -> None:
        again = number in self._first
        seq = self._recorder.emit(
            EventKind.INVARIANT,
            slot=slot,
            flags=EventFlag.REPEAT if again else 0,
            aux=number,
            value=value,
            addr=addr,
        )
        self._first.setdefault(number, seq)
