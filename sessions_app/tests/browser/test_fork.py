"""Running a run again on another kernel, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture
def session(page: Page, api: Api) -> Page:
    """The page of a run of a stable kernel of 2026, at its end."""
    made = api.post("scenarios/perf-eats-kgdb/run/", {"version": 0})
    page.goto(f"{api.base}/sessions/{made['id']}/")
    wait_for_end(page)
    page.get_by_text("on another kernel…").click()
    return page


def test_it_runs_in_the_same_session(session: Page) -> None:
    session.get_by_label("The same recipe on").select_option("d1")
    session.locator("#run-on").get_by_role("button", name="Run", exact=True).click()

    expect(session.locator(".run-bar strong")).to_have_text("Run 2: 2.6.33 as merged")


def test_it_goes_on_to_the_comparison(session: Page) -> None:
    session.get_by_label("The same recipe on").select_option("g-bare")
    session.get_by_role("button", name="Run and compare").click()

    expect(session.locator(".cmp-first")).to_contain_text("calls overflow_handler")


def test_it_is_accessible(session: Page) -> None:
    assert in_all_dresses(session, within=".account-box") == []


def test_a_phone_has_it_too(session: Page) -> None:
    session.set_viewport_size({"width": 390, "height": 844})

    expect(session.get_by_role("button", name="Run and compare")).to_be_in_viewport()
    assert session.evaluate("document.documentElement.scrollWidth") == 390
