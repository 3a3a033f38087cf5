"""The permission table of the websockets: each role at each door, as a browser comes."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from sessions_app.models import DebugSession, Run
from sessions_app.routing import websocket_urlpatterns
from sessions_app.tests.factories import (
    create_run,
    create_session,
    create_user,
    store_hits,
)
from sessions_app.tests.live.debugger import doors
from sessions_app.tests.live.follower import Socket
from sessions_app.tests.permissions.table import (
    GUESTS,
    MEMBERS,
    OUTSIDE,
    PASSING,
    ROLES,
)
from sessions_app.tests.permissions.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]

#: By address: what each role hears first. A number closes the socket.
TABLE: dict[str, dict[str, object]] = {
    "ws/runs/<uuid:run_id>/": {
        **dict.fromkeys(("owner", *GUESTS, *MEMBERS, *PASSING), "data"),
        **dict.fromkeys(("stranger", *OUTSIDE), 4404),
    },
    "ws/runs/<uuid:run_id>/gdb/": {
        # Not allowed, and for all others there is no such run. The run is over, which
        # only those hear who may control it.
        **dict.fromkeys(("viewer", "commenter", *MEMBERS, *PASSING), 4403),
        **dict.fromkeys(("owner", "controller"), 4410),
        **dict.fromkeys(("team controller", "team maintainer", "team owner"), 4410),
        **dict.fromkeys(("stranger", *OUTSIDE), 4404),
    },
}


@pytest.fixture(autouse=True)
def hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def session(alice: User) -> DebugSession:
    return create_session(alice, patch_text="one\ntwo\n")


@pytest.fixture
def world(session: DebugSession) -> World:
    run = create_run(session)
    store_hits(run, 10)
    return World(session, run)


def test_every_socket_has_a_line() -> None:
    assert sorted(str(each.pattern) for each in websocket_urlpatterns) == sorted(TABLE)


def cookies_of(world: World, role: str) -> bytes:
    jar = world.client(role).cookies
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items()).encode()


async def first_word(run: Run, pattern: str, cookies: bytes) -> object:
    path = "/" + pattern.replace("<uuid:run_id>", str(run.pk))
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [*headers, (b"cookie", cookies)],
        "subprotocols": [],
    }
    socket = Socket(doors(), scope)
    await socket.connect()
    message = await socket.receive_output(timeout=10)
    await socket.disconnect()
    if message["type"] == "websocket.close":
        return message["code"]
    return "data"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("pattern", TABLE)
async def test_what_a_role_hears_first(world: World, pattern: str, role: str) -> None:
    cookies = await database_sync_to_async(cookies_of)(world, role)

    heard = await first_word(world.run, pattern, cookies)

    assert heard == TABLE[pattern][role]
