"""Twenty viewers of a real run on a real service, two of them slow: nobody misses an event."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest

from bench.stream.view import Viewer, connect, watch
from hwbpweb.tests.processes import Service
from sessions_app.tests.browser.rest import Api, Json, api_token
from sessions_app.tests.programs import counting

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

_QUICK, _SLOW = 18, 2
_HITS = 20_000
PROGRAM = counting(_HITS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str]]:
    """A service of our own, and its owner's token."""
    service = Service(tmp_path_factory.mktemp("viewers") / "data", "--workers", "1")
    try:
        token = api_token(service.login_url)
        yield Api(service.base_url, token), token
    finally:
        service.stop()


def held_run(api: Api) -> str:
    """A run that waits for its viewers."""
    watched = {"type": "write", "length": 8, "at": "counter"}
    recipe = api.assembled(PROGRAM, breakpoints=[watched])
    session = api.session("Watched by twenty")
    wish = {"session": session, "recipe": recipe, "paused": True}
    return str(api.post("runs/", wish)["id"])


def followed(api: Api, token: str, query: str) -> tuple[Json, list[Viewer]]:
    """The run at its end, and what its viewers say."""
    run = held_run(api)
    port = urlsplit(api.base).port
    given = Namespace(port=port, run=run, token=token, query=f"after=0:0&{query}")
    with ExitStack() as stack:
        viewers = [connect(given, slow=at < _SLOW) for at in range(_QUICK + _SLOW)]
        for viewer in viewers:
            stack.enter_context(closing(viewer.socket))
        api.until(run, lambda state: state["state"] == "paused")
        api.post(f"runs/{run}/resume/")
        watch(viewers, 120)
    return api.end(run), viewers


@pytest.mark.parametrize(
    "query", ["storm=records", "storm=counts", "storm=counts&ack=1"]
)
def test_every_viewer_knows_of_every_event(api: tuple[Api, str], query: str) -> None:
    run, viewers = followed(*api, query)

    accounts = [viewer.account for viewer in viewers]
    assert [wrong for account in accounts for wrong in account.wrong] == []
    assert {account.seq for account in accounts} == {run["events"]}
    assert {account.hits for account in accounts} <= {run["hits"], -1}
    assert run["hits"] == _HITS


def test_what_was_left_out_is_in_the_store(api: tuple[Api, str]) -> None:
    rest, token = api
    run, viewers = followed(rest, token, "storm=records&ack=1")

    for viewer in viewers:
        told = viewer.account.as_records + sum(n for _, n in viewer.account.gaps)
        assert told == run["events"]
    first, count = max(
        (gap for viewer in viewers for gap in viewer.account.gaps), default=(1, 1)
    )
    page = rest.get(f"runs/{run['id']}/events/?after={first - 1}&limit=1000")
    seqs = [event["seq"] for event in page["results"]][:count]
    assert seqs == list(range(first, first + min(count, 1000)))
