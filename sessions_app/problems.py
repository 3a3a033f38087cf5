"""What is wrong in a run: invariants that broke, accesses that passed unseen. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessions_app import trace
from sessions_app.event_views import root_record
from sessions_app.models import Run
from sessions_app.queries import by_column, count_by, events_page
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.selectors import event_record, hit_number

#: Missed accesses that are listed; the others are counted.
_LISTED = 8
_MISSED = trace.parse_query("kind:not_fired", {})
_BROKEN = trace.parse_query("kind:invariant", {})
#: Kinds of invariants are few; each run tells the first of each.
_FIRST_ONES = 200


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event in which an invariant did not hold."""

    seq: int
    retired: int
    words: str
    numbers: str
    """What does not fit."""
    hit: int | None
    """The hit in whose tree it stands."""


@dataclass(frozen=True, slots=True)
class Missed:
    """An access that the kernel believed to be watched and that raised no #DB."""

    seq: int
    retired: int
    cpu: int
    slot: int | None
    place: str
    access: str
    owner: str
    at: str


@dataclass(frozen=True, slots=True)
class Problems:
    """What a page lists, and the verdict on the run."""

    broken: Sequence[Broken]
    missed: Sequence[Missed]
    count: int
    """How many accesses were missed."""
    more: bool
    """Whether there are more than were counted."""
    verdict: trace.Verdict

    @property
    def hidden(self) -> int:
        """Missed accesses that are not listed."""
        return self.count - len(self.missed)

    @property
    def first_event(self) -> int | None:
        """An event to begin with in a run without hits."""
        if self.missed:
            return self.missed[0].seq
        return self.broken[0].seq if self.broken else None


def run_problems(run: Run) -> Problems:
    """Everything that says something is wrong, as far as it is stored."""
    facts = run_facts(run)
    firsts = _firsts(run)
    missed, _ = events_page(run, _MISSED, 0, _LISTED)
    counted = count_by(run, _MISSED, by_column("kind"), hits_only=False)
    verdict = trace.judge_run(
        run.outcome, [r.aux for r in firsts], counted.total, hits=run.hits
    )
    return Problems(
        [_broken(run, record) for record in firsts],
        [_missed(record, facts) for record in missed],
        counted.total,
        not counted.complete,
        verdict,
    )


def _firsts(run: Run) -> list[trace.Record]:
    """The first event of each broken invariant: as the run said at its end, or, while it
    goes on, those that are stored."""
    if run.violations is not None:
        found = (event_record(run, told["seq"]) for told in run.violations)
        return [record for record in found if record is not None]
    stored, _ = events_page(run, _BROKEN, 0, _FIRST_ONES)
    return [record for record in stored if not record.flags & trace.REPEAT]


def _broken(run: Run, record: trace.Record) -> Broken:
    node = trace.event_in_words(record)
    root = root_record(run, record.seq)
    is_hit = root is not None and root.kind == trace.HIT
    number = hit_number(run, root.seq) if root is not None and is_hit else None
    words = node.text[:1].upper() + node.text[1:]
    return Broken(record.seq, record.retired, words, node.fault, number)


def _missed(record: trace.Record, facts: RunFacts) -> Missed:
    return Missed(
        seq=record.seq,
        retired=record.retired,
        cpu=record.cpu,
        slot=trace.slot_of(record),
        place=facts.place(record.addr),
        access=trace.slot_types(record.flags),
        owner=trace.shadow_owner(record.aux),
        at=facts.name(record.rip),
    )
