"""A dispute on a list, settled by the machine: from mbox to the exported answer."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses
from sessions_app.tests.reviews.story import THREAD, TITLE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def moment(api: Api) -> str:
    """The address of a hit at which DR7 and its shadow part."""
    made = api.post("scenarios/stale-dr7/run/", {"version": 0})
    runs = api.get(f"sessions/{made['id']}/runs/")["results"]
    api.end(runs[0]["id"])
    return f"{api.base}/sessions/{made['id']}/?run=1&hit=1"


@pytest.fixture
def review(page: Page, api: Api) -> Page:
    """The thread, with nothing said of it here; the page of version 1 of its patch."""
    api.forget_reviews()
    made = api.post("reviews/", {"text": THREAD.decode()})[0]["review"]["id"]
    page.goto(f"{api.base}/reviews/{made}/v1/1/")
    return page


@pytest.fixture
def brought(page: Page, api: Api, tmp_path: Path) -> Page:
    """The same by hand: the thread as a file, and the way to its page."""
    api.forget_reviews()
    path = tmp_path / "thread.mbox"
    path.write_bytes(THREAD)
    page.goto(f"{api.base}/reviews/")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Read").click()
    if page.get_by_role("heading", name=TITLE).count() == 0:
        page.get_by_role("link", name=TITLE).first.click()
    page.get_by_role("navigation", name="Version").get_by_role(
        "link", name="v1", exact=True
    ).click()
    page.get_by_role("navigation", name="Patches").get_by_role(
        "link", name=TITLE
    ).click()
    return page


def test_the_whole_way(brought: Page, moment: str, tmp_path: Path) -> None:
    review = brought
    disputed = review.locator(".dl.add", has_text="set_debugreg(dr7, 7)")
    expect(disputed.locator("+ .thread")).to_contain_text("meanwhile is lost")
    disputed.get_by_role("link").click()
    review.get_by_label("What do you say?").fill(
        "It is lost: *this* run shows `cpu_dr7` and DR7 part after the stop."
    )
    review.get_by_label("Evidence").fill(moment)
    review.get_by_label("the run shows it").first.select_option("supported")
    review.get_by_role("button", name="Keep as draft").click()

    figure = review.locator("figure.ev").first
    expect(figure).to_contain_text("hit 1")
    review.get_by_role("button", name="Publish").click()
    expect(review.locator(".message")).to_contain_text("seen by everybody")

    with review.expect_download() as download:
        review.get_by_role("link", name="Reply as mail").click()
    raw = Path(download.value.path()).read_bytes()
    made = email.message_from_bytes(raw, policy=email.policy.default)
    text = made.get_content()
    assert made["In-Reply-To"] == "<v1@example.org>"
    assert made["To"].addresses[0].addr_spec == "alice@example.org"
    assert "> +\tset_debugreg(dr7, 7);\n\nIt is lost:" in text
    assert moment in text
    assert re.search(r"\(digest [0-9a-f]{64}\)", text)
    if shutil.which("git"):
        done = subprocess.run(
            ["git", "mailinfo", "-k", tmp_path / "msg", tmp_path / "patch"],
            input=raw,
            capture_output=True,
            check=True,
        )
        assert f"Subject: Re: [PATCH] {TITLE}\n".encode() in done.stdout

    figure.get_by_role("link", name="Open the moment").click()
    wait_for_end(review)
    expect(review.locator("#h-n")).to_have_text("1")


def test_a_claim_can_be_refuted(review: Page, moment: str) -> None:
    review.get_by_label("What do you say?").fill("Delivered twice.")
    review.get_by_label("Evidence").fill(moment)
    review.get_by_role("button", name="Keep as draft").click()
    own = review.locator(".say", has_text="Delivered twice.").first
    own.get_by_label("the run shows it").select_option("refuted")

    own.get_by_role("button", name="Set").click()

    expect(review.locator(".claim[data-c=refuted]").first).to_be_visible()


def test_keys_walk_the_remarks(review: Page) -> None:
    review.locator("h1").click()

    review.keyboard.press("n")

    expect(review.locator("[data-remarks]:focus")).to_have_count(1)


def test_a_stretch_is_chosen_with_shift(review: Page) -> None:
    lines = review.locator(".dl a[data-line]")
    lines.nth(1).click()
    lines.nth(3).click(modifiers=["Shift"])

    expect(review.locator(".dl.is-chosen")).to_have_count(3)


@pytest.mark.parametrize("tail", ["v1/1/", "v1/1/?view=split"])
def test_it_is_accessible(review: Page, tail: str) -> None:
    base = re.sub(r"v1/1/.*", "", review.url)
    review.goto(base + tail)

    assert in_all_dresses(review) == []


def test_the_list_is_accessible(review: Page, api: Api) -> None:
    review.goto(f"{api.base}/reviews/")

    assert in_all_dresses(review) == []


@pytest.mark.parametrize("tail", ["", "v1/1/", "v1/v3/"])
def test_a_phone_reads_it(review: Page, tail: str) -> None:
    base = re.sub(r"v1/1/.*", "", review.url)
    review.set_viewport_size({"width": 390, "height": 844})
    review.goto(base + tail)

    assert review.evaluate("document.documentElement.scrollWidth") == 390
