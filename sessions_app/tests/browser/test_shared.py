"""A share link in a browser without an account: the same hits, live, and nothing to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page, expect

from emulator.tests.compiling import image_of
from sessions_app.tests.browser.live_page import (
    held_rows,
    shown_hits,
    stored_rows,
    wait_for_end,
    watch_feed,
)
from sessions_app.tests.browser.rest import Api, Json

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """Somebody else's browser."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def demo_session(api: Api) -> Json:
    """The session that the first start makes."""
    found: list[Json] = []
    page = "sessions/?limit=200"
    while page:  # other tests have made many more
        told = api.get(page)
        found += told["results"]
        page = told["next"]
    return next(s for s in reversed(found) if s["scenario"] == "watched-counter")


def make_link(api: Api, session: str) -> Json:
    return dict(api.post(f"sessions/{session}/share-links/", {"run": 1}))


def open_live(page: Page, api: Api, args: Sequence[str] = ()) -> tuple[str, str, Json]:
    """The stranger on the page of a run that begins when it is open: session, run, link."""
    image = api.upload(image_of("paced"), "paced").body["sha256"]
    watch = {"type": "write", "length": 8, "at": "sample"}
    wish = {"instructions": 1_000_000_000, "args": list(args)}
    recipe = api.recipe(image, breakpoints=[watch], **wish)
    session = api.session("Watched by somebody else")
    held = {"session": session, "recipe": recipe, "paused": True}
    run = str(api.post("runs/", held)["id"])
    link = make_link(api, session)
    page.goto(link["url"])
    watch_feed(page)
    api.until(run, lambda state: state["state"] == "paused")
    api.post(f"runs/{run}/resume/")
    return session, run, link


def test_the_link_of_the_demo_session_shows_the_same_hits(
    page: Page, stranger: Page, api: Api
) -> None:
    session = demo_session(api)
    page.goto(f"{api.base}/sessions/{session['id']}/")
    wait_for_end(page)

    stranger.goto(make_link(api, session["id"])["url"])
    wait_for_end(stranger)

    watch = "() => window.hwbpTable"
    page.wait_for_function(watch)
    stranger.wait_for_function(watch)
    assert held_rows(stranger) == held_rows(page) != []


def test_the_holder_of_a_link_has_nothing_to_change(stranger: Page, api: Api) -> None:
    _, run, _ = open_live(stranger, api)

    expect(stranger.get_by_text("Read only: one session")).to_be_visible()
    expect(stranger.locator("form[method=post]")).to_have_count(0)
    expect(stranger.get_by_role("button", name="Pause")).to_have_count(0)
    expect(stranger.get_by_role("button", name="Cancel run")).to_have_count(0)
    expect(stranger.get_by_label("Annotate")).to_have_count(0)
    expect(stranger.get_by_role("link", name="Share")).to_have_count(0)
    api.post(f"runs/{run}/cancel/")


def test_the_holder_of_a_link_sees_hits_arrive(stranger: Page, api: Api) -> None:
    _, run, _ = open_live(stranger, api, ["1000", "30000"])
    stranger.wait_for_function("() => window.handed.length > 20")
    seen = shown_hits(stranger)
    wait_for_end(stranger)

    assert 0 < seen < shown_hits(stranger) == 1000
    assert held_rows(stranger) == stored_rows(api.hits(run))


def test_a_revoked_link_closes_while_it_is_looked_at(stranger: Page, api: Api) -> None:
    session, run, link = open_live(stranger, api)
    stranger.wait_for_function("() => window.handed.length > 0")
    api.post(f"runs/{run}/pause/")

    revoked = api.ask("DELETE", f"sessions/{session}/share-links/{link['id']}/")

    assert revoked.status == 204
    expect(stranger.locator("#offline")).to_contain_text("no longer open to you")
    assert stranger.reload().status == 404
    assert stranger.goto(link["url"]).status == 410
    expect(stranger.get_by_role("heading")).to_have_text("This link was revoked")
    api.post(f"runs/{run}/cancel/")
