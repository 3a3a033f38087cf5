"""A C program that writes a thousand values: a thousand hits, wherever they are counted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from emulator.tests.compiling import compiled, image_of
from emulator.tests.native.expected import COUNTER_VALUES
from emulator.tests.native.gdb import watched_values
from sessions_app.tests.browser.live_page import held_rows, shown_hits, wait_for_end
from sessions_app.tests.browser.rest import Api, Json

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

WATCH = {"type": "write", "length": 8, "at": "sample"}
INSTRUCTIONS = 1_000_000_000


def upload_and_run(page: Page) -> str:
    """Through the form; the id of the run."""
    page.get_by_role("link", name="New session").click()
    page.get_by_label("or a static ELF64 executable").set_input_files(compiled("paced"))
    page.get_by_label("Bytes of breakpoint 1").select_option("8")
    page.get_by_label("Symbol or address of breakpoint 1").fill("sample")
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("Instructions").fill(str(INSTRUCTIONS))
    page.get_by_role("button", name="Run", exact=True).click()
    return str(page.locator("#ws").get_attribute("data-run"))


@pytest.fixture(scope="module")
def over_rest(api: Api) -> tuple[Json, list[Json]]:
    """The end and the hits of a run that a script asked for."""
    image = api.upload(image_of("paced"), "paced").body["sha256"]
    quick = {"args": ["1000", "1000"], "instructions": INSTRUCTIONS}
    run = api.run(api.recipe(image, breakpoints=[WATCH], **quick))
    return api.end(run), api.hits(run, limit=100)


@pytest.mark.usefixtures("home")
def test_hits_stream_while_the_run_goes_on(page: Page, api: Api) -> None:
    run = upload_and_run(page)
    expect(page.locator("#s-hits")).to_have_text(re.compile(r"[1-9]"))
    seen = shown_hits(page)

    number, value = page.locator("#hits a.hit:not([data-empty])").last.evaluate(
        "(row) => [Number(row.dataset.number), row.lastElementChild.textContent]"
    )
    assert int(value, 16) == COUNTER_VALUES[number - 1]
    assert 0 < seen < 1000
    assert api.state(run)["state"] == "running"
    wait_for_end(page)
    assert shown_hits(page) == 1000


@pytest.mark.usefixtures("home")
def test_the_table_holds_a_thousand_right_values(page: Page) -> None:
    upload_and_run(page)
    wait_for_end(page)

    rows = held_rows(page)
    page.keyboard.press("Shift+G")

    assert [number for number, _, _ in rows] == list(range(1, 1001))
    assert [int(value, 16) for _, _, value in rows] == COUNTER_VALUES
    last = page.locator("#hit-1000 .r")
    expect(last).to_contain_text(hex(COUNTER_VALUES[-1]))
    assert last.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth")


def test_rest_pages_over_the_same_thousand(over_rest: tuple[Json, list[Json]]) -> None:
    end, hits = over_rest

    assert (end["outcome"], end["hits"]) == ("completed", 1000)
    assert [int(hit["value"], 16) for hit in hits] == COUNTER_VALUES
    assert [hit["hit_no"] for hit in hits] == list(range(1, 1001))


def test_gdb_counts_the_same_natively(over_rest: tuple[Json, list[Json]]) -> None:
    native = watched_values(compiled("paced"), "sample")

    assert [int(hit["value"], 16) for hit in over_rest[1]] == native
