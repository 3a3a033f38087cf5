"""Two runs compared in a real browser: what is seen at once, keys, address, a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import PROGRAM, in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

#: Without RF the first execute hit never ends. The hypervisor bit changes nothing here.
VARIANTS = (
    {"base": "g-bare"},
    {"base": "g-bare", "set": {"rf_by": "none"}},
    {"base": "g-hv"},
)


@pytest.fixture(scope="module")
def runs(api: Api) -> list[str]:
    """The program of the accessibility tests with an execute and a write breakpoint."""
    image = api.post("images/", {"assembly": PROGRAM})["sha256"]
    watches = [
        {"type": "write", "length": 8, "at": "counter"},
        {"type": "execute", "length": 1, "at": "again"},
    ]
    session = api.session("One kernel against the other")
    body = api.post("recipes/", {"image": image, "breakpoints": watches})["recipe"]
    made = []
    for variant in VARIANTS:
        recipe = api.post("recipes/", body | {"variant": variant})["id"]
        made.append(api.run(recipe, session))
        api.end(made[-1])
    return made


@pytest.fixture
def compared(page: Page, api: Api, runs: list[str]) -> Page:
    """With RF against without."""
    page.goto(f"{api.base}/compare/{runs[0]}/{runs[1]}/")
    return page


def is_in_view(element: Locator) -> bool:
    """Whether all of it can be seen without scrolling."""
    box = element.bounding_box()
    size = element.page.viewport_size
    assert box is not None
    assert size is not None
    return (
        box["y"] >= 0
        and box["y"] + box["height"] <= size["height"]
        and box["x"] + box["width"] <= size["width"]
    )


@pytest.mark.parametrize(
    "what",
    [
        ".cmp-first",
        ".cmp-a .verdict p",
        ".cmp-b .verdict p",
        ".cmp-pin-a .bits",
        ".cmp-pin-b .bits",
        ".pair-row.is-first",
    ],
)
def test_what_matters_is_seen_at_once(compared: Page, what: str) -> None:
    assert is_in_view(compared.locator(what).first)


def test_the_verdicts_are_of_the_same_hit(compared: Page) -> None:
    expect(compared.locator("#side-A")).to_contain_text("hit 1")
    expect(compared.locator("#side-B")).to_contain_text("hit 1")
    expect(compared.locator(".cmp-b .verdict")).to_contain_text("it will fire again")


@pytest.mark.parametrize("key", ["n", "j"])
def test_a_key_goes_to_the_next_difference(compared: Page, key: str) -> None:
    compared.keyboard.press(key)

    expect(compared.locator("#main")).to_have_attribute("data-number", "2")
    expect(compared).to_have_url(re.compile(r"\?at=2$"))


def test_keys_come_back_to_the_first(compared: Page) -> None:
    for _ in range(3):
        number = int(compared.locator("#main").get_attribute("data-number") or 0)
        compared.keyboard.press("n")
        expect(compared.locator("#main")).to_have_attribute(
            "data-number", str(number + 1)
        )
    compared.keyboard.press("N")
    expect(compared.locator("#main")).to_have_attribute("data-number", "3")
    compared.keyboard.press("g")

    expect(compared.locator("#main")).to_have_attribute("data-number", "1")


def test_the_address_opens_the_same_difference(compared: Page) -> None:
    compared.keyboard.press("n")
    expect(compared).to_have_url(re.compile(r"\?at=2$"))
    before = compared.locator(".cmp-nav p").inner_text()

    compared.reload()

    assert compared.locator(".cmp-nav p").inner_text() == before


def test_a_sort_of_difference_leads_to_its_first(compared: Page) -> None:
    link = compared.locator(".cmp-facts a[data-at]").last
    number = link.get_attribute("data-at") or ""

    link.click()

    expect(compared.locator("#main")).to_have_attribute("data-number", number)


def test_a_key_swaps_the_sides(compared: Page, runs: list[str]) -> None:
    compared.keyboard.press("x")

    compared.wait_for_url(f"**/compare/{runs[1]}/{runs[0]}/")
    expect(compared.locator("#side-A")).to_contain_text("livelock")


def test_buttons_work_without_scripts(
    compared: Page, api: Api, runs: list[str]
) -> None:
    """The same links, followed by the browser itself."""
    href = compared.locator("#d-next").get_attribute("href")

    compared.goto(f"{api.base}/compare/{runs[0]}/{runs[1]}/{href}")

    expect(compared.locator("#main")).to_have_attribute("data-number", "2")


def test_the_arrows_move_in_a_strip_after_a_step(compared: Page) -> None:
    compared.keyboard.press("n")
    expect(compared.locator("#main")).to_have_attribute("data-number", "2")

    expect(compared.locator(".cmp-pin-a .bits [tabindex='0']")).to_have_count(1)


def test_a_fold_opens(compared: Page) -> None:
    fold = compared.locator("a.fold[href*='open=']").first
    hidden = compared.locator(".pair-row").count()

    fold.click()

    compared.wait_for_url("**open=*")
    assert compared.locator(".pair-row").count() > hidden


def test_no_difference_is_said(page: Page, api: Api, runs: list[str]) -> None:
    page.goto(f"{api.base}/compare/{runs[0]}/{runs[2]}/")

    expect(page.get_by_role("heading", name="No difference")).to_be_visible()
    expect(page.locator("main")).to_contain_text("differ in variant")


def test_the_session_page_leads_here(page: Page, api: Api, runs: list[str]) -> None:
    session = api.state(runs[0])["session"]
    page.goto(f"{api.base}/sessions/{session}/?run=1")
    page.locator("#compare-with summary").click()
    page.get_by_role("link", name="Run 2 on g-bare").click()

    expect(page.locator(".cmp-first")).to_contain_text("First divergence")


def test_a_phone_shows_the_verdicts_first_and_nothing_sideways(compared: Page) -> None:
    compared.set_viewport_size({"width": 390, "height": 844})

    assert compared.evaluate("document.documentElement.scrollWidth") == 390
    for what in (".cmp-first", ".cmp-a .verdict p", ".cmp-b .verdict p"):
        assert is_in_view(compared.locator(what))


def test_a_phone_shows_an_equal_line_once(compared: Page) -> None:
    compared.set_viewport_size({"width": 390, "height": 844})

    cells = compared.locator(".pair-row.is-same").first.locator("td")
    expect(cells.nth(0)).to_be_visible()
    expect(cells.nth(1)).to_be_hidden()


@pytest.mark.parametrize("pair", [(0, 1), (0, 2)])
def test_it_is_accessible(
    page: Page, api: Api, runs: list[str], pair: tuple[int, int]
) -> None:
    page.goto(f"{api.base}/compare/{runs[pair[0]]}/{runs[pair[1]]}/")

    assert in_all_dresses(page) == []


def test_a_hit_of_one_side_is_accessible(page: Page, api: Api, runs: list[str]) -> None:
    page.goto(f"{api.base}/compare/{runs[0]}/{runs[1]}/?at=2")

    assert in_all_dresses(page) == []
