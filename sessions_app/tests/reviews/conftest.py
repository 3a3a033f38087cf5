"""Alice has brought the thread of the story."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from sessions_app.models import Review
from sessions_app.services.reviews import review_import
from sessions_app.tests.reviews.story import THREAD


@pytest.fixture
def review(alice: User) -> Review:
    (found,) = review_import(owner=alice, data=THREAD)
    return found.review
