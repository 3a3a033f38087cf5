"""One hit with everything a page or the API says about it. Reads only.

The records come from the selectors, the meaning from emulator.trace; what stands here is
the joining: which names, which neighbour, which snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sessions_app import trace
from sessions_app.earlier import PREVIOUS, START, Earlier, earlier_moments
from sessions_app.models import Image, Run
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.selectors import (
    event_record,
    hit_after,
    hit_by_number,
    records_from,
    snapshot_at,
    snapshots_between,
)
from sessions_app.states import StateView
from sessions_app.trace import (
    Effect,
    Moment,
    Node,
    Record,
    Segment,
    Snapshot,
    Symbols,
)

#: What registers are compared with: the same moment of the previous hit, if there is one.
_FIRST, _PREVIOUS = "(first hit of this CPU)", "since the previous hit"
#: A tree with more events than this is cut; kgdb sessions are the long ones.
MAX_TREE = 2048
_MOMENT_KEYS = {
    Moment.hit_entry: ("entry", "at entry"),
    Moment.debugger_enter: ("stub", "in stub"),
    Moment.debugger_leave: ("leave", "leaving stub"),
    Moment.after_iret: ("iret", "after IRET"),
    Moment.run_end: ("end", "at the end"),
}


@dataclass(frozen=True, slots=True)
class HitRow:
    """One line of the hits table."""

    number: int
    seq: int
    retired: int
    cpu: int
    slot: int
    rip: int
    addr: int
    value: int
    flags: int
    at: str
    place: str
    letters: str
    noted: bool = False
    task: int = 0

    @property
    def value_text(self) -> str:
        """The watched bytes after the access; an execute hit has none."""
        return "" if self.flags & trace.EXECUTE else f"{self.value:#x}"


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A node with the guides to draw before it."""

    node: Node
    level: int
    guides: list[str]


@dataclass(frozen=True, slots=True)
class MomentChoice:
    """One button of the moment switch."""

    key: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One instruction as it is drawn."""

    line: trace.Line
    says: str
    source: str = ""
    """``counter.c:12`` where a line of the source begins."""

    label = property(lambda self: self.line.label)
    mark = property(lambda self: self.line.mark)
    mnemonic = property(lambda self: self.line.mnemonic)
    operands = property(lambda self: self.line.operands)

    @property
    def short(self) -> str:
        """The low digits of the address: the symbol above says the rest."""
        return f"{self.line.address & 0xFFFFFF:06x}"

    @property
    def bytes_text(self) -> str:
        """The bytes in hex, spaced."""
        return self.line.data.hex(" ")


def tree_lines(
    node: Node, level: int = 1, above: tuple[str, ...] = ()
) -> list[TreeLine]:
    """The tree from top to bottom with its guide lines."""
    lines = [TreeLine(node, level, list(above))]
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1
        stem = tuple("" if g in ("tee", "") else "gap" for g in above)
        lines += tree_lines(child, level + 1, (*stem, "end" if last else "tee"))
    return lines


def hit_row(
    number: int, record: Record, facts: RunFacts, noted: bool = False
) -> HitRow:
    """A record with the names of its run."""
    return HitRow(
        number,
        record.seq,
        record.retired,
        record.cpu,
        record.slot,
        record.rip,
        record.addr,
        record.value,
        record.flags,
        facts.name(record.rip),
        facts.place(record.addr),
        facts.letters(record.addr, trace.slot_types(record.flags)),
        noted,
        record.task,
    )


@dataclass
class MomentView:
    """A chosen hit. Parts that a caller does not ask for are not computed."""

    run: Run
    number: int
    record: Record
    facts: RunFacts
    wanted: str = ""
    since: Earlier | None = None
    """What registers are compared with; None: the previous hit of this CPU."""
    remarks: Sequence[object] = field(default_factory=list)

    @cached_property
    def hit(self) -> HitRow:
        return hit_row(self.number, self.record, self.facts)

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.run.hits else None

    @property
    def place(self) -> str:
        return self.facts.place(self.record.addr)

    @cached_property
    def length(self) -> int | None:
        return self.facts.length(self.record.addr)

    @property
    def kind_words(self) -> str:
        kind = trace.slot_types(self.record.flags)
        if self.record.flags & trace.EXECUTE or not self.length:
            return kind
        return f"{kind} {self.length} byte{'s' if self.length > 1 else ''}"

    @cached_property
    def records(self) -> list[Record]:
        """The records of this hit's tree."""
        found = records_from(self.run, self.record.seq, MAX_TREE)
        own = trace.hit_records(found, self.record.seq)
        straw = trace.last_straw(found, self.record.seq)
        return own if straw is None else [*own, straw]

    @cached_property
    def tree(self) -> Node:
        root = trace.build_tree(self.records, self.record.seq)
        if root is None:
            root = trace.event_in_words(self.record)
        return root

    @cached_property
    def lines(self) -> list[TreeLine]:
        return tree_lines(self.tree)

    @cached_property
    def _snapshots(self) -> list[Snapshot]:
        last = self.records[-1].seq if self.records else self.record.seq
        found = snapshots_between(self.run, self.record.seq, last)
        return [s for s in found if s.cpu == self.record.cpu]

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The chosen moment: the wanted one, else the last of this hit."""
        for candidate in self._snapshots:
            if _MOMENT_KEYS[Moment(candidate.moment)][0] == self.wanted:
                return candidate
        return self._snapshots[-1] if self._snapshots else None

    @cached_property
    def moments(self) -> list[MomentChoice]:
        return [
            MomentChoice(*_MOMENT_KEYS[Moment(s.moment)], chosen=s is self.snapshot)
            for s in self._snapshots
        ]

    @cached_property
    def before(self) -> Snapshot | None:
        """What to compare with: the CPU as it was then, or the same moment of its
        previous hit."""
        if self.since is not None:
            return self._then(self.since.seq)
        if self.snapshot is None or self.number <= 1:
            return None
        for number in range(self.number - 1, max(0, self.number - 65), -1):
            earlier = hit_by_number(self.run, number)
            if earlier is None or earlier.cpu != self.record.cpu:
                continue
            found = snapshots_between(self.run, earlier.seq, self.record.seq - 1)
            same = [
                s
                for s in found
                if s.cpu == self.record.cpu and s.moment == self.snapshot.moment
            ]
            return same[0] if same else None
        return None

    def _then(self, seq: int) -> Snapshot | None:
        """This CPU as of an earlier event."""
        record = event_record(self.run, seq)
        if record is None:
            return None
        return snapshot_at(self.run, record._replace(cpu=self.record.cpu))

    @cached_property
    def earlier(self) -> list[Earlier]:
        """Moments that registers can be compared with."""
        found = earlier_moments(self.run, self.record.seq, self.number)
        return [each for each in found if each.key != START]

    def compare_since(self, key: str) -> None:
        """Choose one of earlier; another key is the previous hit of this CPU."""
        kept = (e for e in self.earlier if e.key == key and e.key != PREVIOUS)
        self.since = next(kept, None)

    @property
    def _since_words(self) -> str:
        if self.since is None:
            return _PREVIOUS if self.before else _FIRST
        told = f"since {self.since.words}"
        return told if self.before else f"{told}: nothing of this CPU is recorded then"

    @cached_property
    def state(self) -> StateView | None:
        """The registers at the chosen moment."""
        if self.snapshot is None:
            return None
        return StateView(self.snapshot, self.before, self.facts, self._since_words)

    @cached_property
    def was(self) -> int | None:
        """What the watched bytes held at the previous hit of the same address."""
        if self.record.flags & trace.EXECUTE:
            return None
        for number in range(self.number - 1, max(0, self.number - 9), -1):
            earlier = hit_by_number(self.run, number)
            if earlier is not None and earlier.addr == self.record.addr:
                return earlier.value
        return None

    @cached_property
    def verdict(self) -> trace.Verdict:
        last = self._snapshots[-1] if self._snapshots else None
        after = last if last and last.moment == Moment.after_iret else None
        return trace.judge(
            self.tree,
            self.record,
            place=self.place,
            length=self.length,
            was=self.was,
            dr7=after.words["dr7"] if after else None,
            cpu_dr7=after.words["cpu_dr7"] if after else None,
        )

    @cached_property
    def code(self) -> list[CodeLine]:
        fault = bool(self.record.flags & trace.FAULT_CLASS)
        writes = self.record.flags & trace.WRITE and not self.record.flags & trace.READ
        kind = "fault" if fault else "write" if writes else "access"
        lines = trace.disassemble(
            self.facts.segments, self.facts.symbols, self.record.rip, trap=kind
        )
        table = self.facts.lines
        places = [table.at(line.address) for line in lines]
        return [
            CodeLine(line, self._says(line, fault), here if here != before else "")
            for line, here, before in zip(lines, places, ["", *places], strict=False)
        ]

    @property
    def source_line(self) -> str:
        """Where the instruction stands in the source, if the program says so. RIP of a
        trap is behind the instruction."""
        fault = bool(self.record.flags & trace.FAULT_CLASS)
        return self.facts.lines.at(self.record.rip - (not fault))

    def _says(self, line: trace.Line, fault: bool) -> str:
        if line.mark == "trap":
            if fault:
                return "about to execute: execute breakpoints report before"
            if self.was is not None and self.was != self.record.value:
                return f"{self.was:#x} → {self.record.value:#x}, trapped"
            return "trapped"
        if line.mark == "rip":
            return "RIP: data breakpoints report after"
        return ""


def moment_view(run: Run, number: int, wanted: str = "") -> MomentView | None:
    """Hit n of a run, or None when it is not stored (yet)."""
    record = hit_by_number(run, number) if number > 0 else None
    if record is None:
        return None
    return MomentView(run, number, record, run_facts(run), wanted)


__all__ = [
    "Effect",
    "HitRow",
    "Image",
    "MomentView",
    "Segment",
    "Symbols",
    "TreeLine",
    "hit_after",
    "hit_row",
    "moment_view",
    "tree_lines",
]
