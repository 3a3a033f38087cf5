"""Who believes that which address is watched, beside what the hardware has armed.

The kernel's shadow state (bp_per_reg[], cpu_dr7, cpu_debugreg[]), kgdb's breakinfo[] and,
to 2.6.32, the task's own registers make claims. A claim that no enabled slot fulfils is a
ghost; an enabled slot that nobody claims is an orphan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import X86_BREAKPOINT_EXECUTE, bytes_of
from emulator.arch.x86.exception import Thread
from emulator.core.perf_event import KGDB_INDEX, PTRACE_INDEX, PerfEvent
from emulator.events import NO_SLOT, ShadowOwner
from emulator.kgdb.breakinfo import BreakInfo, BreakInfoTable
from emulator.target.debug_unit import DebugUnit, Watch
from emulator.target.debugreg import SLOTS, ReadWrite, is_enabled, length, read_write


@dataclass(frozen=True, slots=True)
class Claim:
    """start is where the comparator would look: aligned down to the length."""

    owner: ShadowOwner
    start: int
    length: int
    kind: ReadWrite
    slot: int
    """The slot of the shadow state, NO_SLOT when it names none."""
    event: PerfEvent | None = None
    """perf's, where it has one."""
    entry: int = NO_SLOT
    """kgdb's: the index in breakinfo[]."""

    @property
    def of_tracer(self) -> bool:
        """A ptrace breakpoint of the current task."""
        if self.owner is ShadowOwner.thread:
            return True
        return self.event is not None and self.event.index >= PTRACE_INDEX

    @property
    def of_kgdb(self) -> bool:
        """The debugger's."""
        return self.owner is ShadowOwner.kgdb

    def fulfilled_by(self, watch: Watch) -> bool:
        """The hardware watches just this."""
        return (watch.start, watch.length, watch.kind) == (
            self.start,
            self.length,
            self.kind,
        )


def claims(
    state: CpuState, thread: Thread, table: BreakInfoTable | None
) -> list[Claim]:
    """All claims on one CPU at this moment."""
    found = _of_perf(state)
    if table is not None:
        seen = {(c.start, c.length, c.kind) for c in found if c.of_kgdb}
        found += [
            c
            for c in map(_of_entry, table.enabled())
            if (c.start, c.length, c.kind) not in seen
        ]
    return found + _of_thread(thread)


def ghosts(unit: DebugUnit, believed: Iterable[Claim]) -> list[Claim]:
    """Claims that no enabled slot fulfils."""
    armed = armed_watches(unit)
    return [c for c in believed if not any(c.fulfilled_by(w) for w in armed)]


def orphans(unit: DebugUnit, believed: Iterable[Claim]) -> list[Watch]:
    """Enabled slots that nobody claims."""
    wanted = list(believed)
    return [
        w for w in armed_watches(unit) if not any(c.fulfilled_by(w) for c in wanted)
    ]


def armed_watches(unit: DebugUnit) -> list[Watch]:
    """The enabled slots."""
    return [watch for watch in unit.watches() if watch.enabled]


def claimant(unit: DebugUnit, slot: int, believed: Iterable[Claim]) -> Claim | None:
    """Whose a slot of the hardware is: by its number first, then by what it watches."""
    watch = unit.watch(slot)
    mine = [c for c in believed if c.fulfilled_by(watch)]
    return next((c for c in mine if c.slot == slot), mine[0] if mine else None)


def as_watch(claim: Claim) -> Watch:
    """A claim for DebugUnit.haunt."""
    return Watch(claim.slot, claim.start, claim.length, claim.kind, True)


def _of_perf(state: CpuState) -> list[Claim]:
    found = []
    for slot, event in enumerate(state.bp_per_reg):
        if event is not None:
            kgdb = KGDB_INDEX <= event.index < PTRACE_INDEX
            owner = ShadowOwner.kgdb if kgdb else ShadowOwner.perf
            entry = event.index - KGDB_INDEX if kgdb else NO_SLOT
            found.append(
                _claim(
                    owner,
                    event.info.address,
                    event.info.len,
                    event.info.type,
                    slot,
                    event,
                    entry,
                )
            )
    return found


def _of_entry(entry: BreakInfo) -> Claim:
    return _claim(
        ShadowOwner.kgdb,
        entry.addr,
        entry.len,
        entry.type,
        NO_SLOT,
        None,
        entry.index,
    )


def _of_thread(thread: Thread) -> list[Claim]:
    """2.6.32: thread.debugreg*."""
    found = []
    dr7 = thread.debugreg7
    for slot in range(SLOTS):
        if is_enabled(dr7, slot):
            kind = read_write(dr7, slot)
            size = 1 if kind is ReadWrite.EXECUTE else length(dr7, slot)
            start = thread.debugreg[slot] & ~(size - 1)
            found.append(Claim(ShadowOwner.thread, start, size, kind, slot))
    return found


def _claim(
    owner: ShadowOwner,
    address: int,
    encoded_length: int,
    encoded_type: int,
    slot: int,
    event: PerfEvent | None,
    entry: int = NO_SLOT,
) -> Claim:
    execute = encoded_type == X86_BREAKPOINT_EXECUTE
    size = 1 if execute else bytes_of(encoded_length)
    kind = ReadWrite(encoded_type & 3)
    return Claim(owner, address & ~(size - 1), size, kind, slot, event, entry)
