"""The matrix in a real browser: it fills in, each cell opens its run, a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from emulator.tests.matrix.expected import EXPECTED
from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture
def matrix(page: Page, api: Api) -> Page:
    """The page once every cell is known."""
    page.goto(f"{api.base}/matrix/")
    expect(page.locator(".matrix-state")).to_contain_text(
        "computed by emulator", timeout=60_000
    )
    return page


def test_it_fills_in_by_itself(matrix: Page) -> None:
    words = matrix.locator(".matrix td a").all_inner_texts()

    assert words
    assert "not run" not in words


def test_rest_says_what_the_model_predicts(matrix: Page, api: Api) -> None:
    cells = api.get("matrix/")["cells"]

    assert {(row, name): cells[row][name] for row, name in EXPECTED} == EXPECTED


def test_a_cell_opens_its_run(matrix: Page) -> None:
    matrix.get_by_role("link", name="lost").first.click()
    matrix.get_by_role("button", name="Open its run").click()
    wait_for_end(matrix)

    expect(matrix.locator("h1")).to_have_text("W1 Write watchpoint")


def test_the_run_has_the_digest_of_the_cell(matrix: Page, api: Api) -> None:
    cell = api.get("matrix/?row=W6&variant=g-bare&full=1")["cells"]["W6"]["g-bare"]
    run = api.post("matrix/W6/g-bare/run/")
    end = api.end(run["id"])

    assert (end["recipe"], end["digest"]) == (cell["recipe"], cell["digest"])


def test_a_cell_is_compared_with_the_kernel_before_it(page: Page, api: Api) -> None:
    page.goto(f"{api.base}/matrix/W1/h-bare/")
    page.get_by_role("button", name="Compare with g-bare").click()

    expect(page.locator(".cmp-first")).to_contain_text("First divergence")


def test_choices_stand_in_the_address(matrix: Page) -> None:
    matrix.get_by_text("Rows", exact=True).click()
    matrix.get_by_role("checkbox", name="W8 Somebody else's breakpoint").check()
    matrix.locator("details[open]").get_by_role("button", name="Show").click()

    matrix.wait_for_url("**/matrix/?row=W8")
    expect(matrix.locator(".matrix tbody tr")).to_have_count(1)


def test_it_is_accessible(matrix: Page) -> None:
    assert in_all_dresses(matrix) == []


def test_a_cell_is_accessible(matrix: Page, api: Api) -> None:
    matrix.goto(f"{api.base}/matrix/W6/g-bare/")

    assert in_all_dresses(matrix) == []


def test_a_phone_scrolls_the_table_only(matrix: Page) -> None:
    matrix.set_viewport_size({"width": 390, "height": 844})

    assert matrix.evaluate("document.documentElement.scrollWidth") == 390
    view = "document.querySelector('.matrix-view')"
    assert matrix.evaluate(f"{view}.scrollWidth > {view}.clientWidth")
