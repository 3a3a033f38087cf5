"""Teams, public sessions and the queue, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api, Json
from sessions_app.tests.browser.test_accessibility import PROGRAM, in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(150)]

#: What a page of a session says of it; the rest of such a page is the same for all who
#: read (test_accessibility.py, the shared view).
ABOUT = "[aria-label='About this session']"
WORD = "long enough to be a password"
LETTER = """\
From: Grace <grace@example.org>
Subject: [PATCH] hw_breakpoint: Count the slots again
Date: Mon, 05 Oct 2026 10:00:00 +0000
Message-ID: <slots@example.org>

Words.
"""


@pytest.fixture(scope="module")
def team(api: Api) -> Json:
    """The owner's, with a session and a review."""
    made: Json = api.post("teams/", {"name": "kgdb maintainers"})
    image = api.post("images/", {"assembly": PROGRAM})["sha256"]
    watch = {"type": "write", "length": 8, "at": "counter"}
    recipe = api.recipe(image, breakpoints=[watch])
    session = api.session("Given to the team")
    api.end(api.run(recipe, session))
    change(api, f"sessions/{session}/", f'{{"team": "{made["id"]}"}}')
    review = api.post("reviews/", {"text": LETTER})[0]["review"]["id"]
    change(api, f"reviews/{review}/", f'{{"team": "{made["id"]}"}}')
    return {**made, "session": session, "recipe": recipe}


def change(api: Api, path: str, body: str) -> None:
    answer = api.ask("PATCH", path, body.encode(), "application/json")
    assert answer.status == 200, answer.body


@pytest.fixture(scope="module")
def invited(browser: Browser, api: Api, team: Json) -> Iterator[BrowserContext]:
    """Somebody whom the team's invitation brought: erin, a commenter."""
    url = api.post(f"teams/{team['id']}/invitations/", {"role": "commenter"})["url"]
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url)
    assert in_all_dresses(page) == []
    page.get_by_label("Username").fill("erin")
    page.get_by_label("Password", exact=True).fill(WORD)
    page.get_by_label("Password confirmation").fill(WORD)
    page.get_by_role("button", name="Make account").click()
    page.get_by_role("link", name="New session").wait_for()
    page.close()
    yield context
    context.close()


def test_the_pages_of_teams(signed_in: BrowserContext, api: Api, team: Json) -> None:
    page = signed_in.new_page()
    for path in ("teams/", f"teams/{team['id']}/", "accounts/usage/"):
        page.goto(f"{api.base}/{path}")
        assert in_all_dresses(page) == []
    page.close()


def test_a_member_finds_what_the_team_has(
    invited: BrowserContext, api: Api, team: Json
) -> None:
    page = invited.new_page()
    page.goto(api.base)
    page.get_by_role("link", name="Given to the team").click()
    wait_for_end(page)

    expect(page.get_by_label("About this session")).to_contain_text(
        "given to the team kgdb maintainers: you read and annotate"
    )
    expect(page.get_by_role("link", name="Share", exact=True)).to_have_count(0)
    assert in_all_dresses(page, within=ABOUT) == []
    page.close()


def test_an_owner_adds_a_member_and_changes_the_role(
    signed_in: BrowserContext, invited: BrowserContext, api: Api
) -> None:
    page = signed_in.new_page()
    page.goto(f"{api.base}/teams/")
    page.get_by_label("name").fill("perf")
    page.get_by_role("button", name="Make team").click()
    page.get_by_label("user name").fill("erin")
    page.get_by_role("button", name="Add", exact=True).click()

    role = page.get_by_label("Role of erin")
    expect(role).to_have_value("viewer")
    role.select_option("controller")
    page.get_by_role("button", name="Set role of erin").click()
    expect(page.get_by_label("Role of erin")).to_have_value("controller")
    page.close()


def test_an_invitation_is_accepted_with_an_account(
    invited: BrowserContext, api: Api
) -> None:
    made = api.post("teams/", {"name": "ptrace"})
    url = api.post(f"teams/{made['id']}/invitations/", {"role": "viewer"})["url"]
    page = invited.new_page()
    page.goto(url)
    assert in_all_dresses(page) == []
    page.get_by_role("button", name="Join as erin").click()

    expect(page.get_by_role("heading", name="ptrace")).to_be_visible()
    expect(page.get_by_text("You are its viewer.")).to_be_visible()
    assert in_all_dresses(page) == []
    page.close()


def test_a_session_is_made_public_in_the_dialog(
    signed_in: BrowserContext, browser: Browser, api: Api, team: Json
) -> None:
    session = api.session("Shown to everybody")
    api.end(api.run(team["recipe"], session))
    page = signed_in.new_page()
    page.goto(f"{api.base}/sessions/{session}/")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("seen by").select_option("public")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#share-body")).to_contain_text("Kept.")
    assert in_all_dresses(page, "#share") == []
    page.close()

    nobody = browser.new_context(viewport={"width": 1440, "height": 900})
    stranger = nobody.new_page()
    stranger.goto(f"{api.base}/sessions/{session}/")
    wait_for_end(stranger)
    expect(stranger.get_by_label("About this session")).to_contain_text(
        "Public session of owner: you read."
    )
    assert in_all_dresses(stranger, within=ABOUT) == []
    nobody.close()


def test_others_find_it_on_their_home_page(
    invited: BrowserContext, api: Api, team: Json
) -> None:
    change(
        api, f"sessions/{api.session('Found by others')}/", '{"visibility": "public"}'
    )
    page = invited.new_page()
    page.goto(api.base)

    section = page.get_by_role("region", name="Public sessions")
    expect(section.get_by_role("link", name="Found by others")).to_be_visible()
    assert in_all_dresses(page) == []
    page.close()


@pytest.fixture
def held(api: Api, team: Json) -> Iterator[list[str]]:
    """Runs that stand still, one for each of the two workers; two more wait."""
    session = api.session("A queue")
    wish = {"session": session, "recipe": team["recipe"], "paused": True}
    runs = [api.post("runs/", wish)["id"] for _ in range(4)]
    yield [session, *runs]
    for run in runs:
        api.ask("POST", f"runs/{run}/cancel/", b"{}", "application/json")


def test_a_run_that_waits_tells_its_place_while_it_changes(
    page: Page, api: Api, held: list[str]
) -> None:
    session, first, *_ = held
    page.goto(f"{api.base}/sessions/{session}/?run=4")
    state = page.locator("#run-state")
    expect(state).to_have_text("queued, place 2")
    assert in_all_dresses(page) == []

    api.ask("POST", f"runs/{first}/cancel/", b"{}", "application/json")

    expect(state).to_have_text("queued, place 1")
