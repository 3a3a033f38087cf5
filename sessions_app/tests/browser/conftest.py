"""A whole installation (web, worker, Redis) in a folder of its own, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_LINK = re.compile(r"(http://\S+/login/\S+/)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser on the host these tests are skipped and say so."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="no chromium on this host"))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def login_link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The link that ``manage.py up`` prints, while everything runs."""
    data = tmp_path_factory.mktemp("data")
    command = [sys.executable, "manage.py", "up", "--port", str(_free_port())]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"HWBPWEB_DATA": str(data), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            found = _LINK.search(line)
            if found:
                yield found[1]
                break
        else:
            pytest.fail("the server did not start: " + "".join(said))
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


# Not for the session: Playwright keeps an event loop running in this thread, and under
# one no asynchronous test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, login_link: str) -> Iterator[BrowserContext]:
    """The one who started the server, signed in by the printed link."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(login_link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New session").wait_for()
    page.close()
    yield context
    context.close()


def _complaint(answer: Response) -> list[str]:
    """422 is how a page with a form answers what it refuses."""
    wrong = answer.status >= 400 and answer.status != 422
    return [f"{answer.status} {answer.url}"] if wrong else []


@pytest.fixture
def page(signed_in: BrowserContext, login_link: str) -> Iterator[Page]:
    """A page of the owner; anything in the console that is an error fails the test."""
    page = signed_in.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.extend(_complaint(answer)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Failed to load" not in message.text
            else None
        ),
    )
    page.goto(login_link.partition("/login/")[0] + "/")
    yield page
    page.close()
    assert complaints == []
