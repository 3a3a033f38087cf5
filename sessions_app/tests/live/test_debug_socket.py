"""Who gets to a run's debugger, and how the bytes fare between web and worker."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from hwbpweb.redis import redis_client
from sessions_app import debug_socket
from sessions_app.debug_line import reach
from sessions_app.debug_wire import (
    CloseCode,
    Kind,
    inbox_key,
    json_bytes,
    outbox_key,
    pack_back,
    presence_key,
    unpack_word,
)
from sessions_app.models import ApiToken, DebugSession, Run, ShareLink
from sessions_app.services.sharing import Terms, share_link_create, token_create
from sessions_app.tests.factories import create_run, create_user
from sessions_app.tests.live.debugger import Debugger, connect, debug_scope, doors
from sessions_app.tests.live.follower import Socket

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


@pytest.fixture(autouse=True)
def hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def live(session: DebugSession) -> Run:
    """A run that some worker has."""
    return create_run(session, state="running", outcome="")


@pytest.fixture
def token(alice: User) -> str:
    return token_create(user=alice, name="laptop")[1]


@pytest.fixture
async def opened() -> AsyncIterator[Any]:
    """connect(), with the sockets closed at the end."""
    made: list[Debugger] = []

    async def one(*arguments: Any, **options: Any) -> Debugger:
        made.append(await connect(*arguments, **options))
        return made[-1]

    yield one
    for debugger in made:
        await debugger.leave()


async def word(run: Run) -> Any:
    """The next thing that the worker would hear."""

    def take() -> Any:
        with redis_client() as client:
            found: Any = client.blpop([inbox_key(run.pk)], timeout=30)
        return unpack_word(found[1])

    return await asyncio.to_thread(take)


def answer(run: Run, connection: Any, kind: Kind, payload: bytes) -> None:
    """As the worker answers."""
    with redis_client() as client:
        client.rpush(outbox_key(run.pk, connection), pack_back(kind, payload))


async def test_the_owner_comes_in_by_token(live: Run, token: str, opened: Any) -> None:
    await opened(live.pk, token)

    said = await word(live)
    caller = said.json()
    assert caller.pop("line")
    assert (said.kind, caller) == (
        Kind.OPEN,
        {"who": "alice", "face": "full", "via": "gdb"},
    )


async def test_the_owner_comes_in_by_cookie(
    live: Run, alice: User, opened: Any
) -> None:
    browser = Client()
    await database_sync_to_async(browser.force_login)(alice)

    await opened(live.pk, cookie=browser.cookies["sessionid"].value)

    assert (await word(live)).json()["who"] == "alice"


async def test_a_parked_run_is_queued_to_stand_for_its_debugger(
    live: Run, token: str, opened: Any
) -> None:
    parked = Run.objects.filter(pk=live.pk)
    await parked.aupdate(state="paused", parked_at=timezone.now())

    await opened(live.pk, token)

    await word(live)
    assert await parked.filter(state="queued", hold=True).aexists()


async def test_a_face_is_asked_for(live: Run, token: str, opened: Any) -> None:
    await opened(live.pk, token, b"face=faithful")

    assert (await word(live)).json()["face"] == "faithful"


async def test_bytes_go_to_the_worker_and_back(
    live: Run, token: str, opened: Any
) -> None:
    debugger = await opened(live.pk, token)
    who = (await word(live)).connection
    answer(live, who, Kind.LISTS, b"")

    await debugger.send(b"$?#3f")
    heard = await word(live)
    answer(live, who, Kind.OUT, b"$T05#b9")

    assert (heard.kind, heard.payload) == (Kind.DATA, b"$?#3f")
    assert await debugger.packet() == b"T05"


async def test_bytes_go_by_its_own_line_where_the_worker_comes_to_it(
    live: Run, token: str, opened: Any
) -> None:
    debugger = await opened(live.pk, token)
    line = reach((await word(live)).json()["line"])
    assert line is not None

    with line:
        line.setblocking(True)
        await debugger.send(b"$?#3f")
        heard = await asyncio.to_thread(line.recv, 100)
        line.send(b"$T05#b9")
        assert (heard, await debugger.packet()) == (b"$?#3f", b"T05")


async def test_last_words_on_its_own_line_come_before_the_end(
    live: Run, token: str, opened: Any
) -> None:
    debugger = await opened(live.pk, token)
    said = await word(live)
    line = reach(said.json()["line"])
    assert line is not None
    told = {"code": int(CloseCode.DONE), "reason": "the run is over"}

    with line:
        line.send(b"$W00#b7")
    answer(live, said.connection, Kind.END, json_bytes(told))

    assert await debugger.packet() == b"W00"
    assert (await debugger.closed())[0] == CloseCode.DONE


async def test_nothing_is_left_of_its_own_line(live: Run, token: str) -> None:
    debugger = await connect(live.pk, token)
    path = Path((await word(live)).json()["line"])

    await debugger.leave()
    await word(live)

    assert not await asyncio.to_thread(path.parent.exists)


async def test_where_no_socket_can_be_made_bytes_go_by_the_lists(
    live: Run, token: str, opened: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """The name of a unix socket has at most 108 bytes."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    debugger = await opened(live.pk, token)
    said = await word(live)

    await debugger.send(b"$?#3f")

    assert said.json()["line"] == ""
    assert (await word(live)).payload == b"$?#3f"


async def test_nothing_is_left_where_redis_is_away(
    live: Run, token: str, tmp_path: Path, monkeypatch: Any, settings: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings.REDIS_URL = f"unix://{tmp_path}/nowhere"
    debugger = await connect(live.pk, token)

    assert (await debugger.closed())[0] == CloseCode.LOST
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def test_a_goodbye_is_told_to_the_worker(live: Run, token: str) -> None:
    debugger = await connect(live.pk, token)
    await word(live)

    await debugger.leave()

    assert (await word(live)).kind is Kind.CLOSE


async def test_the_last_word_of_the_worker_closes_the_socket(
    live: Run, token: str, opened: Any
) -> None:
    debugger = await opened(live.pk, token)
    who = (await word(live)).connection
    told = {"code": int(CloseCode.REFUSED), "reason": "bob (gdb) controls this run"}

    answer(live, who, Kind.END, json_bytes(told))

    assert await debugger.closed() == (4409, "bob (gdb) controls this run")


async def test_somebody_who_is_there_says_so(
    live: Run, token: str, opened: Any
) -> None:
    await opened(live.pk, token)
    who = (await word(live)).connection

    with redis_client() as client:
        assert client.ttl(presence_key(live.pk, who)) > 0


async def test_nothing_is_left_in_redis(live: Run, token: str) -> None:
    debugger = await connect(live.pk, token)
    await word(live)
    await debugger.leave()
    await word(live)

    with redis_client() as client:
        assert client.keys("run:*") == []


async def test_a_worker_that_does_not_come_makes_the_client_wait(
    live: Run, token: str, opened: Any
) -> None:
    debugger = await opened(live.pk, token)
    answer(live, (await word(live)).connection, Kind.LISTS, b"")
    for _ in range(200):
        await debugger.send(b"x")
    await asyncio.sleep(0.5)

    with redis_client() as client:
        waiting = client.llen(inbox_key(live.pk))

    assert waiting <= debug_socket.FULL + 1


async def test_a_run_that_ended_without_a_word_closes_the_socket(
    live: Run, token: str, opened: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    debugger = await opened(live.pk, token)

    await database_sync_to_async(Run.objects.update)(state="failed")

    assert await debugger.closed() == (1000, "the run is over")


async def test_a_worker_that_was_lost_closes_the_socket(
    live: Run, token: str, opened: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    debugger = await opened(live.pk, token)

    await database_sync_to_async(Run.objects.update)(epoch=2)

    assert (await debugger.closed())[0] == CloseCode.LOST


async def test_a_queued_run_may_be_waited_for(
    session: DebugSession, token: str, opened: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    run = await database_sync_to_async(create_run)(
        session, state="queued", outcome="", epoch=0
    )
    debugger = await opened(run.pk, token)
    who = (await word(run)).connection
    await asyncio.sleep(0.3)
    await database_sync_to_async(Run.objects.update)(state="running", epoch=1)

    answer(run, who, Kind.OUT, b"$OK#9a")

    assert await debugger.packet() == b"OK"


async def test_after_a_lost_redis_the_socket_goes_on_or_is_closed(
    live: Run, token: str, opened: Any
) -> None:
    """It is never silent: a gdb would wait for ever."""
    debugger = await opened(live.pk, token)
    who = (await word(live)).connection
    with redis_client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(0.3)

    answer(live, who, Kind.OUT, b"$OK#9a")
    message = await debugger.socket.receive_output(timeout=30)

    assert message.get("bytes") == b"$OK#9a" or message["code"] == CloseCode.LOST


async def test_charlie_finds_no_such_run(live: Run, opened: Any) -> None:
    charlie = await database_sync_to_async(create_user)("charlie")
    _, secret = await database_sync_to_async(token_create)(user=charlie, name="x")

    assert (await (await opened(live.pk, secret)).closed())[0] == 4404


async def test_an_unknown_token_is_told_so(live: Run, opened: Any) -> None:
    debugger = await opened(live.pk, "nonsense")

    assert await debugger.closed() == (4401, "this token is not known")


async def test_an_unknown_token_does_not_fall_back_to_the_cookie(
    live: Run, alice: User, opened: Any
) -> None:
    browser = Client()
    await database_sync_to_async(browser.force_login)(alice)

    debugger = await opened(live.pk, "x", cookie=browser.cookies["sessionid"].value)

    assert (await debugger.closed())[0] == 4401


async def test_a_token_that_only_writes_controls_nothing(
    live: Run, alice: User, opened: Any
) -> None:
    _, secret = await database_sync_to_async(token_create)(
        user=alice, name="x", scope="write"
    )

    assert (await (await opened(live.pk, secret)).closed())[0] == CloseCode.READ_ONLY


async def test_a_token_that_is_deleted_closes_the_socket(
    live: Run, token: str, opened: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    debugger = await opened(live.pk, token)
    await word(live)

    await database_sync_to_async(ApiToken.objects.all().delete)()

    assert (await debugger.closed())[0] == CloseCode.NOT_FOUND


async def test_nobody_finds_no_such_run(live: Run, opened: Any) -> None:
    assert (await (await opened(live.pk)).closed())[0] == 4404


async def by_link(live: Run, role: str) -> Debugger:
    """As a browser that opened a link of this role."""
    _, secret = await database_sync_to_async(share_link_create)(
        of=live.session, by=live.session.owner, terms=Terms(role=role)
    )
    browser = Client()
    await database_sync_to_async(browser.post)(f"/s/{secret}/", {"name": "Bob"})
    cookies = "; ".join(f"{k}={v.value}" for k, v in browser.cookies.items())
    headers = [(b"origin", b"http://testserver"), (b"cookie", cookies.encode())]
    socket = Socket(doors(), debug_scope(live.pk, headers))
    await socket.connect()
    return Debugger(socket)


async def test_a_controller_debugs_under_the_name_they_gave(live: Run) -> None:
    debugger = await by_link(live, "controller")
    said = await word(live)
    await debugger.leave()

    assert (said.kind, said.json()["who"]) == (Kind.OPEN, "Bob (by link)")


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}]
)
async def test_a_link_that_ends_closes_the_debuggers_socket(
    live: Run, monkeypatch: Any, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    debugger = await by_link(live, "controller")
    await word(live)

    await database_sync_to_async(ShareLink.objects.update)(**change)

    assert (await debugger.closed())[0] == CloseCode.NOT_FOUND


async def test_a_link_that_ends_while_bytes_come_closes_it_too(
    live: Run, monkeypatch: Any
) -> None:
    monkeypatch.setattr(debug_socket, "TOUCH", 0.1)
    debugger = await by_link(live, "controller")
    who = (await word(live)).connection
    await database_sync_to_async(ShareLink.objects.update)(revoked_at=timezone.now())

    for _ in range(10):
        await asyncio.to_thread(answer, live, who, Kind.OUT, b"$OK#9a")
        await asyncio.sleep(0.05)

    assert (await debugger.closed())[0] == CloseCode.NOT_FOUND


async def test_a_viewer_of_a_shared_link_controls_nothing(
    live: Run, session: DebugSession, opened: Any
) -> None:
    _, secret = await database_sync_to_async(share_link_create)(
        of=session, by=session.owner
    )
    browser = Client()
    await database_sync_to_async(browser.get)(f"/s/{secret}/")
    cookies = "; ".join(f"{k}={v.value}" for k, v in browser.cookies.items())
    headers = [(b"origin", b"http://testserver"), (b"cookie", cookies.encode())]
    socket = Socket(doors(), debug_scope(live.pk, headers))
    await socket.connect()

    assert (await Debugger(socket).closed())[0] == CloseCode.READ_ONLY


async def test_a_page_from_elsewhere_is_not_let_in(live: Run, alice: User) -> None:
    browser = Client()
    await database_sync_to_async(browser.force_login)(alice)
    cookie = f"sessionid={browser.cookies['sessionid'].value}".encode()
    headers = [(b"origin", b"http://evil.example"), (b"cookie", cookie)]
    socket = Socket(doors(), debug_scope(live.pk, headers))

    await socket.send_input({"type": "websocket.connect"})
    message = await socket.receive_output(timeout=30)

    assert message["type"] == "websocket.close"


async def test_a_run_that_is_over_is_not_debugged(
    session: DebugSession, token: str, opened: Any
) -> None:
    run = await database_sync_to_async(create_run)(session)

    assert await (await opened(run.pk, token)).closed() == (
        4410,
        "run 1 is over: finished",
    )


async def test_an_unknown_face_is_refused_with_what_is_allowed(
    live: Run, token: str, opened: Any
) -> None:
    code, reason = await (await opened(live.pk, token, b"face=x")).closed()

    assert (code, "full, faithful" in reason) == (4400, True)
