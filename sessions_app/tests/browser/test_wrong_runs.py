"""Runs in which something is wrong, on the session page of a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


def started(api: Api, slug: str) -> str:
    """The address of a new session in which the buggy version runs."""
    made = api.post(f"scenarios/{slug}/run/", {"version": 0})
    return f"{api.base}/sessions/{made['id']}/"


@pytest.fixture(scope="module")
def ran(api: Api) -> Callable[[str], str]:
    """The same of a run that is over; one for each story."""

    @cache
    def address(slug: str) -> str:
        made = started(api, slug)
        session = made.strip("/").rpartition("/")[2]
        api.end(api.get(f"sessions/{session}/runs/")["results"][0]["id"])
        return made

    return address


@pytest.fixture
def silent(page: Page, ran: Callable[[str], str]) -> Page:
    """The watchpoint that never fires."""
    page.goto(ran("never-fires"))
    wait_for_end(page)
    return page


def test_the_list_is_there_without_a_reload(page: Page, api: Api) -> None:
    page.goto(started(api, "never-fires"))
    wait_for_end(page)
    rows = page.locator("#problems li")

    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("DR7 and cpu_dr7 part after IRET")
    expect(rows.nth(2)).to_contain_text("Not fired: write of second")


def test_a_broken_invariant_leads_to_its_hit(silent: Page) -> None:
    silent.locator("#problems").get_by_role("link", name="hit 1").first.click()

    expect(silent).to_have_url(re.compile(r"\?run=1&hit=1$"))
    expect(silent.locator("#why .verdict")).to_contain_text("DR7 and cpu_dr7 part")


def test_what_did_not_fire_is_an_event_to_look_at(silent: Page) -> None:
    silent.locator("#problems").get_by_role("link", name="event").first.click()

    expect(silent.locator(".hit-title h2")).to_contain_text("Event")
    expect(silent.locator("#why .tree")).to_contain_text("kgdb believes it is watched")
    expect(silent.locator("#state")).to_be_visible()


def test_a_hit_chosen_after_an_event_has_its_own_address(silent: Page) -> None:
    silent.locator("#problems").get_by_role("link", name="event").first.click()
    silent.locator("#hits a.hit").nth(1).click()

    expect(silent).to_have_url(re.compile(r"\?run=1&hit=2$"))
    expect(silent.locator("#h-n")).to_have_text("2")


def test_a_run_without_hits_opens_at_what_is_wrong(
    page: Page, ran: Callable[[str], str]
) -> None:
    page.goto(ran("after-a-guest"))

    expect(page.locator("#why .verdict")).to_contain_text("1 watched access passed")
    expect(page.locator("#hits")).to_contain_text("No hit in this run")


def test_slots_follow_the_chosen_moment(silent: Page) -> None:
    silent.locator("#t-slots").click()
    pane = silent.locator("#slots-pane")
    expect(pane).to_contain_text("CPU 0: 2 of 4 slots")
    silent.get_by_role("link", name="at entry").click()

    expect(pane).to_contain_text("CPU 0: 1 of 4 slots")


def test_a_refusal_shows_its_sum(page: Page, ran: Callable[[str], str]) -> None:
    page.goto(ran("slot-leak"))
    page.locator("#t-slots").click()

    expect(page.locator("#slots-pane")).to_contain_text(
        "CPU 1: 4 of the CPU itself + 0 of tasks + 1 asked for = 5 > 4"
    )


@pytest.mark.parametrize(
    ("slug", "query"),
    [("never-fires", "&tab=slots"), ("after-a-guest", ""), ("slot-leak", "&tab=slots")],
)
def test_it_is_accessible(
    page: Page, ran: Callable[[str], str], slug: str, query: str
) -> None:
    page.goto(f"{ran(slug)}?run=1{query}")
    wait_for_end(page)

    assert in_all_dresses(page) == []


@pytest.mark.parametrize("pane", ["hits", "code"])
def test_a_phone_shows_it_in_its_panes(silent: Page, pane: str) -> None:
    silent.set_viewport_size({"width": 390, "height": 844})
    silent.locator(f"nav.thumb [data-pane={pane}]").click()

    part = "#problems" if pane == "hits" else ".pane-dock"
    expect(silent.locator(part)).to_be_visible()
    assert silent.evaluate("document.documentElement.scrollWidth") == 390
