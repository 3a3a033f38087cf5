"""The place in the queue, told while a run waits."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async

from sessions_app.models import Run
from sessions_app.services.run_commands import run_cancel
from sessions_app.tests.factories import create_run, create_session, create_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


@pytest.fixture
def queue(transactional_db: None) -> list[Run]:
    """Two runs of one person."""
    alice = create_user("alice")
    session = create_session(alice)
    wishes: dict[str, Any] = {"state": "queued", "outcome": "", "started_by": alice}
    return [create_run(session, epoch=0, **wishes) for _ in range(2)]


async def test_the_place_is_told_and_told_anew(
    queue: list[Run], following: Any
) -> None:
    first, second = queue
    owner = await database_sync_to_async(lambda: second.session.owner)()
    follower = await following(second.pk, owner)
    await follower.until_state("queued")
    assert follower.states[-1]["place"] == 2

    await database_sync_to_async(run_cancel)(run=first)
    while follower.states[-1]["place"] != 1:
        await follower.take()

    assert follower.states[-1]["state"] == "queued"


async def test_a_run_that_goes_on_has_none(queue: list[Run], following: Any) -> None:
    first, _ = queue
    await database_sync_to_async(Run.objects.filter(pk=first.pk).update)(
        state="running"
    )
    owner = await database_sync_to_async(lambda: first.session.owner)()

    follower = await following(first.pk, owner)
    await follower.until_state("running")

    assert follower.states[-1]["place"] is None
