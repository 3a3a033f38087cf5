"""The timelines of two runs above each other: one zoom, the divergence, the chosen difference."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_compare import runs  # noqa: F401  # a fixture

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

_BOTH = """() => window.hwbpPair.both.map(({ view, mark, cursor, source }) => ({
  from: view.from, to: view.to, last: view.last, mark: mark?.time, cursor: cursor?.time,
  settled: source.fine?.from === view.from && source.fine?.to === view.to }))"""


@pytest.fixture
def compared(page: Page, api: Api, runs: list[str]) -> Page:  # noqa: F811  # the fixture
    """With RF against without."""
    page.goto(f"{api.base}/compare/{runs[0]}/{runs[1]}/")
    both(page)
    return page


def both(page: Page) -> list[dict[str, Any]]:
    page.wait_for_function(
        f"() => window.hwbpPair && ({_BOTH})().every((x) => x.settled)"
    )
    found: list[dict[str, Any]] = page.evaluate(_BOTH)
    return found


def spans(page: Page) -> list[tuple[int, int]]:
    return [(side["from"], side["to"]) for side in both(page)]


def test_both_show_the_same_span_of_the_longer_run(compared: Page) -> None:
    left, right = both(compared)

    assert (left["from"], left["to"]) == (right["from"], right["to"])
    assert left["last"] == right["last"]


@pytest.mark.parametrize("which", ["A", "B"])
def test_what_one_is_zoomed_the_other_follows(compared: Page, which: str) -> None:
    compared.keyboard.press("f")
    before = spans(compared)
    compared.locator(f"canvas[data-timeline={which}]").hover(
        position={"x": 400, "y": 50}
    )
    compared.mouse.wheel(0, -300)
    compared.wait_for_function(
        f"(old) => ({_BOTH})().every((x) => x.to - x.from < old)",
        arg=before[0][1] - before[0][0],
    )

    left, right = spans(compared)
    assert left == right


def test_the_first_divergence_is_marked_in_both(
    compared: Page,
    api: Api,
    runs: list[str],  # noqa: F811  # the fixture
) -> None:
    # Without RF the first execute hit comes again: they part in the tree of hit 1.
    first = api.hits(runs[0])[0]["retired"]

    assert [side["mark"] for side in both(compared)] == [first, first]


def test_the_cursor_goes_with_the_chosen_difference(compared: Page) -> None:
    compared.keyboard.press("n")
    expect(compared.locator("#main")).to_have_attribute("data-number", "2")
    at = int(compared.locator("#main").get_attribute("data-time") or -1)

    compared.wait_for_function(
        f"(at) => ({_BOTH})().every((x) => x.cursor === at)", arg=at
    )


def test_closed_they_stay_closed(compared: Page) -> None:
    compared.locator("#cmp-tl > summary").click()
    compared.reload()
    expect(compared.locator("#cmp-tl canvas").first).to_be_hidden()
    compared.locator("#cmp-tl > summary").click()

    expect(compared.locator("#cmp-tl canvas").first).to_be_visible()
