"""What hangs on a moment of a session page: its memory, and the notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses
from sessions_app.tests.memory.test_memory import SOURCE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


def counted(api: Api) -> str:
    """A finished session whose counter went to 40."""
    image = api.post("images/", {"assembly": SOURCE})["sha256"]
    watch = {"type": "write", "length": 4, "at": "counter"}
    made = api.session("Moments")
    api.end(api.run(api.recipe(image, breakpoints=[watch]), made))
    return made


def opened(page: Page, api: Api, made: str) -> Page:
    """Its page at hit 7."""
    page.goto(f"{api.base}/sessions/{made}/?run=1&hit=7")
    wait_for_end(page)
    return page


@pytest.fixture(scope="module")
def shared(api: Api) -> str:
    """A session that is only looked at."""
    return counted(api)


@pytest.fixture
def session(page: Page, api: Api, shared: str) -> Page:
    """To look at."""
    return opened(page, api, shared)


@pytest.fixture
def empty(page: Page, api: Api) -> Page:
    """Of a session of its own, whose notebook is empty."""
    return opened(page, api, counted(api))


def test_memory_is_read_when_the_tab_is_chosen(session: Page) -> None:
    session.get_by_role("tab", name="Memory").click()

    changed = session.locator(".mem-rows .chg")
    expect(changed).to_have_text("07")
    expect(changed).to_have_attribute("title", "was 06")


def test_memory_follows_the_moment(session: Page) -> None:
    session.get_by_role("tab", name="Memory").click()
    expect(session.locator(".mem-rows .chg")).to_have_text("07")

    session.keyboard.press("j")

    expect(session.locator(".mem-rows .chg")).to_have_text("08")


def test_a_pointer_is_followed(session: Page) -> None:
    session.get_by_role("tab", name="Memory").click()
    session.locator("#mem-at").fill("pointer")
    session.locator("#mem-at").press("Enter")

    session.get_by_role("link", name=re.compile(r"\+\d → counter")).first.click()

    expect(session.locator("#mem-at")).to_have_value(re.compile("^0x"))


def test_what_is_no_address_is_said_in_place(session: Page) -> None:
    session.get_by_role("tab", name="Memory").click()
    session.locator("#mem-at").fill("nowhere +")
    session.locator("#mem-at").press("Enter")

    expect(session.locator("#mem-problem")).to_contain_text("at character")


def test_a_key_keeps_the_moment(empty: Page) -> None:
    session = empty

    session.keyboard.press("b")

    expect(session.locator("#notebook-count")).to_have_text("1")
    session.get_by_role("tab", name="Notebook").click()
    expect(session.get_by_role("link", name="hit 7 of run 1")).to_be_visible()


def test_the_notebook_is_written_ordered_and_handed_out(empty: Page) -> None:
    session = empty
    session.keyboard.press("b")
    expect(session.locator("#notebook-count")).to_have_text("1")
    session.keyboard.press("j")
    expect(session.locator("#h-n")).to_have_text("8")
    session.keyboard.press("b")
    session.get_by_role("tab", name="Notebook").click()
    entries = session.locator(".kept > li")
    expect(entries.last).to_contain_text("hit 8 of run 1")
    entries.last.locator("textarea").fill("It *counts*.")

    entries.last.get_by_role("button", name=re.compile("up$")).click()

    expect(entries.first).to_contain_text("hit 8 of run 1")
    with session.expect_download() as download:
        session.get_by_role("link", name="Markdown").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.index("hit 8 of run 1") < text.index("hit 7 of run 1")
    assert "It *counts*." in text


def test_the_memory_is_accessible(session: Page) -> None:
    session.get_by_role("tab", name="Memory").click()
    expect(session.locator(".mem-rows .chg")).to_have_text("07")

    assert in_all_dresses(session) == []


def test_the_notebook_is_accessible(empty: Page) -> None:
    empty.keyboard.press("b")
    empty.get_by_role("tab", name="Notebook").click()
    expect(empty.locator(".kept > li")).to_have_count(1)

    assert in_all_dresses(empty) == []


@pytest.mark.parametrize("tab", ["Memory", "Notebook"])
def test_a_phone_has_it_too(session: Page, tab: str) -> None:
    session.set_viewport_size({"width": 390, "height": 844})
    session.get_by_role("button", name="Code", exact=True).click()
    session.get_by_role("tab", name=tab).click()

    assert session.evaluate("document.documentElement.scrollWidth") == 390
