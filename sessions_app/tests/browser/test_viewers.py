"""Several people on one run, and a run that is faster than a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sessions_app.tests.browser.live_page import handed, shown_hits, wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import violations
from sessions_app.tests.programs import counting

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

_HITS = 40_000
#: As many writes as a storm needs, one after the other.
FAST = counting(_HITS)
WATCH = {"type": "write", "length": 8, "at": "counter"}
#: Keeps what the page says and gets while it storms.
_WATCH = """() => {
  window.handed = [];
  window.stormed = 0;
  const { hits, counts } = window.hwbpFeed.on;
  window.hwbpFeed.on.hits = (fresh, last) => {
    window.handed.push(...fresh.map((hit) => [window.hwbpFeed.epoch, hit.number, hit.seq]));
    hits(fresh, last);
  };
  window.hwbpFeed.on.counts = (frame) => {
    window.stormed += frame.count;
    counts(frame);
    window.said = document.getElementById("storm").textContent;
  };
}"""


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """Somebody else's browser."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def finished(api: Api) -> str:
    """A session with a short run that is over."""
    recipe = api.assembled(counting(40), breakpoints=[WATCH])
    session = api.session("Looked at by two")
    api.end(api.run(recipe, session))
    return session


@pytest.fixture
def held(page: Page, api: Api) -> str:
    """A run that waits for its start, open in the page."""
    wish = {"instructions": 10**8, "events": 10**6}
    recipe = api.assembled(FAST, breakpoints=[WATCH], **wish)
    session = api.session("A storm")
    run = api.post("runs/", {"session": session, "recipe": recipe, "paused": True})
    page.goto(f"{api.base}/sessions/{session}/")
    page.wait_for_function("() => window.hwbpFeed?.socket?.readyState === 1")
    page.evaluate(_WATCH)
    api.until(run["id"], lambda state: state["state"] == "paused")
    return str(run["id"])


def test_a_storm_is_counted_and_nothing_of_it_is_lost(
    page: Page, api: Api, held: str
) -> None:
    api.post(f"runs/{held}/resume/")

    wait_for_end(page)

    assert page.evaluate("() => window.stormed") > 0
    assert len(handed(page)) < _HITS
    assert shown_hits(page) == _HITS == api.state(held)["hits"]


def test_a_storm_is_said_in_words_over_the_table(
    page: Page, api: Api, held: str
) -> None:
    api.post(f"runs/{held}/resume/")

    page.wait_for_function("() => window.said")

    assert "shown as counts. None is lost" in page.evaluate("() => window.said")
    expect(page.locator("#storm")).to_be_hidden()


def test_the_table_follows_a_storm_to_its_end(page: Page, api: Api, held: str) -> None:
    api.post(f"runs/{held}/resume/")
    wait_for_end(page)

    expect(page.locator(f"#hit-{_HITS}")).to_be_visible()


def test_rows_of_a_storm_load_when_they_are_looked_at(
    page: Page, api: Api, held: str
) -> None:
    api.post(f"runs/{held}/resume/")
    wait_for_end(page)

    page.evaluate("() => window.hwbpTable.choose(20000, { centre: true })")

    value = page.locator("#hit-20000 .r")
    expect(value).to_have_attribute("title", re.compile("^0x4e20"))


def test_two_people_see_each_other(
    page: Page, stranger: Page, api: Api, finished: str
) -> None:
    page.goto(f"{api.base}/sessions/{finished}/")
    link = api.post(f"sessions/{finished}/share-links/", {"run": 1})["url"]

    stranger.goto(link)

    here = page.get_by_label("2 look at this run")
    expect(here).to_be_visible()
    here.click()
    expect(page.locator("#viewers li")).to_have_text(
        ["owner (you)", "1 guest without an account"]
    )
    assert violations(page) == []


def test_who_leaves_disappears(
    page: Page, stranger: Page, api: Api, finished: str
) -> None:
    page.goto(f"{api.base}/sessions/{finished}/")
    stranger.goto(api.post(f"sessions/{finished}/share-links/", {"run": 1})["url"])
    expect(page.locator("#viewers")).to_be_visible()

    stranger.goto("about:blank")

    expect(page.locator("#viewers")).to_be_hidden()


def test_nobody_else_is_not_worth_a_face(page: Page, api: Api, finished: str) -> None:
    page.goto(f"{api.base}/sessions/{finished}/")
    page.wait_for_function("() => window.hwbpFeed?.socket?.readyState === 1")
    page.wait_for_timeout(1000)

    expect(page.locator("#viewers")).to_be_hidden()
