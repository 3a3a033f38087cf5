"""Versions of a series that its owner joins by hand, where subjects and titles do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from sessions_app.errors import VersionRefused
from sessions_app.models import (
    MailMessage,
    PatchPairing,
    Review,
    ReviewRemark,
    SeriesPatch,
    SeriesVersion,
    Trial,
    VersionJoin,
)
from sessions_app.services.reviews import MAX_MESSAGES, review_arrange

#: Numbers that a version may have.
MAX_VERSION = 9999
#: Pairs of patches that one review keeps.
MAX_PAIRINGS = 500


@transaction.atomic
def version_join(
    *, version: SeriesVersion, into: Review, number: int, by: User
) -> VersionJoin:
    """Move a posting with its answers, remarks, kernel and runs to another review, as its
    version number. Raises VersionRefused; then nothing is moved."""
    source, into = _locked(version.review_id, into.pk)
    _check_number(into, number)
    first = _first(version)
    if source.pk == into.pk:
        raise VersionRefused(
            f"{version} is in this review already",
            field="review",
            value=str(source.pk),
            allowed="another review of yours",
        )
    if source.joins.filter(first=first.message_id).exists():
        raise VersionRefused(
            f"{version} was joined there by hand; undo that first",
            field="version",
            value=version.version,
        )
    moved = _posting(version)
    bound = version.variant, version.bound_by
    _move(moved, source, into)
    made = VersionJoin.objects.create(
        review=into,
        came_from=source,
        first=first.message_id,
        version=number,
        was=version.version,
        message_ids=[message.message_id for message in moved],
        by_name=by.get_username(),
    )
    _trials_move(source, version.version, into, number)
    review_arrange(source)
    review_arrange(into, {number: bound})
    return made


@transaction.atomic
def version_unjoin(*, join: VersionJoin) -> Review:
    """Move the posting back to the review that it came from, or to one of its own where
    that is gone; that review. Raises VersionRefused; then nothing is moved."""
    review, came_from = _locked(join.review_id, join.came_from_id or join.review_id)
    version = _joined(review, join)
    moved = _posting(version)
    bound = version.variant, version.bound_by
    back = came_from
    if join.came_from_id is None:
        back = Review.objects.create(owner=review.owner, title=review.title)
    _move(moved, review, back)
    join.delete()
    _trials_move(review, version.version, back, join.was)
    review_arrange(review)
    review_arrange(back, {join.was: bound})
    return back


def _locked(one: UUID, other: UUID) -> tuple[Review, Review]:
    """Both reviews, taken in one order whoever asks: two moves that cross do not wait for
    each other."""
    rows = Review.objects.select_for_update().filter(pk__in=(one, other)).order_by("pk")
    found = {row.pk: row for row in rows}
    return found[one], found[other]


def _joined(review: Review, join: VersionJoin) -> SeriesVersion:
    for version in review.versions.filter(version=join.version):
        if _first(version).message_id == join.first:
            return version
    raise VersionRefused(
        "its mail is not here any more", field="version", value=join.version
    )


def _check_number(review: Review, number: int) -> None:
    taken = sorted(set(review.versions.values_list("version", flat=True)))
    if 1 <= number <= MAX_VERSION and number not in taken:
        return
    free = next(n for n in range(1, MAX_VERSION + 1) if n not in taken)
    told = ", ".join(f"v{n}" for n in taken) or "none"
    raise VersionRefused(
        f"the review has v{number}" if number in taken else "no number of a version",
        field="number",
        value=number,
        allowed=f"1 to {MAX_VERSION} but {told}; {free} is free",
    )


def _first(version: SeriesVersion) -> MailMessage:
    """The cover letter, or the first patch: what a version is known by."""
    return version.cover or version.patches.all()[0].message


def _posting(version: SeriesVersion) -> list[MailMessage]:
    """Its patches, and what answers them; not other postings in the same thread."""
    rows = list(version.review.messages.defer("raw"))
    own = {patch.message_id for patch in version.patches.all()} | {version.cover_id}
    others = _posted(version.review, but=version)
    below: dict[str, list[MailMessage]] = defaultdict(list)
    for row in rows:
        below[row.parent_id].append(row)
    found: dict[int, MailMessage] = {}
    left = [row for row in rows if row.pk in own]
    while left:
        row = left.pop()
        if row.pk in found or row.pk in others:
            continue
        found[row.pk] = row
        left += below[row.message_id]
    return sorted(found.values(), key=lambda row: row.position)


def _posted(review: Review, *, but: SeriesVersion) -> set[int]:
    """Messages that are cover or patch of another version."""
    others = review.versions.exclude(pk=but.pk)
    patches = SeriesPatch.objects.filter(version__in=others)
    covers = {version.cover_id for version in others if version.cover_id}
    return covers | {patch.message_id for patch in patches}


def _move(moved: Sequence[MailMessage], source: Review, into: Review) -> None:
    ids = [message.message_id for message in moved]
    _check_room(ids, into)
    keys = [message.pk for message in moved]
    # Numbers of two reviews mean nothing beside each other; review_arrange gives new ones.
    MailMessage.objects.filter(pk__in=keys).update(review=into)
    ReviewRemark.objects.filter(message_id__in=keys).update(review=into)
    PatchPairing.objects.filter(review=source, left_id__in=keys).delete()
    PatchPairing.objects.filter(review=source, right_id__in=keys).delete()


def _check_room(ids: Collection[str], into: Review) -> None:
    known = into.messages.filter(message_id__in=ids).values_list(
        "message_id", flat=True
    )
    if known:
        raise VersionRefused(
            f"“{into.title[:80]}” has {len(known)} of its messages already",
            field="review",
            value=known[0],
            allowed="a review without this Message-ID",
        )
    count = into.messages.count() + len(ids)
    if count > MAX_MESSAGES:
        raise VersionRefused(
            f"“{into.title[:80]}” would have {count} messages",
            field="review",
            value=count,
            allowed=f"at most {MAX_MESSAGES}",
        )


def _trials_move(source: Review, number: int, into: Review, as_number: int) -> None:
    """Another posting may have the same number there."""
    if source.versions.filter(version=number).count() == 1:
        own = Trial.objects.filter(review=source, version=number)
        own.update(review=into, version=as_number)


@transaction.atomic
def patches_pair(
    *, left: SeriesPatch, right: SeriesPatch, by: User
) -> PatchPairing | None:
    """Say that two patches are the same one in two versions; whatever else either was
    paired with between these versions is forgotten. Raises VersionRefused."""
    review = left.version.review
    if right.version.review_id != review.pk or right.version_id == left.version_id:
        raise VersionRefused(
            "patches are paired between two versions of one review",
            field="right",
            value=right.pk,
            allowed="a patch of another version",
        )
    patches_unpair(left=left, right=right)
    if review.pairings.count() >= MAX_PAIRINGS:
        raise VersionRefused(
            "this review has many pairs already",
            field="right",
            value=MAX_PAIRINGS,
            allowed=f"at most {MAX_PAIRINGS}",
        )
    return PatchPairing.objects.create(
        review=review,
        left=left.message,
        right=right.message,
        by_name=by.get_username(),
    )


def patches_unpair(*, left: SeriesPatch, right: SeriesPatch) -> int:
    """Forget what was said of either patch between their two versions; how much."""
    ours = left.version.patches.values("message")
    theirs = right.version.patches.values("message")
    forth = Q(left__in=ours, right__in=theirs)
    back = Q(left__in=theirs, right__in=ours)
    either = [left.message_id, right.message_id]
    spoken = Q(left__in=either) | Q(right__in=either)
    return left.version.review.pairings.filter(forth | back, spoken).delete()[0]
