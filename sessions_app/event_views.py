"""Any event with what it caused: what a run has beside its hits. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.moments import MAX_TREE, TreeLine, tree_lines
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.selectors import event_record, hit_number, records_from, snapshot_at
from sessions_app.states import StateView
from sessions_app.trace import Node, Record

#: Deeper than a causal tree is.
_DEPTH = 64


def root_record(run: Run, seq: int) -> Record | None:
    """The event at the top of the tree that an event stands in; None when it is not
    stored."""
    record = event_record(run, seq)
    for _ in range(_DEPTH):
        if record is None or not record.cause:
            break
        record = event_record(run, record.cause)
    return record


@dataclass
class EventView:
    """A tree whose root is no hit, and the event in it that was asked for."""

    run: Run
    record: Record
    """The root."""
    seq: int
    """The event that was asked for."""
    facts: RunFacts
    remarks: Sequence[object] = field(default_factory=list)

    @property
    def root(self) -> int:
        """The number of the root."""
        return self.record.seq

    @cached_property
    def records(self) -> list[Record]:
        """The records of the tree."""
        found = records_from(self.run, self.record.seq, MAX_TREE)
        return trace.hit_records(found, self.record.seq)

    @cached_property
    def tree(self) -> Node:
        root = trace.build_tree(self.records, self.record.seq)
        return trace.event_in_words(self.record) if root is None else root

    @cached_property
    def lines(self) -> list[TreeLine]:
        return tree_lines(self.tree)

    @property
    def at(self) -> str:
        """Where the CPU was."""
        return self.facts.name(self.record.rip) if self.record.rip else ""

    @property
    def place(self) -> str:
        """What is watched there, where the event is about an access."""
        told = self.record.kind == trace.NOT_FIRED
        return self.facts.place(self.record.addr) if told else ""

    @property
    def fault(self) -> str:
        """What is wrong with the event that was asked for."""
        chosen = [line.node for line in self.lines if line.node.seq == self.seq]
        return next((node.fault for node in chosen if node.fault), "")

    @property
    def hit_before(self) -> int | None:
        """The number of the last hit before it."""
        return hit_number(self.run, self.record.seq)

    @cached_property
    def state(self) -> StateView | None:
        """The registers of its CPU after it."""
        own = [r for r in self.records if r.cpu == self.record.cpu]
        shot = snapshot_at(self.run, own[-1] if own else self.record)
        return None if shot is None else StateView(shot, None, self.facts, "")


def event_view(run: Run, seq: int) -> EventView | None:
    """The tree that an event stands in, or None: not stored, or the tree of a hit."""
    root = root_record(run, seq)
    if root is None or root.kind == trace.HIT:
        return None
    return EventView(run, root, seq, run_facts(run))
