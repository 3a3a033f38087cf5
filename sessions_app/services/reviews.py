"""Reviews: mail comes in, remarks are written, answers go out as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sessions_app.errors import InvalidMail, RemarkRefused
from sessions_app.mail.mbox import split_mbox
from sessions_app.mail.message import Message, parse_message
from sessions_app.mail.series import Topic, Version, read_series
from sessions_app.mail.subject import parse_subject
from sessions_app.mail.threads import Thread, parent_of
from sessions_app.models import (
    MailMessage,
    Review,
    ReviewRemark,
    Run,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.parts import Part
from sessions_app.services.earlier_texts import words_remove, words_replace
from sessions_app.services.notices.tell import remark_changed, remarks_said

MAX_BODY = 10_000
#: Messages of one review.
MAX_MESSAGES = 5000


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought."""

    review: Review
    new: int
    """Messages that were not here before."""


@transaction.atomic
def review_import(*, owner: User, data: bytes) -> list[Imported]:
    """Every topic in a file as a review; what belongs to one that is here joins it.
    Raises InvalidMail, and then nothing is kept."""
    messages = [parse_message(raw) for raw in split_mbox(data)]
    threads, topics = read_series(messages)
    return [
        kept
        for title, group in _groups(threads, topics)
        for kept in _keep(owner, title, group)
    ]


def _groups(
    threads: Sequence[Thread], topics: Sequence[Topic]
) -> list[tuple[str, list[Message]]]:
    """(title, messages): a topic with the threads that its versions were posted in; a
    thread without patches is a topic too."""
    by_root = {thread.root: thread for thread in threads}
    left = dict(by_root)
    found: list[tuple[str, list[Message]]] = []
    for topic in topics:
        roots = dict.fromkeys(version.thread for version in topic.versions)
        messages = [m for root in roots for m in by_root[root].messages]
        for root in roots:
            left.pop(root, None)
        found.append((topic.latest.title, messages))
    for thread in left.values():
        title = parse_subject(thread.messages[0].subject).title
        found.append((title, thread.messages))
    return found


def _keep(owner: User, title: str, messages: Sequence[Message]) -> list[Imported]:
    """One review; another too where a part of its mail was moved to that by hand."""
    review = _known(owner, messages) or Review.objects.create(
        owner=owner, title=(title or "without subject")[:300]
    )
    return [_join(each, title, own) for each, own in _homes(review, messages)]


def _homes(
    review: Review, messages: Sequence[Message]
) -> list[tuple[Review, list[Message]]]:
    """What was moved from the review, and what answers that, goes where it is now."""
    moved = {
        message_id: join.review
        for join in review.given.select_related("review")
        for message_id in join.message_ids
    }
    if not moved:
        return [(review, list(messages))]
    known = set(review.messages.values_list("message_id", flat=True))
    found: dict[Review, list[Message]] = {review: []}
    homes: dict[str, Review] = {}
    for message in messages:  # in reading order: a parent stands before its answers
        above = moved.get(message.in_reply_to) or homes.get(message.in_reply_to)
        home = moved.get(message.message_id) or above or review
        if message.message_id in known:
            home = review
        homes[message.message_id] = home
        found.setdefault(home, []).append(message)
    return list(found.items())


def _join(review: Review, title: str, messages: Sequence[Message]) -> Imported:
    known = set(review.messages.values_list("message_id", flat=True))
    fresh = [m for m in messages if m.message_id not in known]
    if len(known) + len(fresh) > MAX_MESSAGES:
        raise InvalidMail(
            f"“{title[:80]}” would have {len(known) + len(fresh)} messages",
            allowed=f"at most {MAX_MESSAGES} in a review",
        )
    MailMessage.objects.bulk_create([_row(review, m) for m in fresh], batch_size=200)
    if fresh:
        review_arrange(review)
    return Imported(review, len(fresh))


def _known(owner: User, messages: Sequence[Message]) -> Review | None:
    """The review that holds one of them, or the one that is answered."""
    ids = {m.message_id for m in messages}
    ids |= {m.in_reply_to for m in messages} | {
        r for m in messages for r in m.references
    }
    ids.discard("")
    held = MailMessage.objects.filter(
        review__owner=owner, message_id__in=list(ids)[:900]
    )
    found = held.select_related("review").order_by("review__created_at").first()
    return None if found is None else found.review


def _row(review: Review, message: Message) -> MailMessage:
    return MailMessage(
        review=review,
        message_id=message.message_id[:260],
        subject=message.subject,
        author_name=message.author.name,
        author_address=message.author.address,
        date=message.date,
        body=message.body,
        raw=message.raw,
        problems=message.problems,
    )


def review_arrange(
    review: Review, bound: Mapping[int, tuple[str, str]] | None = None
) -> None:
    """Threads and versions anew, over all that is here. Ids of messages stay, so that
    remarks do; a kernel that was bound to a version stays bound, and so do numbers that
    were given by hand. bound: more kernels, with who said so, by version."""
    rows = {row.message_id: row for row in review.messages.all()}
    messages = [parse_message(bytes(row.raw)) for row in rows.values()]
    threads, topics = read_series(messages)
    position = 0
    for thread in threads:
        for placed in thread.placed:
            row = rows[placed.message.message_id[:260]]
            row.position, row.depth = position, placed.depth
            row.parent_id = (parent_of(placed.message, rows) or "")[:260]
            position += 1
    MailMessage.objects.bulk_update(
        rows.values(), ["position", "depth", "parent_id"], batch_size=200
    )
    kept = {
        version.version: (version.variant, version.bound_by)
        for version in review.versions.all()
    }
    review.versions.all().delete()
    versions = _by_hand(review, [v for topic in topics for v in topic.versions])
    for version in versions:
        _version(review, version, rows, kept | dict(bound or {}))
    if versions:
        latest = max(versions, key=lambda v: v.version)
        review.title = latest.title[:300] or review.title
        review.author_name = latest.first.author.name or latest.author
        review.save(update_fields=["title", "author_name", "updated_at"])


def _by_hand(review: Review, versions: Sequence[Version]) -> list[Version]:
    """With the numbers that somebody gave to what they joined."""
    given = {join.first: join.version for join in review.joins.all()}
    return [
        replace(v, version=given.get(v.first.message_id[:260], v.version))
        for v in versions
    ]


def _version(
    review: Review,
    version: Version,
    rows: dict[str, MailMessage],
    bound: dict[int, tuple[str, str]],
) -> None:
    variant, bound_by = bound.get(version.version, ("", ""))
    made = SeriesVersion.objects.create(
        review=review,
        version=version.version,
        total=version.total,
        cover=rows[version.cover.message_id[:260]] if version.cover else None,
        rfc=version.rfc,
        resend=version.resend,
        missing=list(version.missing),
        variant=variant,
        bound_by=bound_by,
    )
    SeriesPatch.objects.bulk_create(
        SeriesPatch(
            version=made,
            number=patch.number,
            title=patch.subject.title,
            message=rows[patch.message.message_id[:260]],
        )
        for patch in version.patches
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """A moment of a run that a remark points at, and what the machine said there."""

    run: Run
    seq: int
    hit_no: int | None
    words: str
    part: Part = Part()
    moment: str = ""
    claim: str = ReviewRemark.Claim.OPEN


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a message, from 1; 0 and 0 for the whole."""

    message: MailMessage
    first: int = 0
    at: int = 0


@transaction.atomic
def remark_create(
    *,
    author: User | None,
    name: str = "",
    place: Place,
    body: str,
    proof: Proof | None = None,
    answers: ReviewRemark | None = None,
) -> ReviewRemark:
    """A draft; of a guest, who has no account but a name, a remark that all see: nobody
    could come back for the draft. Raises RemarkRefused: a line that is not there, no
    words; an answer to a remark on another message. An answer stands where its remark
    stands."""
    if answers is not None:
        if answers.message_id != place.message.pk:
            raise RemarkRefused(
                "an answer is on the message of its remark",
                field="answers",
                value=str(answers.pk),
                allowed="a remark on the same message",
            )
        place = Place(place.message, answers.first, answers.at)
    lines = place.message.body.count("\n") + 1
    if not 0 <= place.first <= place.at <= lines:
        raise RemarkRefused(
            "the message has no such lines",
            field="at",
            value=place.at,
            allowed=f"0 to {lines}, first not behind it",
        )
    made = ReviewRemark.objects.create(
        review=place.message.review,
        message=place.message,
        first=place.first or place.at,
        at=place.at,
        answers=answers,
        author=author,
        author_name=author.get_username() if author else name,
        draft=author is not None,
        body=_words(body),
    )
    if proof is not None:
        remark_prove(remark=made, proof=proof)
    if not made.draft:
        remarks_said([made])
    return made


def _words(body: str) -> str:
    text = body.replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_BODY:
        raise RemarkRefused(
            "a remark needs words",
            field="body",
            value=len(text),
            allowed=f"1 to {MAX_BODY} characters",
        )
    return text


def remark_prove(*, remark: ReviewRemark, proof: Proof) -> ReviewRemark:
    """Join a remark with a moment of the machine."""
    remark.run, remark.seq, remark.hit_no = proof.run, proof.seq, proof.hit_no
    remark.evidence, remark.claim = proof.words, proof.claim
    remark.moment = proof.moment
    for name, value in proof.part.columns.items():
        setattr(remark, name, value)
    remark.save()
    return remark


@transaction.atomic
def remark_edit(*, remark: ReviewRemark, body: str) -> ReviewRemark:
    """Other words. What others have read stays as an earlier text; a draft has none."""
    text = _words(body)
    if not remark.draft:
        changed = words_replace(of=remark, body=text)
        remark_changed(changed)
        return changed
    remark.body = text
    remark.save(update_fields=["body", "updated_at"])
    return remark


def remark_remove(*, remark: ReviewRemark) -> bool:
    """Take it out; with answers it stays without words. Whether it stays."""
    return words_remove(of=remark)


def remark_resolve(*, remark: ReviewRemark, resolved: bool) -> ReviewRemark:
    """Open or resolved."""
    remark.resolved_at = timezone.now() if resolved else None
    remark.save(update_fields=["resolved_at", "updated_at"])
    return remark


@transaction.atomic
def remarks_publish(*, review: Review, author: User) -> int:
    """Show somebody's drafts to everybody; how many there were."""
    own = ReviewRemark.objects.filter(review=review, author=author, draft=True)
    drafts = list(own.select_related("review", "message", "answers__author"))
    shown = [
        draft
        for draft in drafts
        # Of two requests at the same time one shows it, and it is told of once.
        if ReviewRemark.objects.filter(pk=draft.pk, draft=True).update(draft=False)
    ]
    remarks_said(shown)
    return len(shown)


def remark_claim(*, remark: ReviewRemark, claim: str) -> ReviewRemark:
    """What its evidence comes to; one without evidence claims nothing. Raises
    RemarkRefused."""
    if remark.seq is None:
        raise RemarkRefused("a claim needs evidence", field="claim", value=claim)
    remark.claim = claim
    remark.save(update_fields=["claim", "updated_at"])
    return remark


def review_set(*, review: Review, **changes: Any) -> Review:
    """Who sees it (visibility, team), how it stands (state); what is not given stays."""
    for name, value in changes.items():
        setattr(review, name, value)
    review.save(update_fields=[*changes, "updated_at"])
    return review


def version_bind(*, version: SeriesVersion, variant: str, by: User) -> SeriesVersion:
    """Say which kernel of the model stands for a version; empty: none does."""
    version.variant = variant
    version.bound_by = by.get_username() if variant else ""
    version.save(update_fields=["variant", "bound_by"])
    return version
