"""``manage.py up``: it serves, it heals, and it leaves nothing behind."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwbpweb.tests.processes import Service, wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Visitor:
    """A browser without a screen."""

    def __init__(self, service: Service) -> None:
        self.base = service.base_url
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=20) as answer:
            return answer.read().decode()

    def post(self, path: str, page: str, **fields: str) -> str:
        match = _TOKEN.search(page)
        assert match is not None, page
        form = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": match[1]})
        request = urllib.request.Request(
            self.base + path, form.encode(), {"Referer": self.base + path}
        )
        with self.opener.open(request, timeout=20) as answer:
            return answer.read().decode()

    def sign_in(self, url: str) -> str:
        path = url.removeprefix(self.base)
        return self.post(path, self.get(path))

    def runs(self) -> list[dict[str, Any]]:
        return json.loads(self.get("/api/v1/runs/"))["results"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    started = Service(tmp_path / "data", "--workers", "1")
    yield started
    started.stop(signal.SIGKILL)
    wait_for(lambda: not started.processes())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests that it heals from."""
    started = Service(tmp_path_factory.mktemp("shared") / "data", "--workers", "1")
    yield started
    started.stop(signal.SIGKILL)
    wait_for(lambda: not started.processes())


@pytest.fixture(scope="module")
def owner(shared: Service) -> Visitor:
    """Signed in to the shared service, the demo run over."""
    visitor = Visitor(shared)
    visitor.sign_in(shared.login_url)
    assert wait_for(lambda: visitor.runs()[0]["state"] == "finished", 30)
    return visitor


def one_more_run(visitor: Visitor) -> str:
    """Run the demo's scenario again; the id of the run."""
    visitor.post("/scenarios/watched-counter/run/", visitor.get("/"))
    return visitor.runs()[0]["id"]


def state_of(visitor: Visitor, run: str) -> str:
    return json.loads(visitor.get(f"/api/v1/runs/{run}/"))["state"]


def test_the_demo_session_runs_and_is_seen_by_its_owner(owner: Visitor) -> None:
    assert wait_for(lambda: answered(owner), 20)
    run = owner.runs()[-1]  # the first

    assert "owner" in owner.get("/")
    assert run["outcome"] == "completed"
    hits = json.loads(owner.get(f"/api/v1/runs/{run['id']}/hits/?limit=1000"))
    assert len(hits["results"]) == run["hits"] > 0


def test_a_login_link_works_once(shared: Service, owner: Visitor) -> None:
    assert wait_for(lambda: answered(owner), 20)
    assert "owner" in owner.get("/")  # signed in by the link

    with pytest.raises(urllib.error.HTTPError) as refused:
        Visitor(shared).sign_in(shared.login_url)
    assert refused.value.code == 410
    refused.value.close()


def test_sigterm_ends_everything(service: Service) -> None:
    assert service.login_url

    status = service.stop(signal.SIGTERM)

    assert status == 0, service.text
    assert service.processes() == {}


def test_ctrl_c_ends_everything(service: Service) -> None:
    assert service.login_url

    assert service.stop(signal.SIGINT) == 0
    assert service.processes() == {}


def test_sigterm_while_starting_leaves_nothing(tmp_path: Path) -> None:
    started = Service(tmp_path / "data")
    assert wait_for(lambda: len(started.processes()) > 2)

    started.stop(signal.SIGTERM)

    assert wait_for(lambda: not started.processes()), started.processes()


def test_kill_9_leaves_neither_process_nor_socket_folder(service: Service) -> None:
    assert service.login_url
    assert wait_for(lambda: len(service.processes()) >= 7), service.processes()
    command = service.processes()[service.pid_of("guardian.py")]
    folder = Path(command.split()[-1])
    assert folder.is_dir()

    service.process.kill()

    assert wait_for(lambda: not service.processes()), service.processes()
    assert wait_for(lambda: not folder.exists())


def started_again(service: Service, word: str, before: int) -> bool:
    """Whether another process leads the group of that command."""
    try:
        return service.pid_of(word) != before
    except (AssertionError, ProcessLookupError):  # not yet, or just now no more
        return False


@pytest.mark.parametrize(
    "word", ["uvicorn", "--queues runs", "--queues quick", "valkey-server"]
)
def test_a_killed_process_is_started_again(
    shared: Service, owner: Visitor, word: str
) -> None:
    assert wait_for(lambda: any(word in c for c in shared.processes().values()))
    before = shared.pid_of(word)

    os.kill(before, signal.SIGKILL)

    assert wait_for(lambda: started_again(shared, word, before), 40), shared.text
    assert wait_for(lambda: answered(owner), 20)


def answered(visitor: Visitor) -> bool:
    try:
        visitor.get("/api/v1/runs/")
    except OSError:
        return False
    return True


def test_runs_execute_after_valkey_was_killed(shared: Service, owner: Visitor) -> None:
    assert wait_for(lambda: answered(owner), 20)
    before = shared.pid_of("valkey-server")
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: started_again(shared, "valkey-server", before), 40)

    run = one_more_run(owner)

    assert wait_for(lambda: state_of(owner, run) == "finished", 60), shared.text


def test_a_run_survives_the_death_of_its_worker(
    shared: Service, owner: Visitor
) -> None:
    """The message or the lease is lost with the worker; the run is taken up again."""
    assert wait_for(lambda: answered(owner), 20)
    os.kill(shared.pid_of("--queues runs"), signal.SIGSTOP)
    run = one_more_run(owner)
    os.kill(shared.pid_of("--queues runs"), signal.SIGKILL)

    assert wait_for(lambda: state_of(owner, run) == "finished", 60), shared.text
    assert len({r["digest"] for r in owner.runs() if r["digest"]}) == 1


def test_a_later_start_has_the_runs_of_before_and_no_more(service: Service) -> None:
    before = Visitor(service)
    before.sign_in(service.login_url)
    assert wait_for(lambda: before.runs()[0]["state"] == "finished", 30)
    kept = [run["id"] for run in before.runs()]
    service.stop()
    again = Service(service.data, "--workers", "1")
    try:
        after = Visitor(again)
        after.sign_in(again.login_url)
        assert [run["id"] for run in after.runs()] == kept
    finally:
        again.stop()
