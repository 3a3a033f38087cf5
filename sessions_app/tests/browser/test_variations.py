"""A run with one thing changed, from its page and without scripts; sessions renamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from emulator.tests.compiling import image_of
from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import PROGRAM, in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
WATCH = {"type": "write", "length": 8, "at": "counter"}


def finished(api: Api) -> str:
    """A session with one finished run of forty hits."""
    made = api.session("Varied")
    api.end(api.run(api.assembled(PROGRAM, breakpoints=[WATCH]), made))
    return made


@pytest.fixture
def session(api: Api) -> str:
    """One that the test may change."""
    return finished(api)


@pytest.fixture(scope="module")
def shared(api: Api) -> str:
    """One that is only looked at."""
    return finished(api)


@pytest.fixture
def plain(browser: Browser, signed_in: BrowserContext) -> Iterator[Page]:
    """The owner without scripts."""
    context = browser.new_context(
        java_script_enabled=False, storage_state=signed_in.storage_state()
    )
    yield context.new_page()
    context.close()


def runs(api: Api, session: str) -> list[str]:
    return [r["label"] for r in api.get(f"sessions/{session}/runs/")["results"]]


def test_one_more_breakpoint_from_the_run_bar(
    page: Page, api: Api, session: str
) -> None:
    page.goto(f"{api.base}/sessions/{session}/")
    page.get_by_text("change…").click()
    page.get_by_label("Type of the new breakpoint").select_option("execute")
    page.get_by_label("Bytes of the new breakpoint").select_option("1")
    page.get_by_label("Symbol or address of the new breakpoint").fill("again")

    page.locator("#run-change").get_by_role("button", name="Run", exact=True).click()

    wait_for_end(page)
    expect(page.locator("[data-breakpoint='1']")).to_contain_text("again X")
    assert runs(api, session)[0] == "one more breakpoint: execute at again"


def test_a_symbol_is_chosen_without_a_script(
    plain: Page, api: Api, session: str
) -> None:
    plain.goto(f"{api.base}/sessions/{session}/runs/1/change/")
    plain.get_by_label("Find a symbol").fill("count")
    plain.get_by_role("button", name="Find").click()
    plain.get_by_role("link", name="Choose counter").click()

    expect(plain.get_by_label("Symbol or address of breakpoint 1")).to_have_value(
        "counter"
    )
    plain.locator("form[action$='/breakpoint/']").get_by_role(
        "button", name="Run", exact=True
    ).click()

    expect(plain.get_by_text("Run 2: one more breakpoint")).to_be_visible()


def test_the_editor_selects_what_is_wrong(page: Page, api: Api, shared: str) -> None:
    page.goto(f"{api.base}/sessions/{shared}/runs/1/recipe/")
    text = page.get_by_label("Recipe, JSON")
    text.fill(text.input_value().replace('"length": 8', '"length": 3'))

    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("breakpoints[0].length")
    chosen = text.evaluate("(t) => t.value.slice(t.selectionStart, t.selectionEnd)")
    assert chosen.startswith('"length": 3')
    assert in_all_dresses(page) == []


def test_the_editor_runs_what_it_checked(plain: Page, api: Api, session: str) -> None:
    plain.goto(f"{api.base}/sessions/{session}/runs/1/recipe/")
    text = plain.get_by_label("Recipe, JSON")
    text.fill(text.input_value().replace('"seed": 1', '"seed": 9'))
    plain.get_by_role("button", name="Check").click()
    expect(plain.get_by_text("A recipe that can run")).to_be_visible()
    expect(plain.locator(".recipe-diff .add")).to_contain_text('"seed": 9')

    plain.get_by_role("button", name="Run", exact=True).click()

    expect(plain.get_by_text("Run 2: edited recipe")).to_be_visible()


def test_a_session_is_renamed_where_its_title_stands(
    plain: Page, api: Api, session: str
) -> None:
    plain.goto(f"{api.base}/sessions/{session}/?run=1")
    plain.get_by_label("Rename or edit this session").click()
    plain.get_by_label("Title").fill("Called otherwise")

    plain.get_by_role("button", name="Rename").click()

    expect(plain.get_by_role("heading", level=1)).to_have_text("Called otherwise")


def test_a_duplicate_gives_the_same_digest(page: Page, api: Api, session: str) -> None:
    page.goto(f"{api.base}/sessions/{session}/")
    page.get_by_label("Rename or edit this session").click()
    page.get_by_role("button", name="Duplicate").click()
    wait_for_end(page)

    first = api.get(f"sessions/{session}/runs/")["results"][0]
    copy = urlsplit(page.url).path.strip("/").rpartition("/")[2]
    again = api.get(f"sessions/{copy}/runs/")["results"][0]
    assert again["digest"] == first["digest"] != ""


def test_breakpoints_of_a_new_session_come_from_its_program(
    plain: Page, api: Api, tmp_path: Path
) -> None:
    program = tmp_path / "paced"
    program.write_bytes(image_of("paced"))
    plain.goto(f"{api.base}/sessions/new/")
    plain.get_by_label("or a static ELF64 executable").set_input_files(program)
    plain.get_by_role("button", name="Read its symbols").click()
    plain.get_by_label("Symbol or address of breakpoint 1").fill("")
    find = plain.get_by_label("Find a symbol")
    find.fill("sample")
    find.press("Enter")
    plain.get_by_role("button", name="Choose sample", exact=True).click()

    plain.get_by_role("button", name="Run", exact=True).click()

    expect(plain.locator("[data-breakpoint='0']")).to_contain_text("sample W8")


@pytest.mark.parametrize("path", ["edit/", "runs/1/change/", "runs/1/recipe/"])
def test_the_pages_are_accessible(page: Page, api: Api, shared: str, path: str) -> None:
    page.goto(f"{api.base}/sessions/{shared}/{path}")

    assert in_all_dresses(page) == []


def test_the_open_boxes_are_accessible(page: Page, api: Api, shared: str) -> None:
    page.goto(f"{api.base}/sessions/{shared}/")
    page.get_by_text("change…").click()
    page.get_by_label("Rename or edit this session").click()

    assert in_all_dresses(page, within=".account-box") == []


def test_the_symbols_of_a_new_session_are_accessible(
    page: Page, api: Api, tmp_path: Path
) -> None:
    program = tmp_path / "paced"
    program.write_bytes(image_of("paced"))
    page.goto(f"{api.base}/sessions/new/")
    page.get_by_label("or a static ELF64 executable").set_input_files(program)
    page.get_by_role("button", name="Read its symbols").click()
    page.locator("#program").wait_for()

    assert in_all_dresses(page) == []
