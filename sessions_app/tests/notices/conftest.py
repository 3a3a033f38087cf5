"""Alice owns a session and a review; bob holds links to both; charlie reads neither."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from sessions_app.models import DebugSession, MailMessage, Review, ShareLink
from sessions_app.services.reviews import review_import
from sessions_app.services.sharing import (
    Terms,
    share_link_create,
    share_link_hold,
)
from sessions_app.tests.factories import create_user
from sessions_app.tests.reviews.story import THREAD


@pytest.fixture
def review(alice: User) -> Review:
    (found,) = review_import(owner=alice, data=THREAD)
    return found.review


@pytest.fixture
def message(review: Review) -> MailMessage:
    return review.messages.get(message_id="v1@example.org")


@pytest.fixture
def link(session: DebugSession) -> ShareLink:
    terms = Terms(role="commenter")
    made, _ = share_link_create(of=session, by=session.owner, terms=terms)
    return made


@pytest.fixture
def review_link(review: Review) -> ShareLink:
    terms = Terms(role="commenter")
    made, _ = share_link_create(of=review, by=review.owner, terms=terms)
    return made


@pytest.fixture
def bob(link: ShareLink, review_link: ShareLink) -> User:
    made = create_user("bob")
    share_link_hold(link=link, person=made)
    share_link_hold(link=review_link, person=made)
    return made
