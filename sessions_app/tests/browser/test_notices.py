"""Mentions, the attention list and webhooks, as a person uses them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hwbpweb.tests.processes import Service, wait_for
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import PROGRAM, in_all_dresses
from sessions_app.tests.reviews.story import THREAD

_LINK = re.compile(r"(http://\S+/address/\S+)")

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def session(api: Api) -> str:
    """With a run of forty hits."""
    image = api.post("images/", {"assembly": PROGRAM})["sha256"]
    watch = {"type": "write", "length": 8, "at": "counter"}
    made = api.session("DR7 loses a bit")
    api.end(api.run(api.recipe(image, breakpoints=[watch]), made))
    return made


@pytest.fixture
def mentioned(browser: Browser, api: Api, session: str) -> None:
    """A guest asks the owner at hit 3; what was told before is read."""
    assert api.send("notifications/read/", {}).status == 200
    made = api.post(f"sessions/{session}/share-links/", {"role": "commenter", "run": 1})
    guest = browser.new_context().new_page()
    guest.goto(made["url"])
    guest.get_by_label("name").fill("Carol")
    guest.get_by_role("button").last.click()
    guest.goto(f"{api.base}/sessions/{session}/?run=1&hit=3")
    guest.get_by_label("Annotate", exact=True).fill("Why is G0 set, @owner?")
    guest.get_by_role("button", name="Keep remark").click()
    guest.locator(".mention:visible").first.wait_for()
    guest.context.close()


def bell(page: Page) -> Any:
    return page.locator("header .bell")


def test_a_mention_leads_to_its_place(page: Page, api: Api, mentioned: None) -> None:
    page.goto(f"{api.base}/")
    expect(bell(page)).to_have_accessible_name("Notifications, 1 unread")
    bell(page).click()
    page.get_by_role("link", name="DR7 loses a bit").first.click()

    note = page.locator("#p-notes .note").last
    expect(note).to_be_in_viewport()
    expect(note.locator(".mention")).to_have_text("@owner")
    page.goto(f"{api.base}/")
    expect(bell(page)).to_have_accessible_name("Notifications")


def test_on_a_phone_too(page: Page, api: Api, mentioned: None) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{api.base}/notifications/")
    page.get_by_role("link", name="DR7 loses a bit").first.click()

    expect(page.locator("#p-notes .note").last).to_be_in_viewport()


def test_the_list_in_all_dresses(
    signed_in: BrowserContext, api: Api, mentioned: None
) -> None:
    page = signed_in.new_page()
    page.goto(f"{api.base}/notifications/")

    assert in_all_dresses(page) == []
    page.close()


def test_an_address_is_given_and_confirmed(
    page: Page, api: Api, service: Service
) -> None:
    """The mail is on the terminal, where no server for mail is named."""
    page.goto(f"{api.base}/notifications/")
    page.get_by_label("your address").fill("owner@example.org")
    page.get_by_role("button", name="Send a link there").click()
    assert wait_for(lambda: _LINK.search(service.text)), service.text
    found = _LINK.search(service.text)
    assert found is not None
    page.goto(found[1])

    assert in_all_dresses(page) == []
    page.get_by_role("button", name="Use this address").click()
    page.get_by_role("link", name="Notifications").last.click()
    expect(page.get_by_text("Mails go to owner@example.org.")).to_be_visible()


def test_webhooks_in_all_dresses(signed_in: BrowserContext, api: Api) -> None:
    page = signed_in.new_page()
    page.goto(f"{api.base}/accounts/webhooks/")
    page.get_by_label("Address").fill("https://ci.example.org/hook")
    page.get_by_role("button", name="Make webhook").click()
    page.get_by_label("The secret of").wait_for()

    assert in_all_dresses(page) == []
    page.close()


def test_a_webhook_in_all_dresses(signed_in: BrowserContext, api: Api) -> None:
    """With a delivery that fails at once: no network is open to webhooks here."""
    events = {"url": "http://localhost:1/hook", "events": ["run.finished"]}
    made = api.post("webhooks/", events)
    page = signed_in.new_page()
    page.goto(f"{api.base}/accounts/webhooks/{made['id']}/")
    with page.expect_navigation():
        page.get_by_role("button", name="Send a test").click()
    failed = page.get_by_text("the host has no public address")
    for _ in range(50):
        page.reload()
        if failed.count():
            break
        page.wait_for_timeout(100)

    expect(failed).to_be_visible()
    assert in_all_dresses(page) == []
    page.close()


def test_checks_in_all_dresses(signed_in: BrowserContext, api: Api) -> None:
    api.forget_reviews()
    review = api.post("reviews/", {"text": THREAD.decode()})[0]["review"]["id"]
    for state in ("pending", "success", "warning", "fail"):
        check = {"version": 3, "context": state, "state": state, "description": "x"}
        api.post(f"reviews/{review}/checks/", check)
    page = signed_in.new_page()
    page.goto(f"{api.base}/reviews/{review}/?v=3")

    assert in_all_dresses(page, "#checks") == []
    page.close()
