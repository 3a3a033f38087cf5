"""Versions of a series beside each other, and remarks carried from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sessions_app.mail.carry import carried_lines
from sessions_app.mail.range_diff import Compared, Pair, range_diff
from sessions_app.models import (
    MailMessage,
    PatchPairing,
    ReviewRemark,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.reviews.diff import patch_of
from sessions_app.reviews.talk import Say, talk_under


@dataclass(frozen=True, slots=True)
class PatchPair:
    """A patch in two versions, or in one of them."""

    pair: Pair
    left: SeriesPatch | None
    right: SeriesPatch | None
    by_hand: bool = False

    mark = property(lambda self: self.pair.mark)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(kind, line) of the difference: kind by the outer sign."""
        kinds = {"+": "add", "-": "del", "@": "hunk"}
        return [(kinds.get(text[:1], ""), text) for text in self.pair.difference]


def compare_versions(left: SeriesVersion, right: SeriesVersion) -> list[PatchPair]:
    """As git range-diff pairs them, but for what somebody paired by hand."""
    ours, theirs = list(left.patches.all()), list(right.patches.all())
    said = _by_hand(left, ours, theirs)
    found = range_diff(
        [_compared(p) for p in ours], [_compared(p) for p in theirs], said
    )
    return [
        PatchPair(
            pair,
            ours[pair.left - 1] if pair.left else None,
            theirs[pair.right - 1] if pair.right else None,
            bool(
                pair.left and pair.right and said.get(pair.right - 1) == pair.left - 1
            ),
        )
        for pair in found
    ]


def _by_hand(
    version: SeriesVersion, ours: Sequence[SeriesPatch], theirs: Sequence[SeriesPatch]
) -> dict[int, int]:
    """Indices of the later version to those of the earlier one; a pair that was said the
    other way round counts too."""
    left = {patch.message_id: i for i, patch in enumerate(ours)}
    right = {patch.message_id: j for j, patch in enumerate(theirs)}
    found: dict[int, int] = {}
    for pair in PatchPairing.objects.filter(review=version.review_id):
        for one, other in (
            (pair.left_id, pair.right_id),
            (pair.right_id, pair.left_id),
        ):
            if one in left and other in right:
                found[right[other]] = left[one]
    return found


def _compared(patch: SeriesPatch) -> Compared:
    return Compared(patch.title, patch_of(patch.message.body))


@dataclass(frozen=True, slots=True)
class Carried:
    """What was said of the version before."""

    here: list[Say]
    """Its line survives; at is the line here."""
    outdated: list[Say]
    """Its line was changed or is gone."""


def carried_to(
    patch: SeriesPatch,
    version: SeriesVersion,
    before: SeriesVersion | None,
    mails: Sequence[MailMessage],
    remarks: Sequence[ReviewRemark],
) -> Carried:
    """Open remarks on the same patch of the version before."""
    if before is None:
        return Carried([], [])
    pairs = compare_versions(before, version)
    old = next((p.left for p in pairs if p.right and p.right.pk == patch.pk), None)
    if old is None:
        return Carried([], [])
    lines = carried_lines(patch_of(old.message.body), patch_of(patch.message.body))
    here: list[Say] = []
    outdated: list[Say] = []
    for say in talk_under(old.message, mails, remarks):
        if not say.is_open:
            continue
        marked = replace(say, carried_from=str(before))
        at = lines.get(say.at)
        if at is None:
            outdated.append(marked)
        else:
            first = lines.get(say.first, at)
            here.append(replace(marked, at=at, first=min(first, at)))
    return Carried(here, outdated)
