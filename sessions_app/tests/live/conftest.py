"""A live run, and followers that are closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    create_run,
    create_session,
    create_user,
    store_hits,
)
from sessions_app.tests.live.follower import Follower, follow


@pytest.fixture
async def following() -> AsyncIterator[Any]:
    """follow(), with the sockets closed at the end."""
    opened: list[Follower] = []

    async def one(*arguments: Any, **options: Any) -> Follower:
        opened.append(await follow(*arguments, **options))
        return opened[-1]

    yield one
    for follower in opened:
        await follower.socket.disconnect()


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def session(alice: User) -> DebugSession:
    return create_session(alice)


@pytest.fixture
def live(session: DebugSession) -> Run:
    """A running run of which 10 hits are stored."""
    run = create_run(session, state="running", outcome="")
    store_hits(run, 10)
    return run
