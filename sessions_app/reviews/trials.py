"""Questions that were put to all versions, and where the answers part. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from django.http import HttpRequest

from sessions_app.comparisons import compare_runs
from sessions_app.errors import NothingRecorded, TraceDamaged
from sessions_app.kernels import Kernel, kernel_for
from sessions_app.models import Review, Run, SeriesVersion, Trial
from sessions_app.run_facts import run_facts
from sessions_app.services.trials import Standing

#: Events of a run that are compared for a page; longer ones have a page of their own.
MAX_EVENTS = 200_000
#: Questions that a page shows.
SHOWN = 30
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Parting:
    """Two versions' answers to one question. state: ``waiting`` for a run, ``same``,
    ``parted``, or ``long``: too long to be compared on a page."""

    left: Trial
    right: Trial
    state: str
    sentence: str = ""
    """What parts first."""
    left_seq: int | None = None
    right_seq: int | None = None

    @property
    def left_query(self) -> str:
        """Of the session page where they part first."""
        return _query(self.left.run, self.left_seq)

    @property
    def right_query(self) -> str:
        """The same on the other side."""
        return _query(self.right.run, self.right_seq)


@dataclass(frozen=True, slots=True)
class Answer:
    """A version's run of a question."""

    trial: Trial
    stale: bool
    """Whether another kernel stands for the version by now."""

    @property
    def kernel(self) -> str:
        """The one that ran, with what its recipe changes of it."""
        return run_facts(self.trial.run).variant


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the answer of each version that has one, in their order."""

    key: str
    title: str
    answers: Sequence[Answer]
    pairs: Sequence[Parting]
    """Each version beside the one before it, and the last beside the first."""


def _query(run: Run, seq: int | None) -> str:
    return f"run={run.number}" + (f"&event={seq}" if seq else "")


def asked(review: Review, versions: Sequence[SeriesVersion]) -> list[Asked]:
    """What was asked, the latest question first."""
    rows = review.trials.filter(run__deleted_at=None)
    groups: dict[str, dict[int, Trial]] = defaultdict(dict)
    for trial in rows.select_related("run__session", "run__recipe").order_by("pk"):
        groups[trial.question][trial.version] = trial
    kernels = {version.version: version.variant for version in versions}
    newest = sorted(groups.values(), key=lambda g: -max(t.pk for t in g.values()))
    return [_asked(group, kernels) for group in newest[:SHOWN]]


def latest_trials(review: Review, version: int) -> list[Trial]:
    """The last run of each question that was asked of a version."""
    rows = review.trials.filter(version=version, run__deleted_at=None)
    last = {trial.question: trial for trial in rows.select_related("run__recipe")}
    return list(last.values())


def _asked(group: dict[int, Trial], kernels: dict[int, str]) -> Asked:
    trials = [group[number] for number in sorted(group) if number in kernels]
    last = trials[-1:] or list(group.values())[-1:]
    pairs = list(pairwise(trials))
    if len(trials) > 2:
        pairs.append((trials[0], trials[-1]))
    return Asked(
        last[0].question,
        last[0].title,
        [Answer(t, kernels[t.version] != t.variant) for t in trials],
        [parting(left, right) for left, right in pairs],
    )


def parting(left: Trial, right: Trial) -> Parting:
    """Where two answers part first."""
    one, other = left.run, right.run
    if not (one.is_over and other.is_over):
        return Parting(left, right, "waiting")
    if one.digest and one.digest == other.digest:
        return Parting(left, right, "same")
    if max(one.events, other.events) > MAX_EVENTS:
        return Parting(left, right, "long")
    names = f"v{left.version}", f"v{right.version}"
    try:
        return Parting(left, right, *_parted(one.pk, other.pk, one.epoch, *names))
    except (NothingRecorded, TraceDamaged):
        return Parting(left, right, "waiting")


@lru_cache(maxsize=_KEPT)
def _parted(
    left_id: UUID, right_id: UUID, epoch: int, left: str, right: str
) -> tuple[str, str, int | None, int | None]:
    """Of two runs that are over, whose records do not change any more."""
    rows = Run.objects.select_related("session", "recipe")
    found = compare_runs(rows.get(pk=left_id), rows.get(pk=right_id))
    if found.found.equal:
        return "same", "", None, None
    teller = found.teller(left, right)
    index = found.found.first
    line = teller.row(index).first
    where = teller.place(index).words
    return (
        "parted",
        f"{where}: {teller.divergence(index).sentence}",
        line.left.record.seq if line.left else None,
        line.right.record.seq if line.right else None,
    )


def standing_of(
    request: HttpRequest, versions: Sequence[SeriesVersion]
) -> list[Standing]:
    """The versions that a kernel stands for. Raises UnknownKernel: a switch set that is
    gone."""
    return [
        _standing(version, kernel_for(request, version.variant))
        for version in versions
        if version.variant
    ]


def _standing(version: SeriesVersion, kernel: Kernel) -> Standing:
    return Standing(
        version.version, version.variant, kernel.label, kernel.base, kernel.changes
    )
