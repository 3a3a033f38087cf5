"""One side of a comparison at a chosen difference: verdict, registers, what it did instead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sessions_app import trace
from sessions_app.comparisons import Extent
from sessions_app.models import Run
from sessions_app.moments import MomentView, moment_view
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.selectors import event_record, snapshot_at
from sessions_app.trace import NONE, Snapshot


@dataclass
class SideView:
    """One of the two runs, and the chosen difference as it has it."""

    letter: str
    run: Run
    extent: Extent
    place: trace.Place | None
    outline: trace.Outline
    tree: int | None
    before: int | None = None
    after: int | None = None
    """The trees of the same CPU around the place, when this side has none at it."""
    words: str = ""
    shape: str = ""
    """The run's state as pages show it."""

    @cached_property
    def facts(self) -> RunFacts:
        return run_facts(self.run)

    @property
    def cpu_lanes(self) -> range:
        """The CPUs of the run."""
        return range(self.facts.cpus)

    @property
    def hit(self) -> int | None:
        """The number of the chosen hit."""
        return self._hit_of(self.tree)

    def _hit_of(self, tree: int | None) -> int | None:
        if tree is None:
            return None
        return int(self.outline.trees["hit"][tree]) or None

    @cached_property
    def moment(self) -> MomentView | None:
        """The chosen hit, after IRET."""
        return moment_view(self.run, self.hit) if self.hit else None

    @property
    def verdict(self) -> trace.Verdict | None:
        """On the chosen hit. Where neither side has one, on the whole run; None when
        only the other side has one."""
        if self.moment is not None:
            return self.moment.verdict
        return None if self.place is None or _is_hit(self.place) else self.of_run

    @cached_property
    def of_run(self) -> trace.Verdict:
        """What the whole run came to, as far as it was read."""
        faults = self.outline.faults
        missed = sum(
            len(rows) for (kind, _), rows in faults.items() if kind == trace.NOT_FIRED
        )
        broken = {
            number: int(rows[0])
            for (kind, number), rows in faults.items()
            if kind == trace.INVARIANT
        }
        in_order = sorted(broken, key=broken.__getitem__)
        hits = self.outline.hits
        return trace.judge_run(self.run.outcome, in_order, missed, hits=hits)

    @cached_property
    def _event(self) -> trace.Node | None:
        """The chosen root, in words."""
        if self.tree is None:
            return None
        record = event_record(self.run, int(self.outline.trees["first"][self.tree]))
        return trace.event_in_words(record) if record else None

    @property
    def _stops(self) -> int:
        """How often the debugger was told of a stop in the chosen tree."""
        shape = self.outline.shapes[int(self.outline.trees["shape"][self.tree])]
        return int((shape.lines["kind"] == trace.DEBUGGER_STOP).sum())

    @property
    def severity(self) -> str:
        """Of what stands where no verdict does."""
        wrong = self._event is not None and bool(self._event.fault)
        return "fault" if wrong and self.verdict is None else "none"

    @property
    def title(self) -> str:
        """What stands where no verdict does."""
        if self.tree is None and self.place is not None:
            what = "hit" if self.place.kind == "HIT" else "event"
            return f"No such {what} in {self.letter}"
        name = self.place.name if self.place else ""
        return name if "_" in name else f"{name[:1].upper()}{name[1:]}"

    @property
    def sentence(self) -> str:
        """What this side did instead, or what the event is."""
        if self.place is None:
            return ""
        if self.tree is not None:
            text = self._event.text if self._event else ""
            told = f"{text[:1].upper()}{text[1:]}." if text else ""
            stops = f"{self._stops} stop{'s' * (self._stops > 1)} in the debugger."
            return f"{told} {stops}".strip() if self._stops else told
        return f"{self._neighbour(self.before, 'Before')} {self._neighbour(self.after, 'After')}"

    def _neighbour(self, tree: int | None, when: str) -> str:
        assert self.place is not None
        if tree is None:
            return f"{when} it, CPU {self.place.cpu} recorded nothing."
        at = self.outline.trees[tree]
        record = event_record(self.run, int(at["first"]))
        name = trace.event_in_words(record).name if record else "an event"
        hit = self._hit_of(tree)
        what = f"hit {hit}" if hit else name
        return f"{when} it: {what}, at {int(at['retired'])} retired."

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The registers to show: after the chosen hit, else at the event or before it."""
        if self.moment is not None:
            return self.moment.snapshot
        tree = self.tree if self.tree is not None else self.before
        if tree is None:
            return None
        at = self.outline.trees[tree]
        seq = int(at["first"]) + int(at["events"]) - 1
        record = event_record(self.run, seq)
        return snapshot_at(self.run, record) if record else None

    @property
    def when(self) -> str:
        """When the registers are of."""
        if self.tree is None:
            return "as it was last before"
        if self.moment is None or self.snapshot is None:
            return "at this event"
        return _WHEN.get(self.snapshot.moment, "at this hit")

    @cached_property
    def dr7(self) -> list[list[trace.Nibble]]:
        """The strip."""
        words = self.snapshot.words if self.snapshot else {}
        nibbles = trace.dr7_nibbles(words.get("dr7", 0), words.get("cpu_dr7", 0))
        return [nibbles[:4], nibbles[4:]]

    @property
    def parted(self) -> int:
        """Bits in which DR7 and cpu_dr7 part."""
        words = self.snapshot.words if self.snapshot else {}
        return trace.dr7_differences(words.get("dr7", 0), words.get("cpu_dr7", 0))


_WHEN: dict[int, str] = {
    trace.Moment.after_iret: "after IRET",
    trace.Moment.hit_entry: "at entry",
    trace.Moment.debugger_enter: "in stub",
    trace.Moment.debugger_leave: "leaving stub",
    trace.Moment.run_end: "at the end",
}


def _is_hit(place: trace.Place) -> bool:
    return bool(place.left_hit or place.right_hit)


def nearest(outline: trace.Outline, column: trace.Array, cpu: int) -> int | None:
    """The first tree of a CPU that a side has in these rows."""
    trees = column[column != NONE]
    own = np.flatnonzero(outline.trees["cpu"][trees] == cpu)
    return int(trees[own[0]]) if len(own) else None
