"""A breakpoint that wants some of its hits, from the form to the tree of a hit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("home"),
]


def test_a_line_with_a_place_asks_which_hits_are_wanted(page: Page) -> None:
    page.get_by_role("link", name="New session").click()

    expect(page.get_by_label("Condition of breakpoint 1")).to_be_visible()
    expect(page.get_by_label("Condition of breakpoint 2")).to_be_hidden()
    page.get_by_label("Symbol or address of breakpoint 2").fill("counter")
    expect(page.get_by_label("Condition of breakpoint 2")).to_be_visible()


def test_the_tree_says_what_the_condition_came_to(page: Page) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Condition of breakpoint 1").fill("value == 7")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#run-state")).to_have_text("finished", timeout=60_000)
    expect(page.locator("#s-hits")).to_have_text("10")

    for number, words in ((6, "does not hold"), (7, "holds")):
        page.keyboard.press("g")
        page.locator(f"#hit-{number}").click()
        expect(page.locator("#h-n")).to_have_text(str(number))
        said = f"of breakpoint 0, its hit {number}: {words}"
        expect(page.get_by_text(said)).to_be_visible()


def test_a_condition_that_does_not_read_comes_back_with_its_place(page: Page) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Condition of breakpoint 1").fill("value ==")
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("at character 9: expected a value")).to_be_visible()
    expect(page.get_by_label("Condition of breakpoint 1")).to_have_value("value ==")
