"""WCAG 2.2 AA on every page, as far as axe-core can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_CHECK = """([within, tags]) => axe.run(within ?? document, {
  runOnly: tags,
  resultTypes: ["violations"],
  iframes: false,
})"""
SIZES = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]


def violations(page: Page, within: str | None = None) -> list[str]:
    """Rule, element and reason of each; within: only what is inside these elements."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(_CHECK, [within, _TAGS])
    assert found["passes"], "nothing was looked at"
    return [
        f"{page.url} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def in_all_dresses(page: Page, within: str | None = None) -> list[str]:
    """Violations of an open page in light and dark, wide and narrow. within: a box that
    lies over the page, where what is half under it has no whole target."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for size in SIZES:
            page.set_viewport_size(size)
            found += [f"{theme} {size['width']} {v}" for v in violations(page, within)]
    return found


@pytest.fixture(scope="module")
def session(api: Api) -> str:
    """A finished session with a patch, remarks, and a breakpoint that was refused."""
    image = api.post("images/", {"assembly": PROGRAM})["sha256"]
    watch = {"type": "write", "length": 8, "at": "counter"}
    recipe = api.recipe(image, breakpoints=[watch] * 5)
    made = api.session("Everything that can be seen")
    patch = "--- a/kernel.c\n+++ b/kernel.c\n@@ -1 +1 @@\n-old\n+new\n"
    api.ask(
        "PATCH",
        f"sessions/{made}/",
        ('{"patch_text": "' + patch.replace("\n", "\\n") + '"}').encode(),
        "application/json",
    )
    run = api.run(recipe, made)
    api.end(run)
    first = api.hits(run)[0]["seq"]
    for where in ({"patch_line": 5}, {"run": 1, "seq": first, "register": "dr7"}):
        api.post(f"sessions/{made}/annotations/", {"body": "Look at this.", **where})
    return made


PROGRAM = """\
\t.globl\t_start
_start:
\tmov\t$40, %ecx
again:
\taddq\t$1, counter(%rip)
\tloop\tagain
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
counter:
\t.quad\t0
"""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sessions/new/",
        "/sessions/import/",
        "/api/docs/",
        "/api/docs/tokens/",
        "/nothing/",
        *(f"/accounts/{name}/" for name in ("tokens", "password", "invitations")),
    ],
)
def test_pages(signed_in: BrowserContext, api: Api, path: str) -> None:
    page = signed_in.new_page()
    page.goto(api.base + path)

    assert in_all_dresses(page) == []
    page.close()


@pytest.mark.parametrize("name", ["login", "reset", "reset/sent"])
def test_pages_without_an_account(browser: Browser, api: Api, name: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{api.base}/accounts/{name}/")

    assert in_all_dresses(page) == []
    page.context.close()


@pytest.mark.parametrize("name", ["share/", "runs/1/memory/?hit=3"])
def test_pages_of_a_session(
    signed_in: BrowserContext, api: Api, session: str, name: str
) -> None:
    page = signed_in.new_page()
    answer = page.goto(f"{api.base}/sessions/{session}/{name}")

    assert answer is not None
    assert answer.status == 200
    assert in_all_dresses(page) == []
    page.close()


def test_the_session_page(signed_in: BrowserContext, api: Api, session: str) -> None:
    page = signed_in.new_page()
    page.goto(f"{api.base}/sessions/{session}/?run=1&hit=3")
    wait_for_end(page)

    assert in_all_dresses(page) == []
    page.close()


@pytest.mark.parametrize("pane", ["hits", "state", "code"])
def test_the_panes_of_a_phone(
    signed_in: BrowserContext, api: Api, session: str, pane: str
) -> None:
    page = signed_in.new_page()
    page.set_viewport_size(SIZES[1])
    page.goto(f"{api.base}/sessions/{session}/?run=1&hit=3")
    page.locator(f"nav.thumb [data-pane={pane}]").click()

    assert violations(page) == []
    page.close()


def test_the_share_dialog(signed_in: BrowserContext, api: Api, session: str) -> None:
    page = signed_in.new_page()
    page.goto(f"{api.base}/sessions/{session}/?run=1&hit=3")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("button", name="Make link").click()
    page.locator("#share-url").wait_for()

    assert in_all_dresses(page) == []
    page.close()


def test_the_shared_view(browser: Browser, api: Api, session: str) -> None:
    page = browser.new_context().new_page()
    page.goto(api.post(f"sessions/{session}/share-links/", {"run": 1})["url"])
    wait_for_end(page)

    assert in_all_dresses(page) == []
    page.context.close()


def test_the_login_link(browser: Browser, login_link: str) -> None:
    page = browser.new_context().new_page()
    page.goto(login_link)
    page.get_by_role("button", name="Sign in").wait_for()

    assert in_all_dresses(page) == []
    page.context.close()
