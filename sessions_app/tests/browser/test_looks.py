"""What a person sees that no other test would miss."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Page, expect

from hwbpweb.tests.processes import Service, wait_for
from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

#: Forty writes, each after so long that there is time to open the page.
SLOW = """\
\t.globl\t_start
_start:
\tmov\t$40, %ebx
write:
\taddq\t$1, counter(%rip)
\tmov\t$3000000, %ecx
wait:
\tdec\t%ecx
\tjnz\twait
\tdec\t%ebx
\tjnz\twrite
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
counter:
\t.quad\t0
"""
QUICK = SLOW.replace("$3000000", "$3")
#: The same, for as long as a test may take.
LONG = SLOW.replace("$40,", "$400,")
WATCH = {"type": "write", "length": 8, "at": "counter"}


def open_run(page: Page, api: Api, program: str, slots: int) -> str:
    recipe = api.assembled(program, breakpoints=[WATCH] * slots, instructions=10**10)
    session = api.session("Looked at")
    run = api.run(recipe, session)
    page.goto(f"{api.base}/sessions/{session}/")
    return run


def test_a_refused_breakpoint_says_why(page: Page, api: Api) -> None:
    run = open_run(page, api, LONG, 5)

    fifth = page.locator("[data-breakpoint='4']")
    expect(fifth).to_contain_text("refused: -ENOSPC")
    expect(page.locator("[data-breakpoint='3'] .is-fault")).to_be_hidden()
    page.reload()
    expect(fifth).to_contain_text("refused: -ENOSPC")
    api.post(f"runs/{run}/cancel/")


def answers(api: Api) -> bool:
    try:
        return api.ask("GET", "runs/").status == 200
    except OSError:
        return False


def drawn(page: Page) -> list[float]:
    """Widths of what the icons of the rows draw."""
    icons = page.locator("#hits .hit .ic-slot use")
    return [icons.nth(i).bounding_box()["width"] for i in range(icons.count())]


def test_icons_are_drawn_while_the_server_is_away(
    page: Page, api: Api, service: Service
) -> None:
    open_run(page, api, QUICK, 1)
    wait_for_end(page)
    page.wait_for_load_state("networkidle")  # what it asked for at the end is there
    os.kill(service.pid_of("uvicorn"), signal.SIGKILL)
    page.evaluate("() => { hwbpTable.drawn = null; hwbpTable.paint(); }")
    page.wait_for_timeout(200)

    widths = drawn(page)

    assert widths
    assert min(widths) > 0
    assert wait_for(lambda: answers(api), 30)


def test_files_are_served_without_a_warning(home: Page, service: Service) -> None:
    home.reload()

    assert "Warning" not in service.text
