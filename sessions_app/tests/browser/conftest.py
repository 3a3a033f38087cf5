"""A whole installation (web, worker, Redis) in a folder of its own, and a real browser."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
    sync_playwright,
)

from hwbpweb.tests.processes import PROJECT_DIR, Service
from sessions_app.tests.browser.rest import Api, api_token

#: The headless shell is the same engine without the windows and menus of a browser, which
#: cost a quarter of a second for each page.
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or ""
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: For what a page comes to say: a machine may be busy. Ends with the fact, not the time.
expect.set_options(timeout=30_000)
_GOING = """SELECT id FROM sessions_app_run
  WHERE state IN ('queued', 'running', 'paused')"""


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


@pytest.fixture
def login_link(service: Service) -> str:
    """A link that signs the owner in, and that nobody has used."""
    return _new_link(service)


@pytest.fixture(scope="session")
def api(service: Service) -> Api:
    """The owner's scripts, once the demo run is over."""
    made = Api(service.base_url, api_token(service.login_url))
    made.end(made.get("runs/")["results"][-1]["id"])
    return made


@pytest.fixture(scope="module", autouse=True)
def quiet(service: Service, api: Api) -> None:
    """Nothing goes on that another file began: both workers are free."""
    with closing(sqlite3.connect(service.data / "db.sqlite3")) as database:
        going = [str(UUID(row[0])) for row in database.execute(_GOING)]
    for run in going:
        api.send(f"runs/{run}/cancel/")
    for run in going:
        api.end(run)


# One for the session. Playwright keeps an event loop running in this thread from here on,
# and beside one no asynchronous test can run: conftest.py puts this folder last.
@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one on the host these tests are skipped and say so."""
    if not CHROMIUM:
        pytest.skip("no chromium on this host")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def owner(browser: Browser, service: Service) -> Iterator[tuple[BrowserContext, Page]]:
    """The owner, signed in by hand, and a page to ask the browser of its store."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(_new_link(service))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New session").wait_for()
    page.goto("about:blank")
    yield context, page
    context.close()


@pytest.fixture
def signed_in(
    owner: tuple[BrowserContext, Page], service: Service
) -> Iterator[BrowserContext]:
    """The owner's browser: signed in, with nothing kept and no page of another test."""
    context, store = owner
    asked = context.new_cdp_session(store)
    wanted = {"origin": service.base_url, "storageTypes": "local_storage"}
    asked.send("Storage.clearDataForOrigin", wanted)
    asked.detach()
    yield context
    for page in context.pages:
        if page is not store:
            page.close()


def _complaint(answer: Response) -> list[str]:
    """422 is how a page with a form answers what it refuses."""
    wrong = answer.status >= 400 and answer.status != 422
    return [f"{answer.status} {answer.url}"] if wrong else []


def _is_complaint(message: ConsoleMessage) -> bool:
    """A lost connection is not one: the page itself must deal with it, and tests see how."""
    known = ("Failed to load", "WebSocket connection to")
    return message.type == "error" and not any(word in message.text for word in known)


@pytest.fixture
def page(signed_in: BrowserContext, service: Service) -> Iterator[Page]:
    """A page of the owner, nowhere yet; anything in the console that is an error fails
    the test."""
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
    yield page
    page.close()
    assert complaints == [], service.text[-4000:]


@pytest.fixture
def home(page: Page, service: Service) -> Page:
    """The owner's page at the list of sessions."""
    page.goto(f"{service.base_url}/")
    return page
