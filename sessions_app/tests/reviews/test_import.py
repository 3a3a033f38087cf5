"""Mail comes in: reviews, versions, messages; again, and in pieces."""

from __future__ import annotations

import gzip

import pytest
from django.contrib.auth.models import User

from sessions_app.errors import InvalidMail, RemarkRefused
from sessions_app.models import MailMessage, Review, ReviewRemark, SeriesVersion
from sessions_app.services import reviews
from sessions_app.services.reviews import (
    Place,
    remark_claim,
    remark_create,
    remarks_publish,
    review_import,
    version_bind,
)
from sessions_app.tests.mail.letters import letter, mbox
from sessions_app.tests.reviews.story import ANSWERS, THREAD, TITLE, posting


def test_a_thread_becomes_a_review(review: Review) -> None:
    assert (review.title, review.author_name) == (TITLE, "Alice Author")
    assert review.messages.count() == 7


def test_its_versions_are_known(review: Review) -> None:
    found = [(v.version, v.total, v.patches.count()) for v in review.versions.all()]

    assert found == [(1, 1, 1), (2, 1, 1), (3, 1, 1)]


def test_messages_stand_in_reading_order(review: Review) -> None:
    ids = [m.message_id.partition("@")[0] for m in review.messages.order_by("position")]

    assert ids == ["v1", "bob-1", "alice-1", "v2", "carol-2", "v3", "dave-3"]


def test_what_is_here_already_is_not_kept_twice(alice: User, review: Review) -> None:
    (again,) = review_import(owner=alice, data=gzip.compress(THREAD))

    assert (again.review, again.new, MailMessage.objects.count()) == (review, 0, 7)


def test_an_answer_that_comes_later_joins(alice: User) -> None:
    (first,) = review_import(owner=alice, data=mbox(posting(1)))
    (later,) = review_import(owner=alice, data=mbox(ANSWERS[0]))

    assert (later.review, later.new) == (first.review, 1)
    assert later.review.messages.get(message_id="bob-1@example.org").depth == 1


def test_a_version_that_comes_later_keeps_what_was_said(alice: User) -> None:
    (first,) = review_import(owner=alice, data=mbox(posting(1), ANSWERS[0]))
    message = first.review.messages.get(message_id="v1@example.org")
    remark = remark_create(author=alice, place=Place(message, 5, 5), body="Hm.")
    (bound,) = first.review.versions.all()
    version_bind(version=bound, variant="d2", by=alice)

    answer = mbox(
        posting(2).replace(
            b"Message-ID: <v2", b"In-Reply-To: <v1@example.org>\nMessage-ID: <v2"
        )
    )
    review_import(owner=alice, data=answer)

    remark.refresh_from_db()
    assert remark.message == message
    told = [(v.version, v.variant) for v in SeriesVersion.objects.order_by("version")]
    assert told == [(1, "d2"), (2, "")]


def test_two_topics_are_two_reviews(alice: User) -> None:
    other = letter("[PATCH] something else", Message_ID="<other@example.org>")

    found = review_import(owner=alice, data=THREAD + mbox(other))

    assert {each.review.title for each in found} == {TITLE, "something else"}


def test_mail_without_a_patch_is_a_review_too(alice: User) -> None:
    (found,) = review_import(owner=alice, data=letter("Is DR7 lost?"))

    assert (found.review.title, found.review.versions.count()) == ("Is DR7 lost?", 0)


def test_somebody_elses_review_is_not_joined(
    alice: User, charlie: User, review: Review
) -> None:
    (found,) = review_import(owner=charlie, data=THREAD)

    assert found.review != review
    assert found.new == 7


def test_what_is_refused_leaves_nothing(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "MAX_MESSAGES", 6)

    with pytest.raises(InvalidMail, match="7 messages"):
        review_import(owner=alice, data=THREAD)

    assert (Review.objects.count(), MailMessage.objects.count()) == (0, 0)


def test_no_mail_is_refused(alice: User) -> None:
    with pytest.raises(InvalidMail, match="empty"):
        review_import(owner=alice, data=b"")


# Remarks.


@pytest.fixture
def message(review: Review) -> MailMessage:
    return review.messages.get(message_id="v3@example.org")


@pytest.mark.parametrize(
    ("first", "at", "body", "field"),
    [
        (0, 10_000, "x", "at"),
        (9, 3, "x", "at"),
        (-1, 3, "x", "at"),
        (0, 0, "  \n", "body"),
        (0, 0, "x" * 10_001, "body"),
    ],
)
def test_a_remark_that_makes_no_sense_is_refused(
    alice: User, message: MailMessage, first: int, at: int, body: str, field: str
) -> None:
    with pytest.raises(RemarkRefused) as refused:
        remark_create(author=alice, place=Place(message, first, at), body=body)

    assert (refused.value.field, ReviewRemark.objects.count()) == (field, 0)


def test_a_remark_is_a_draft_until_it_is_published(
    alice: User, charlie: User, message: MailMessage
) -> None:
    mine = remark_create(author=alice, place=Place(message), body="a")
    other = remark_create(author=charlie, place=Place(message), body="b")

    assert remarks_publish(review=message.review, author=alice) == 1

    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.draft, other.draft) == (False, True)


def test_without_evidence_there_is_no_claim(alice: User, message: MailMessage) -> None:
    remark = remark_create(author=alice, place=Place(message), body="a")

    with pytest.raises(RemarkRefused):
        remark_claim(remark=remark, claim="supported")
