"""Registers of one CPU at a moment, in the words and grids that pages show. No reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sessions_app import trace
from sessions_app.run_facts import RunFacts
from sessions_app.trace import Register, Snapshot


@dataclass(frozen=True, slots=True)
class AddressRow:
    """DR0-3 beside cpu_debugreg[]."""

    slot: int
    hardware: int
    shadow: int
    name: str
    digits: int

    @property
    def differs(self) -> bool:
        """Whether the kernel believes in another address."""
        return self.hardware != self.shadow


@dataclass(frozen=True, slots=True)
class WideRegister:
    """RIP and the segment bases: one line each, with words."""

    register: Register
    says: str

    name = property(lambda self: self.register.name)
    value = property(lambda self: self.register.value)
    changed = property(lambda self: self.register.changed)


@dataclass
class StateView:
    """A snapshot beside the one to compare it with."""

    snapshot: Snapshot
    before: Snapshot | None
    facts: RunFacts
    since: str
    """What it is compared with, in words."""

    @property
    def words(self) -> dict[str, int]:
        return self.snapshot.words

    @property
    def cpu(self) -> int:
        return self.snapshot.cpu

    @cached_property
    def registers(self) -> list[Register]:
        return trace.compare_registers(self.snapshot, self.before, trace.GRID)

    @cached_property
    def wide(self) -> list[WideRegister]:
        names = ["rip", *(n for n in trace.SYSTEM if self.snapshot.words[n])]
        found = trace.compare_registers(self.snapshot, self.before, names)
        return [
            WideRegister(r, self.facts.name(r.value) if r.name == "rip" else "")
            for r in found
        ]

    @property
    def changed(self) -> int:
        rows = [*self.registers, *(w.register for w in self.wide)]
        return sum(r.changed for r in rows)

    def _word(self, name: str) -> int:
        return self.snapshot.words[name]

    @cached_property
    def dr7(self) -> list[list[trace.Nibble]]:
        nibbles = trace.dr7_nibbles(self._word("dr7"), self._word("cpu_dr7"))
        return [nibbles[:4], nibbles[4:]]

    @property
    def dr7_differences(self) -> int:
        return trace.dr7_differences(self._word("dr7"), self._word("cpu_dr7"))

    @property
    def dr7_rows(self) -> list[trace.Row]:
        return trace.dr7_rows(self._word("dr7"), self._word("cpu_dr7"))

    @property
    def dr6(self) -> list[list[trace.Nibble]]:
        return [trace.dr6_nibbles(self._word("dr6"))]

    @property
    def dr6_words(self) -> str:
        return trace.dr6_in_words(self._word("dr6"))

    @property
    def rflags(self) -> list[list[trace.Nibble]]:
        return [trace.rflags_nibbles(self._word("rflags"))[2:]]

    @property
    def rflags_words(self) -> str:
        return trace.rflags_in_words(self._word("rflags"))

    @cached_property
    def addresses(self) -> list[AddressRow]:
        pairs = [
            (n, self._word(f"dr{n}"), self._word(f"cpu_debugreg{n}")) for n in range(4)
        ]
        digits = 16 if any(h >> 48 or s >> 48 for _, h, s in pairs) else 12
        return [
            AddressRow(n, h, s, self.facts.place(h) if h else "", digits)
            for n, h, s in pairs
        ]
