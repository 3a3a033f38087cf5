"""Evidence from the machine's side: which remarks a moment proves; and for a mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from sessions_app.mail.message import Person
from sessions_app.mail.reply import evidence_block
from sessions_app.models import Review, ReviewRemark, Run, Trial
from sessions_app.parts import part_of
from sessions_app.permissions import reviews_of
from sessions_app.run_facts import run_facts

_MOST = 50


@dataclass(frozen=True, slots=True)
class Proves:
    """A remark that a moment is evidence for."""

    remark: ReviewRemark

    claim = property(lambda self: self.remark.claim)
    author_name = property(lambda self: self.remark.author_name)
    body = property(lambda self: self.remark.body)
    title = property(lambda self: self.remark.review.title)

    @property
    def part_words(self) -> str:
        """What of the machine it speaks of."""
        remark = self.remark
        run = remark.run
        part = part_of(remark)
        return part.words() if run is None else part.words(run_facts(run).place)

    @property
    def url(self) -> str:
        """The line it speaks of."""
        remark = self.remark
        patch = remark.message.patches.select_related("version").last()
        if patch is None:
            return f"{reverse('review', args=[remark.review_id])}#remark-{remark.pk}"
        place = [remark.review_id, patch.version.version, patch.number]
        return f"{reverse('review-patch', args=place)}#remark-{remark.pk}"


def proved_by(request: HttpRequest, run: Run, seq: int) -> list[Proves]:
    """What a moment proves, of reviews that this person finds: their own, their
    teams' and public ones."""
    found = ReviewRemark.objects.filter(run=run, seq=seq)
    seen = Q(review__visibility=Review.Visibility.PUBLIC, draft=False)
    if request.user.is_authenticated:
        own = reviews_of(request.user).values("pk")
        seen |= Q(review__in=own, draft=False) | Q(author=request.user)
    rows = found.filter(seen, removed_at=None)
    rows = rows.select_related("review", "message", "run__recipe")[:_MOST]
    return [Proves(remark) for remark in rows]


def tested_block(
    author: Person,
    remarks: Sequence[ReviewRemark],
    trials: Sequence[Trial],
    link: Callable[[Run, str], str],
) -> str:
    """A Tested-by block of the runs that remarks point at and of those that were asked of
    a version, each run once; empty where none has a digest. link: the absolute address of
    a run with the rest of a query."""
    lines: dict[str, tuple[str, str, str]] = {}
    for remark in remarks:
        run = remark.run
        if run is not None and run.digest and run.digest not in lines:
            what = f"{remark.claim}: {remark.evidence.partition('.')[0]}"
            where = f"hit={remark.hit_no}" if remark.hit_no else f"event={remark.seq}"
            lines[run.digest] = (what, run.digest, link(run, where))
    for trial in trials:
        run = trial.run
        if run.digest and run.digest not in lines:
            lines[run.digest] = (_asked(trial), run.digest, link(run, ""))
    return evidence_block(author, list(lines.values())) if lines else ""


def _asked(trial: Trial) -> str:
    """The kernel of the model is named: it is not the patch that ran."""
    hits = f"{trial.run.hits} hit{'' if trial.run.hits == 1 else 's'}"
    outcome = trial.run.outcome.replace("_", " ")
    return f"{trial.title}, on {run_facts(trial.run).variant} of the model: {outcome}, {hits}"
