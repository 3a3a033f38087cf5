"""Sockets of those who may no longer read: a session made private, a member put out."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from sessions_app import debug_socket, run_socket
from sessions_app.models import DebugSession, Membership, Run, Team
from sessions_app.services.sessions import session_show
from sessions_app.services.teams import member_change, member_join, member_remove
from sessions_app.tests.factories import (
    create_run,
    create_session,
    create_user,
    store_hits,
)
from sessions_app.tests.live.debugger import connect
from sessions_app.tests.live.follower import hits, publish

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: Any, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(run_socket, "CHECK_AGAIN", 0.1)
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)


@pytest.fixture
def charlie(transactional_db: None) -> User:
    return create_user("charlie")


@pytest.fixture
def session(transactional_db: None) -> DebugSession:
    return create_session(create_user("alice"))


@pytest.fixture
def live(session: DebugSession) -> Run:
    run = create_run(session, state="running", outcome="")
    store_hits(run, 10)
    return run


@pytest.fixture
def member(session: DebugSession, charlie: User) -> Membership:
    """Charlie, who controls what is given to the team; the session is."""
    team = Team.objects.create(name="kgdb")
    Membership.objects.create(team=team, user=session.owner, role="owner")
    session_show(session=session, team=team)
    return member_join(team=team, user=charlie, role="controller")


async def closed(follower: Any) -> int:
    """The code with which the server ends it; what comes before is not looked at."""
    while True:
        message = await follower.socket.receive_output(10)
        if message["type"] == "websocket.close":
            return int(message["code"])


@pytest.mark.parametrize("visibility", ["unlisted", "public"])
async def test_a_session_made_private_ends_the_sockets_of_others(
    live: Run, session: DebugSession, following: Any, visibility: str
) -> None:
    show = database_sync_to_async(session_show)
    await show(session=session, visibility=visibility)
    follower = await following(live.pk)
    await follower.until_seq(60)

    await show(session=session, visibility="private")

    assert await closed(follower) == 4404


async def test_its_owner_stays(
    live: Run, session: DebugSession, following: Any
) -> None:
    show = database_sync_to_async(session_show)
    await show(session=session, visibility="public")
    follower = await following(live.pk, session.owner)
    guest = await following(live.pk)
    await follower.until_seq(60)
    await guest.until_seq(60)

    await show(session=session, visibility="private")
    await closed(guest)
    await publish(live.pk, hits(11, 20))
    await follower.until_seq(120)

    assert follower.seqs == list(range(1, 121))


async def test_whoever_is_put_out_of_the_team_follows_no_more(
    live: Run, member: Membership, charlie: User, following: Any
) -> None:
    follower = await following(live.pk, charlie)
    await follower.until_seq(60)

    await database_sync_to_async(member_remove)(member=member)

    assert await closed(follower) == 4404


@database_sync_to_async
def cookie_of(user: User) -> str:
    browser = Client()
    browser.force_login(user)
    return str(browser.cookies["sessionid"].value)


async def test_whoever_is_put_out_of_the_team_debugs_no_more(
    live: Run, member: Membership, charlie: User
) -> None:
    debugger = await connect(live.pk, cookie=await cookie_of(charlie))

    await database_sync_to_async(member_remove)(member=member)

    assert (await debugger.closed())[0] == 4404


async def test_a_weaker_role_ends_debugging_too(
    live: Run, member: Membership, charlie: User
) -> None:
    debugger = await connect(live.pk, cookie=await cookie_of(charlie))

    await database_sync_to_async(member_change)(member=member, role="commenter")

    assert (await debugger.closed())[0] == 4404
