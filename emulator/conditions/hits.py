"""The recipe's conditions at the hits of a run: whose hit it is, what becomes of it.

Which breakpoint a slot belongs to is asked of the kernel's own books (emulator.claims)
and kept until one of them changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emulator.arch.x86.exception import Thread
from emulator.claims import Claim, claimant, claims
from emulator.conditions.place import CpuAtHit
from emulator.conditions.tally import Judged, Tally
from emulator.core.perf_event import PTRACE_INDEX
from emulator.events import ConditionResult, EventKind
from emulator.kgdb.breakinfo import BreakInfoTable
from emulator.processors import Processors
from emulator.recorder import Recorder
from emulator.target.cpu import Cpu
from emulator.target.debug_unit import Watch
from emulator.target.debugreg import DR6_BS, SLOTS, ReadWrite

#: Stream of the side table that holds remarks of the model (docs/events.md).
REMARK_STREAM = 3
#: The selective breakpoints of a hit by their index, and what became of it.
Judgements = Sequence[tuple[int, Judged]]
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Owner:
    """Who an armed slot belongs to; breakpoint: index in the recipe when it is selective."""

    claim: Claim
    watch: Watch
    breakpoint: int | None


@dataclass(slots=True)
class _Seen:
    """The armed slots of a CPU when its books had this key."""

    key: object = None
    owners: tuple[_Owner | None, ...] = ()


class HitConditions:
    """One per run of a recipe that has selective breakpoints."""

    def __init__(
        self,
        tallies: Mapping[int, Tally],
        tracers: Mapping[tuple[int, int], int],
        processors: Processors,
        table: BreakInfoTable | None,
    ) -> None:
        """tallies: by index in the recipe. tracers: index of a tracer's breakpoint by the
        pid of its task and the number of its register. table: kgdb's."""
        self.tallies = tallies
        self._tracers = tracers
        self._processors = processors
        self._table = table
        self._entries: dict[int, tuple[int, int]] = {}
        self._seen = [_Seen() for _ in range(processors.count)]
        self._spares = False
        self._due: list[int] = []
        self._due_at_stop: list[int] = []
        self.end: Callable[[int], None] = lambda index: None
        """Set by boot: disables a breakpoint through its owner's own call."""

    def set_by_kgdb(self, index: int, entry: int, address: int) -> None:
        """The recipe's breakpoint stands in that entry of breakinfo[], until another
        address does."""
        self._entries[entry] = (index, address)
        for seen in self._seen:
            seen.key = None

    # At a hit.

    def judge(self, cpu: Cpu, bits: int, *, user: bool) -> Judgements:
        """The selective breakpoints among those that matched, each with what becomes of
        the hit. Registers are loaded; user: it hit in user mode."""
        owners = [o for n, o in enumerate(self._owners(cpu)) if o and bits >> n & 1]
        found: list[tuple[int, Judged]] = []
        spared = not bits & DR6_BS and any(o.claim.of_kgdb for o in owners)
        for owner in owners:
            judged = None
            if owner.breakpoint is not None and not _excluded(owner.claim, user):
                judged = self._judged(cpu, owner, owner.breakpoint)
                found.append((owner.breakpoint, judged))
            if owner.claim.of_kgdb and (judged is None or judged.is_wanted):
                spared = False
        self._spares = spared
        return found

    def spares(self) -> bool:
        """kgdb's breakpoints hit, and nobody wants to hear of them."""
        return self._spares

    # What a limit brings.

    def stop_is_over(self) -> None:
        """kgdb still has the machine: its own breakpoints end here."""
        self._carry_out(self._due_at_stop)

    def hit_is_over(self) -> None:
        """The others end when the hit has returned."""
        self._spares = False
        self._carry_out(self._due)

    def _carry_out(self, due: list[int]) -> None:
        while due:
            self.end(due.pop(0))

    # Parts.

    def _judged(self, cpu: Cpu, owner: _Owner, index: int) -> Judged:
        tally, processors = self.tallies[index], self._processors
        place = CpuAtHit(
            cpu, processors.states[cpu.index], processors.thread(cpu.index)
        )
        judged = tally.judge(place, _watched(cpu, owner.watch))
        if judged.result is ConditionResult.last:
            due = self._due_at_stop if owner.claim.of_kgdb else self._due
            if index not in due:
                due.append(index)
        return judged

    def _owners(self, cpu: Cpu) -> tuple[_Owner | None, ...]:
        state, table = self._processors.states[cpu.index], self._table
        thread = self._processors.thread(cpu.index)
        seen = self._seen[cpu.index]
        key = (
            cpu.unit.generation,
            state.generation,
            0 if table is None else table.generation,
            thread,
            thread.debugreg7,
        )
        if seen.key != key:
            believed = claims(state, thread, table)
            seen.owners = tuple(
                self._owner(cpu, slot, believed, thread) for slot in range(SLOTS)
            )
            seen.key = key
        return seen.owners

    def _owner(
        self, cpu: Cpu, slot: int, believed: list[Claim], thread: Thread
    ) -> _Owner | None:
        watch = cpu.unit.watch(slot)
        claim = claimant(cpu.unit, slot, believed) if watch.enabled else None
        if claim is None:
            return None
        index = self._index(claim, thread)
        return _Owner(claim, watch, index if index in self.tallies else None)

    def _index(self, claim: Claim, thread: Thread) -> int | None:
        """In the recipe."""
        if claim.of_kgdb:
            return self._index_of_entry(claim.entry)
        if claim.event is None:
            return self._tracers.get((thread.pid, claim.slot))
        if claim.event.index >= PTRACE_INDEX:
            return self._tracers.get(divmod(claim.event.index - PTRACE_INDEX, SLOTS))
        return claim.event.index

    def _index_of_entry(self, entry: int) -> int | None:
        index, address = self._entries.get(entry, (None, 0))
        if self._table is None or self._table.entries[entry].addr != address:
            return None
        return index


def _excluded(claim: Claim, user: bool) -> bool:
    """perf leaves hits from there out."""
    if claim.event is None:
        return False
    attr = claim.event.attr
    return attr.exclude_user if user else attr.exclude_kernel


def _watched(cpu: Cpu, watch: Watch) -> int | None:
    """The watched bytes; None for an execute breakpoint."""
    if watch.kind is ReadWrite.EXECUTE:
        return None
    physical = cpu.space.translate(watch.start)
    if physical is None:
        return None
    return int.from_bytes(cpu.space.ram.read(physical, watch.length), "little")


def key_of(key: Key | None, found: Judgements) -> Key | None:
    """A key of emulator.remember with what became of the hit; None where its tree is not
    to be remembered."""
    if key is None or any(j.is_unique for _, j in found):
        return None
    return (*key, *((index, j.ret, j.result) for index, j in found))


def tell(recorder: Recorder, found: Judgements) -> None:
    """Below the hit that was opened last."""
    for index, judged in found:
        seq = recorder.emit(
            EventKind.CONDITION,
            slot=index,
            aux=judged.result,
            value=judged.hits,
            ret=judged.ret,
        )
        if judged.remark:
            recorder.text(seq, REMARK_STREAM, judged.remark.encode())
