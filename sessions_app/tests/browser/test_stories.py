"""One click on a story: both sides run, and what parts them is seen at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses
from sessions_app.tests.browser.test_compare import is_in_view
from sessions_app.tests.browser.test_looks import LONG, WATCH

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

#: What the verdict of the buggy side says, and where the sides part.
STORIES = {
    "delivered-twice": (
        "Delivered twice: the debugger stopped twice",
        "Delivered once",
        "received_hw_brk",
    ),
    "stale-dr7": (
        "DR7 was put back to an old value by hw_breakpoint_handler",
        "Delivered once",
        "HW7 as written by hw_breakpoint_handler",
    ),
    "after-a-guest": (
        "1 watched access passed unseen",
        "Every invariant holds",
        "B calls kgdb_arch_init, A does not",
    ),
}


def run_both(page: Page, api: Api, slug: str) -> None:
    page.goto(f"{api.base}/scenarios/{slug}/")
    page.get_by_role("button", name="Run both and compare").click()
    page.locator(".cmp-first").wait_for()


@pytest.mark.parametrize("slug", STORIES)
def test_verdicts_and_first_divergence_are_seen_without_scrolling(
    page: Page, api: Api, slug: str
) -> None:
    run_both(page, api, slug)

    buggy, fixed, divergence = STORIES[slug]
    for place, words in (
        (".cmp-a .verdict", buggy),
        (".cmp-b .verdict", fixed),
        (".cmp-first", divergence),
    ):
        part = page.locator(place)
        expect(part).to_contain_text(words)
        assert is_in_view(part)
    assert is_in_view(page.locator(".pair-row.is-first").first)


def test_the_page_waits_and_goes_on_by_itself(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/scenarios/never-fires/")
    page.get_by_role("button", name="Run both and compare").click()
    expect(page.locator(".cmp-first")).to_be_visible()

    assert "wait" not in page.url


def test_the_address_of_the_comparison_goes_back_to_the_story(
    page: Page, api: Api
) -> None:
    """The waiting state is no entry of the history."""
    run_both(page, api, "delivered-twice")
    page.go_back()

    expect(page.get_by_role("button", name="Run both and compare")).to_be_visible()


def test_a_version_runs_alone(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/scenarios/perf-eats-kgdb/")
    page.get_by_role("button", name="Run 2.6.34").click()

    expect(page.locator(".run-bar strong")).to_have_text("Run 1: 2.6.34")


@pytest.mark.parametrize("slug", ["perf-eats-kgdb", "watched-counter"])
def test_the_page_is_accessible(page: Page, api: Api, slug: str) -> None:
    page.goto(f"{api.base}/scenarios/{slug}/")

    assert in_all_dresses(page) == []


def test_the_waiting_page_is_accessible(page: Page, api: Api) -> None:
    recipe = api.assembled(LONG, breakpoints=[WATCH], instructions=10**10)
    session = api.session("Two that wait")
    runs = [api.run(recipe, session) for _ in range(2)]
    page.goto(f"{api.base}/compare/{runs[0]}/{runs[1]}/?wait=1")
    expect(page.locator(".wait")).to_be_visible()

    assert in_all_dresses(page) == []
    for run in runs:
        api.post(f"runs/{run}/cancel/")


def test_a_phone_scrolls_nothing_sideways(page: Page, api: Api) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{api.base}/scenarios/perf-eats-kgdb/")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
