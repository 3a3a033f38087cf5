"""Who holds which slot at a moment, beside what stands in the registers. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.queries import events_page
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.states import StateView
from sessions_app.trace import Record

_KINDS = "kind:slot_reserved,slot_released,slot_arithmetic"
_PAGE = 1000
#: Reservations that are read at most; a run with more is told so.
_MOST = 20_000
_REFUSALS = 12
#: Slot fields of SLOT_RESERVED from here on are kgdb's entries.
_KGDB_FIELD = 0x80


@dataclass(frozen=True, slots=True)
class HolderRow:
    """One breakpoint that holds a slot."""

    holder: trace.Holder
    place: str
    """What it watches, where the recipe says so."""

    name = property(lambda self: self.holder.name)
    task = property(lambda self: self.holder.task)
    everywhere = property(lambda self: self.holder.cpu is None)


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One debug register: whose it is by bp_per_reg[], and what the hardware does."""

    slot: int
    owner: str
    address: int
    place: str
    hardware: str
    kernel: str

    @property
    def differs(self) -> bool:
        """Whether hardware and kernel part."""
        return self.hardware != self.kernel


@dataclass(frozen=True, slots=True)
class TableRow:
    """One enabled entry of kgdb's breakinfo[]."""

    index: int
    place: str
    wants: str


@dataclass(frozen=True, slots=True)
class SlotPane:
    """The slots after an event."""

    seq: int
    cpus: Sequence[tuple[int, Sequence[HolderRow]]]
    refusals: Sequence[trace.Refusal]
    registers: Sequence[RegisterRow]
    table: Sequence[TableRow]
    """What the debugger wants, whatever the accounting says."""
    cpu: int | None
    """Whose registers they are."""
    cut: bool
    """Whether there were more reservations than are read."""

    @property
    def held(self) -> bool:
        """Whether anybody holds one."""
        return any(rows for _, rows in self.cpus)


def slot_pane(run: Run, seq: int, state: StateView | None) -> SlotPane:
    """The accounting after the event seq, and the registers of that moment."""
    facts = run_facts(run)
    records, cut = _records(run, seq)
    view = trace.slot_view(records, seq)
    table = _table(state, facts) if state else []
    places = _places(table, facts)
    cpus = [
        (cpu, [HolderRow(h, places.get(h.field, "")) for h in view.on_cpu(cpu)])
        for cpu in range(facts.cpus)
    ]
    registers = _registers(state, facts) if state else []
    return SlotPane(
        seq,
        cpus,
        view.refusals[-_REFUSALS:],
        registers,
        table,
        state.cpu if state else None,
        cut,
    )


def _records(run: Run, seq: int) -> tuple[list[Record], bool]:
    wanted = trace.parse_query(f"{_KINDS} seq<={seq}", {})
    found: list[Record] = []
    after: int | None = 0
    while after is not None and len(found) < _MOST:
        page, after = events_page(run, wanted, after, _PAGE)
        found += page
    return found, after is not None


def _places(table: Sequence[TableRow], facts: RunFacts) -> dict[int, str]:
    """What the holders watch, by the slot field of their events (docs/events.md)."""
    found = {_KGDB_FIELD + row.index: row.place for row in table}
    return found | {w.index: f"{w.place} {w.letters}" for w in facts.breakpoints}


def _table(state: StateView, facts: RunFacts) -> list[TableRow]:
    wanted = trace.breakinfo_dr7(state.words["breakinfo_meta"])
    return [
        TableRow(
            index,
            facts.place(state.words[f"breakinfo{index}"]),
            trace.slot_in_words(wanted, index),
        )
        for index in range(4)
        if wanted >> 2 * index & 3
    ]


def _registers(state: StateView, facts: RunFacts) -> list[RegisterRow]:
    words = state.words
    return [
        RegisterRow(
            slot,
            _owner(words[f"bp_per_reg{slot}"]),
            words[f"dr{slot}"],
            facts.place(words[f"dr{slot}"]) if words[f"dr{slot}"] else "",
            trace.slot_in_words(words["dr7"], slot),
            trace.slot_in_words(words["cpu_dr7"], slot),
        )
        for slot in range(4)
    ]


def _owner(word: int) -> str:
    """bp_per_reg[] in a snapshot is one more than the event's index; 0 is nobody."""
    return trace.breakpoint_name(word - 1) if word else ""
