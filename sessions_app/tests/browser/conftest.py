"""A whole installation (web, worker, Redis) in a folder of its own, and a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    sync_playwright,
)

from hwbpweb.tests.processes import PROJECT_DIR, Service
from sessions_app.tests.browser.rest import Api, api_token

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


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, two workers and Valkey, as ``manage.py up`` starts them."""
    started = Service(tmp_path_factory.mktemp("service") / "data", "--workers", "2")
    yield started
    started.stop()


def _new_link(service: Service) -> str:
    """The path of one more login link."""
    base = service.base_url  # once it is known, the database is there
    made = subprocess.run(
        [sys.executable, "-m", "hwbpweb.commands", "login_link"],
        cwd=PROJECT_DIR,
        env=os.environ | {"HWBPWEB_DATA": str(service.data)},
        capture_output=True,
        text=True,
        check=True,
    )
    return base + made.stdout.split()[-1]


@pytest.fixture(scope="module")
def login_link(service: Service) -> str:
    """A link that signs the owner in once."""
    return _new_link(service)


@pytest.fixture(scope="session")
def api(service: Service) -> Api:
    """The owner's scripts."""
    return Api(service.base_url, api_token(_new_link(service)))


# Not for the session: Playwright keeps an event loop running in this thread, and under
# one no asynchronous test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without one on the host these tests are skipped and say so."""
    if not CHROMIUM:
        pytest.skip("no chromium on this host")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, login_link: str) -> Iterator[BrowserContext]:
    """The owner, signed in."""
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


def _is_complaint(message: ConsoleMessage) -> bool:
    """A lost connection is not one: the page itself must deal with it, and tests see how."""
    known = ("Failed to load", "WebSocket connection to")
    return message.type == "error" and not any(word in message.text for word in known)


@pytest.fixture
def page(
    signed_in: BrowserContext, login_link: str, service: Service
) -> Iterator[Page]:
    """A page of the owner; anything in the console that is an error fails the test."""
    page = signed_in.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.extend(_complaint(answer)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if _is_complaint(message) else None
        ),
    )
    page.goto(login_link.partition("/login/")[0] + "/")
    yield page
    page.close()
    assert complaints == [], service.text[-4000:]
