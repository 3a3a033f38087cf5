"""The main job in a browser: run, watch hits arrive, open one, annotate, share."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

COUNT = 300
PROGRAM = f"""\
\t.globl\t_start
_start:
\tmov\t${COUNT}, %ecx
again:
\taddl\t$1, counter(%rip)
\tloop\tagain
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
counter:
\t.long\t0
"""
# A loop long enough to be paused while it runs.
LONG = PROGRAM.replace(f"${COUNT}", "$200000")


def start(page: Page, program: str, title: str) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Program, x86-64 assembly").fill(program)
    page.get_by_role("button", name="Run").click()
    page.locator("#run-state").wait_for()


def open_hit(page: Page, number: int) -> None:
    """From the top: a live table has followed its end."""
    page.keyboard.press("g")
    page.locator(f"#hit-{number}").click()


@pytest.fixture
def followed(home: Page) -> Page:
    """The page of a run of PROGRAM, begun by hand and looked at until it was over."""
    start(home, PROGRAM, "Three hundred writes")
    expect(home.locator("#run-state")).to_have_text("finished", timeout=60_000)
    return home


@pytest.fixture(scope="module")
def session(api: Api) -> str:
    """A session with such a run."""
    made = api.session("Three hundred writes")
    watch = {"type": "write", "length": 4, "at": "counter"}
    api.end(api.run(api.assembled(PROGRAM, breakpoints=[watch]), made))
    return made


@pytest.fixture
def finished(page: Page, api: Api, session: str) -> Page:
    """Its page, opened when it was over."""
    page.goto(f"{api.base}/sessions/{session}/")
    wait_for_end(page)
    return page


def test_hits_arrive_while_nobody_reloads(followed: Page) -> None:
    expect(followed.locator("#s-hits")).to_have_text(str(COUNT))


def test_the_table_holds_every_hit_in_few_rows(finished: Page) -> None:
    finished.locator("#hits").focus()
    finished.keyboard.press("Shift+G")

    expect(finished.locator(f"#hit-{COUNT}")).to_have_attribute("aria-selected", "true")
    assert finished.locator("#hits a.hit").count() < 60


def test_the_last_hit_has_the_last_value(finished: Page) -> None:
    finished.keyboard.press("Shift+G")

    expect(finished.locator(f"#hit-{COUNT} .r")).to_contain_text(hex(COUNT))


def test_the_address_names_the_moment(finished: Page) -> None:
    finished.keyboard.press("j")
    finished.keyboard.press("j")
    expect(finished.locator("#h-n")).to_have_text("3")

    finished.reload()

    expect(finished.locator("#h-n")).to_have_text("3")


def test_a_hit_opens_with_its_verdict_and_tree(followed: Page) -> None:
    open_hit(followed, 5)

    expect(followed.locator("#h-n")).to_have_text("5")
    expect(followed.locator(".verdict h3")).to_have_text("Delivered once")
    expect(followed.locator(".fn").first).to_have_text("#DB")


def test_the_trapping_store_is_marked(finished: Page) -> None:
    expect(finished.locator(".ln.trap")).to_contain_text("addl")


def test_a_filter_narrows_the_table(finished: Page) -> None:
    finished.keyboard.press("/")
    finished.keyboard.type("t:0..20")

    expect(finished.locator("#q-n")).to_contain_text("of 300")


def test_a_wrong_filter_says_what_is_allowed(
    page: Page, api: Api, session: str
) -> None:
    page.goto(f"{api.base}/sessions/{session}/?run=1&q=slot:9")

    expect(page.get_by_role("alert")).to_contain_text("allowed: 0 to 3")


@pytest.mark.usefixtures("home")
def test_pause_holds_the_run_and_resume_ends_it(page: Page) -> None:
    start(page, LONG, "Paused")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#run-state")).to_have_text("paused")

    page.get_by_role("button", name="Resume").click()

    expect(page.locator("#run-state")).not_to_have_text("paused")
    page.get_by_role("button", name="Cancel run").click()
    expect(page.locator("#run-state")).to_have_text("cancelled")


def test_a_remark_on_a_register_stands_beside_it(finished: Page) -> None:
    open_hit(finished, 2)
    expect(finished.locator("#h-n")).to_have_text("2")
    finished.get_by_label("Annotate", exact=True).fill("G0 is set here")
    finished.locator("#note-on").fill("dr7")
    finished.get_by_role("button", name="Keep remark").click()

    expect(finished.locator("#state-pane .remark")).to_contain_text("G0 is set here")
    expect(finished.locator("#h-n")).to_have_text("2")


def test_the_share_link_opens_the_same_moment_without_account(
    finished: Page, browser: Browser
) -> None:
    open_hit(finished, 7)
    expect(finished.locator("#h-n")).to_have_text("7")
    finished.get_by_role("link", name="Share", exact=True).click()
    finished.get_by_role("button", name="Make link").click()
    url = finished.locator("#share-url").input_value()

    stranger = browser.new_context().new_page()
    stranger.goto(url)

    expect(stranger.locator("#h-n")).to_have_text("7")
    expect(
        stranger.get_by_text("Read only: one session through a link.")
    ).to_be_visible()
    expect(stranger.locator("form[method=post]")).to_have_count(0)
    stranger.context.close()


@pytest.mark.usefixtures("home")
def test_a_symbol_that_is_not_there_is_named_beside_its_line(page: Page) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Symbol or address of breakpoint 1").fill("countre")
    page.get_by_role("button", name="Run").click()

    expect(page.locator(".error")).to_contain_text('unknown symbol "countre"')


@pytest.mark.usefixtures("home")
def test_an_assembly_error_names_its_line(page: Page) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Program, x86-64 assembly").fill("_start:\n\tmovv $1, %eax\n")
    page.get_by_role("button", name="Run").click()

    expect(page.locator(".error").first).to_contain_text("line 2")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_scrolls_sideways(finished: Page, width: int, theme: str) -> None:
    finished.emulate_media(color_scheme=theme)
    finished.set_viewport_size({"width": width, "height": 844})
    for url in (finished.url, "/", "/sessions/new/", "/api/docs/"):
        finished.goto(
            url
            if url.startswith("http")
            else finished.evaluate("location.origin") + url
        )

        assert finished.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_moment_is_readable(
    finished: Page, browser: Browser
) -> None:
    cookies = finished.context.cookies()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)
    reader = plain.new_page()
    reader.goto(f"{finished.url.partition('?')[0]}?run=1&hit=9")

    expect(reader.locator("#h-n")).to_have_text("9")
    expect(reader.locator("#hits a.hit").first).to_be_visible()
    expect(reader.locator(".code .trap")).to_be_visible()
    plain.close()
