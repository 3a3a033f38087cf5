"""Remarks on bits, bytes and slots; what was said before; versions beside each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import PROGRAM, in_all_dresses
from sessions_app.tests.reviews.story import FILE, THREAD
from sessions_app.tests.reviews.test_joins import renamed

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def session(api: Api) -> str:
    """A finished run with hits."""
    made = api.session("Parts to speak of")
    watch = {"type": "write", "length": 8, "at": "counter"}
    run = api.run(api.assembled(PROGRAM, breakpoints=[watch]), made)
    api.end(run)
    return made


@pytest.fixture
def moment(page: Page, api: Api, session: str) -> Page:
    page.goto(f"{api.base}/sessions/{session}/?run=1&hit=2")
    wait_for_end(page)
    return page


def run_of(api: Api, session: str) -> str:
    return str(api.get(f"sessions/{session}/runs/")["results"][0]["id"])


def keep(page: Page, words: str) -> None:
    page.get_by_label("Annotate", exact=True).fill(words)
    page.get_by_role("button", name="Keep remark").click()


def test_a_bit_is_chosen_with_the_pointer(moment: Page) -> None:
    moment.locator('a[data-on="dr7.1"]').click()

    expect(moment.locator("#note-on")).to_have_value("dr7.1")
    expect(moment.locator("#note-body")).to_be_focused()


def test_a_bit_is_chosen_with_keys(moment: Page) -> None:
    strip = moment.get_by_role("group", name=re.compile("^DR7 bit by bit"))
    strip.locator('[tabindex="0"]').focus()
    moment.keyboard.press("ArrowRight")
    chosen = moment.evaluate("document.activeElement.dataset.on")

    moment.keyboard.press("Enter")

    expect(moment.locator("#note-on")).to_have_value(chosen)


def test_a_remark_on_a_bit_is_kept_and_marked(moment: Page) -> None:
    moment.locator('a[data-on="dr7.0"]').click()
    keep(moment, "L0 is what perf sets.")

    expect(moment.locator('a[data-on="dr7.0"]')).to_have_class(re.compile("is-pinned"))
    expect(moment.locator("#state-pane .remark")).to_contain_text("DR7 bit 0 L0")


def test_bytes_are_chosen_with_shift_and_marked(moment: Page) -> None:
    moment.get_by_role("tab", name="Memory").click()
    bytes_ = moment.locator("#memory-pane a[data-on]")
    bytes_.nth(0).click()
    bytes_.nth(3).click(modifiers=["Shift"])
    expect(moment.locator("#note-on")).to_have_value(re.compile(r"^0x[0-9a-f]+:4$"))
    keep(moment, "The counter's low half.")

    moment.get_by_role("tab", name="Memory").click()

    expect(moment.locator("#memory-pane .is-pinned")).to_have_count(4)


def test_a_slot_is_chosen(moment: Page) -> None:
    moment.get_by_role("tab", name="Slots").click()

    moment.locator('a[data-on="cpu0.slot0"]').click()

    expect(moment.locator("#note-on")).to_have_value("cpu0.slot0")


def test_an_answer_and_other_words(moment: Page) -> None:
    keep(moment, "Two watches.")
    moment.get_by_role("tab", name=re.compile("Notes")).click()
    note = moment.locator(".note", has_text="Two watches.").first
    note.get_by_text("Edit", exact=True).click()
    note.get_by_label("Other words for this remark").fill("Three watches.")
    note.get_by_role("button", name="Keep").click()

    note = moment.locator(".note", has_text="Three watches.").first
    note.get_by_text("edited 1 time").click()
    expect(note.locator(".edits del")).to_have_text("Two")
    note.get_by_text("Answer", exact=True).first.click()
    note.get_by_label("Your answer").fill("Four, with kgdb's.")
    note.get_by_role("button", name="Answer").click()
    expect(moment.locator(".note .answer")).to_contain_text("Four, with kgdb's.")


def test_the_notes_are_accessible(moment: Page, api: Api, session: str) -> None:
    said = {"run": 1, "seq": api.hits(run_of(api, session))[1]["seq"]}
    api.post(f"sessions/{session}/annotations/", {"body": "Look here.", **said})
    moment.goto(f"{moment.url}&tab=notes")
    wait_for_end(moment)
    moment.locator("#p-notes .note").first.wait_for()
    for details in moment.locator(".note details").all():
        details.evaluate("(each) => { each.open = true; }")

    assert in_all_dresses(moment) == []


def test_what_is_refused_is_accessible(moment: Page) -> None:
    moment.locator("#note-on").fill("dr7.99")
    keep(moment, "Not lost.")

    expect(moment.locator("#note-body")).to_have_value("Not lost.")
    assert in_all_dresses(moment) == []


# Reviews.


def bring(api: Api, data: bytes) -> str:
    (found,) = api.post("reviews/", {"text": data.decode()})
    return str(found["review"]["id"])


@pytest.fixture(scope="module")
def review(api: Api) -> str:
    """Three versions with kernels, a fourth joined by hand, a question asked of all."""
    api.forget_reviews()
    made = bring(api, THREAD)
    other = bring(api, renamed())
    api.post(f"reviews/{made}/joins/", {"review": other, "version": 1, "number": 4})
    return made


@pytest.fixture
def series(page: Page, api: Api, review: str) -> Page:
    page.goto(f"{api.base}/reviews/{review}/")
    for number, kernel in (("v1", "d2"), ("v2", "d2"), ("v3", "g-bare")):
        box = page.get_by_label(f"Kernel of {number}")
        if box.input_value() != kernel:
            box.select_option(kernel)
            page.locator(".bound li", has=box).get_by_role("button").click()
    return page


def test_a_question_is_asked_of_each_version(
    series: Page, api: Api, review: str
) -> None:
    series.get_by_label("Scenario", exact=True).select_option("stale-dr7")
    series.get_by_role("button", name="Run on each version").click()
    (question,) = api.get(f"reviews/{review}/trials/")
    for answer in question["answers"]:
        api.end(answer["run"])
    series.reload()

    rows = series.locator(".partings li")
    expect(rows.nth(0)).to_contain_text("did the same")
    expect(rows.nth(1)).to_contain_text("part first at")
    rows.nth(1).get_by_role("link", name="in v3").click()
    wait_for_end(series)


@pytest.mark.parametrize("tail", ["", "v1/v3/", "v1/v3/1/", "v1/v3/1/?view=split"])
def test_pages_of_versions_are_accessible(
    series: Page, api: Api, review: str, tail: str
) -> None:
    series.goto(f"{api.base}/reviews/{review}/{tail}")

    assert in_all_dresses(series) == []


@pytest.mark.parametrize("tail", ["", "v1/v3/", "v1/v3/1/"])
def test_a_phone_reads_them(series: Page, api: Api, review: str, tail: str) -> None:
    series.set_viewport_size({"width": 390, "height": 844})
    series.goto(f"{api.base}/reviews/{review}/{tail}")

    assert series.evaluate("document.documentElement.scrollWidth") == 390


def test_the_difference_names_its_file(series: Page, api: Api, review: str) -> None:
    series.goto(f"{api.base}/reviews/{review}/v1/v3/")

    series.get_by_role("link", name="what it changes in the files").click()

    expect(series.get_by_role("heading", name=FILE)).to_be_visible()
