"""Two runs compared (docs/compare.md). What was computed for finished runs is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from uuid import UUID

from sessions_app import trace
from sessions_app.errors import NothingRecorded
from sessions_app.models import Run
from sessions_app.recordings import run_recording, stored_events
from sessions_app.run_facts import run_facts

#: Events of a run that are read at most: some seconds and 20 MB.
MAX_EVENTS = 2_000_000
_OUTLINES = 8
_COMPARISONS = 4
#: A comparison is work for one core; two at once would only be late together.
_TURN = Lock()


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a run was read; short says why not to its end, or is empty."""

    run_id: UUID
    epoch: int
    events: int
    short: str
    digest: str

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.short


def extent(run: Run, side: str) -> Extent:
    """What of a run there is to compare; side names it. Raises NothingRecorded."""
    events = stored_events(run, MAX_EVENTS)
    if not events:
        raise NothingRecorded(
            f"run {run.number} has recorded nothing yet: it is {run.state}",
            field=side,
            value=str(run.pk),
            allowed="a run with at least one stored event",
        )
    return Extent(run.pk, run.epoch, events, _short(run, events), run.digest)


def _short(run: Run, events: int) -> str:
    if not run.is_over:
        return f"is {run.state}"
    if events < run.events:
        return f"has more than the {events} events that are read"
    if not trace.ended_whole(run.outcome):
        return f"ended early: {run.outcome.replace('_', ' ') or run.state}"
    return ""


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs, how far each was read, and what the comparison found."""

    left: Run
    right: Run
    extents: tuple[Extent, Extent]
    found: trace.Comparison

    @property
    def same_digest(self) -> bool:
        """Whether equal digests say that the runs are equal."""
        return _same_digest(*self.extents)

    def teller(self, left: str = "left", right: str = "right") -> trace.Teller:
        """Puts it into words, with the names of the runs' addresses."""
        mine, theirs = run_facts(self.left), run_facts(self.right)

        def place(address: int) -> str:
            name = mine.place(address)
            return theirs.place(address) if name.startswith("0x") else name

        return trace.Teller(self.found, trace.Names(left, right, place))


def compare_runs(left: Run, right: Run) -> RunComparison:
    """Compare two runs as far as both are stored. Raises NothingRecorded."""
    extents = extent(left, "left"), extent(right, "right")
    with _TURN:
        found = _compare(*extents)
    return RunComparison(left, right, extents, found)


def _same_digest(left: Extent, right: Extent) -> bool:
    same = bool(left.digest) and left.digest == right.digest
    return same and left.whole and right.whole


@lru_cache(maxsize=_COMPARISONS)
def _compare(left: Extent, right: Extent) -> trace.Comparison:
    one = _outline(left)
    if _same_digest(left, right):
        return trace.compare_with_itself(one)
    return trace.compare(one, _outline(right))


@lru_cache(maxsize=_OUTLINES)
def _outline(extent: Extent) -> trace.Outline:
    run = Run(pk=extent.run_id, epoch=extent.epoch)
    return trace.outline(run_recording(run, extent.events), whole=extent.whole)
