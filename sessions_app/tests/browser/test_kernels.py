"""Kernels and switch sets in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture
def own(api: Api) -> str:
    """The id of a set that never sets RF."""
    body = {"name": "No RF", "base": "g", "changes": {"rf_by": "none"}}
    return str(api.post("switch-sets/", body | {"visibility": "unlisted"})["id"])


def test_a_set_is_made_from_a_kernel(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/variants/g-bare/")
    page.get_by_role("link", name="Make a switch set from it").click()
    page.get_by_label("Name").fill("Nobody sets RF")
    page.get_by_label("rf_by").select_option("none")
    page.get_by_role("button", name="Make set").first.click()

    expect(page.locator("h1")).to_have_text("Nobody sets RF")
    changed = page.locator(".switches-t").first.locator("tbody tr")
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("rf_by")


def test_another_base_shows_its_values_at_once(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/switch-sets/new/?base=g-bare")
    page.get_by_label("Name").fill("kept while the base changes")
    page.get_by_label("Base").select_option("d1")

    expect(page.locator(".form-t thead th").nth(1)).to_have_text("d1")
    expect(page.get_by_label("Name")).to_have_value("kept while the base changes")


def test_an_error_leads_to_its_field(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/switch-sets/new/")
    page.get_by_label("Name").fill("wrong")
    page.get_by_label("kgdb_prio").fill("high")
    page.get_by_role("button", name="Make set").first.click()
    page.get_by_role("alert").get_by_role("link", name="kgdb_prio").click()

    expect(page.get_by_label("kgdb_prio")).to_be_in_viewport()


def test_a_new_session_runs_on_a_set(page: Page, api: Api, own: str) -> None:
    page.goto(f"{api.base}/switch-sets/{own}/")
    page.get_by_role("link", name="New session on it").click()
    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.locator(".run-bar strong")).to_have_text("Run 1: No RF, on g-bare")


def test_a_set_is_a_column_of_the_matrix(page: Page, api: Api, own: str) -> None:
    page.goto(f"{api.base}/matrix/?row=W2&variant=g-bare&set={own}")
    expect(page.locator(".matrix-state")).to_contain_text(
        "computed by emulator", timeout=60_000
    )

    moved = page.locator(".matrix td.bad.moved")
    expect(moved).to_have_count(1)
    expect(moved).to_contain_text("fault, moved")


def test_deleting_asks_first(page: Page, api: Api, own: str) -> None:
    page.goto(f"{api.base}/switch-sets/{own}/")
    delete = page.get_by_role("button", name="Delete No RF")
    expect(delete).to_be_hidden()
    page.get_by_text("Delete…").click()
    delete.click()

    expect(page).to_have_url(f"{api.base}/switch-sets/")


@pytest.mark.parametrize(
    "path",
    ["/variants/", "/variants/d1/", "/switch-sets/", "/switch-sets/new/", "SET"],
)
def test_it_is_accessible_and_a_phone_scrolls_nothing_sideways(
    page: Page, api: Api, own: str, path: str
) -> None:
    page.goto(api.base + path.replace("SET", f"/switch-sets/{own}/"))

    assert in_all_dresses(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
