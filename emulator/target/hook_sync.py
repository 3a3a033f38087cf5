"""Keeps an engine's hooks, TLB and translations equal to the architectural state."""

from __future__ import annotations

from emulator.target import raw
from emulator.target.branch_step import BranchStep
from emulator.target.code_watch import CodeWatch
from emulator.target.comparators import Comparators
from emulator.target.debug_unit import DebugUnit
from emulator.target.onlookers import Onlookers
from emulator.target.paging import AddressSpace
from emulator.target.raw import RawEngine, Registers
from emulator.target.stepper import Stepper
from emulator.target.watchhooks import WatchHooks


class HookSync:
    """One CPU's."""

    def __init__(
        self,
        engine: RawEngine,
        regs: Registers,
        unit: DebugUnit,
        comparators: Comparators,
        onlookers: Onlookers,
        step: Stepper,
        hooks: WatchHooks,
        branches: BranchStep,
    ) -> None:
        self._engine = engine
        self._regs = regs
        self._unit = unit
        self._comparators = comparators
        self._onlookers = onlookers
        self._step = step
        self._hooks = hooks
        self._branches = branches
        self._seen = (0, -1)  # root and generation that TLB and hooks follow
        self._special_version = -1
        self._emulated: frozenset[int] = frozenset()
        self._probes: frozenset[int] = frozenset()
        self.special: frozenset[int] = frozenset()
        """Addresses at which a code hook has more to do than to end an instruction."""
        self.code_watch: CodeWatch | None = None
        self.code_is_stale = False

    def sync(self, space: AddressSpace, emulated: frozenset[int]) -> None:
        """Outside the engine: make everything follow registers and page tables."""
        comparators = self._comparators
        comparators.refresh(space)
        self.refresh_special(emulated)
        addresses = set(self.special)
        addresses.update(self._step.successors.values())
        stale = self._hooks.sync(addresses, comparators.pieces) or self.code_is_stale
        stale = self._branches.sync(self._unit.branch_step) or stale
        seen = (space.root, space.generation)
        if seen != self._seen:
            self._seen = seen
            self._regs.write(raw.CR3, space.root)  # flushes the TLB
            if self.code_watch is not None:
                stale = self.code_watch.sync(space) or stale
        if stale:
            self.code_is_stale = False
            self._engine.flush_blocks()

    def refresh_special(self, emulated: frozenset[int]) -> None:
        """Bring `special` up to date."""
        comparators, probes = self._comparators, self._onlookers.probes
        same = self._emulated is emulated and self._probes is probes
        if same and comparators.version == self._special_version:
            return
        self._special_version = comparators.version
        self._emulated, self._probes = emulated, probes
        self.special = frozenset(comparators.execute_addresses | emulated | probes)

    def complete(self, space: AddressSpace) -> bool:
        """In a hook: the engine may run on without a sync."""
        comparators = self._comparators
        if self.code_is_stale or not self._branches.follows(self._unit.branch_step):
            return False
        if not comparators.refresh(space):
            return True
        return self._hooks.covers(comparators.execute_addresses, comparators.pieces)
