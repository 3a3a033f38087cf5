"""Debugging a run from its page, and what others see of it meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from hwbpweb.tests.processes import PROJECT_DIR
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses
from sessions_app.tests.client.gdb import gdb_command, needs_gdb
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]


class Held:
    """A run that waits for a debugger, and its page."""

    def __init__(self, api: Api, source: str) -> None:
        image = api.post("images/", {"assembly": source})
        self.symbols = image["symbols"]
        self.session = api.session("Debugged from the page")
        recipe = api.recipe(image["sha256"], instructions=100_000_000_000)
        body = {"session": self.session, "recipe": recipe, "paused": True}
        self.run = str(api.post("runs/", body)["id"])
        self.url = f"{api.base}/sessions/{self.session}/?tab=gdb"
        self._api = api

    def open(self, page: Page) -> None:
        self._api.until(self.run, lambda state: state["state"] == "paused")
        page.goto(self.url)
        page.wait_for_function("() => window.hwbpFeed")

    def end(self) -> None:
        self._api.send(f"runs/{self.run}/cancel/")
        self._api.end(self.run)


@pytest.fixture
def held(api: Api) -> Iterator[Held]:
    made = Held(api, ENDLESS)
    yield made
    made.end()


def press(page: Page, name: str) -> None:
    page.locator("#debugger").get_by_role("button", name=name, exact=True).click()


def set_breakpoint(page: Page, kind: str, place: str) -> None:
    form = page.get_by_role("form", name="Set a breakpoint")
    form.get_by_label("Kind").select_option(kind)
    form.get_by_label("Place").fill(place)
    form.get_by_role("button", name="Set").click()
    expect(page.get_by_role("button", name="Delete breakpoint")).to_be_visible()


def register(page: Page, name: str) -> str:
    row = page.locator("#debugger .dbg-regs div", has_text=name).filter(
        has=page.locator("dt", has_text=name)
    )
    return (row.first.locator("dd").text_content() or "").strip()


def stopped(page: Page) -> None:
    expect(page.locator("#debugger-words")).to_contain_text("stopped")
    expect(page.locator("#debugger .dbg")).to_have_attribute("data-stopped", "1")


def test_a_run_is_debugged_from_its_page(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    set_breakpoint(page, "break", "again")

    press(page, "Continue")
    expect(page.locator("#debugger-words")).to_contain_text("hwbreak")
    press(page, "Registers")

    assert int(register(page, "rip"), 16) == int(held.symbols["again"], 16)


def test_one_key_steps_one_instruction(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    expect(page.locator(".dbg-regs")).to_be_visible()
    page.locator("#hits").focus()

    page.keyboard.press(".")

    # xor %ecx, %ecx has two bytes.
    after = f"{int(held.symbols['_start'], 16) + 2:#x}"
    expect(page.locator(".dbg-regs")).to_contain_text(after)


def test_space_interrupts_and_continues(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    page.locator("#hits").focus()

    page.keyboard.press("c")
    expect(page.locator("#debugger-words")).to_contain_text("running")
    page.keyboard.press(" ")
    stopped(page)
    page.keyboard.press(" ")

    expect(page.locator("#debugger-words")).to_contain_text("running")


def test_memory_is_written_and_read_back(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    form = page.get_by_role("form", name="Memory")
    form.get_by_label("Place in memory").fill("counter")
    form.get_by_label("Bytes to write").fill("0123456789abcdef")

    form.get_by_role("button", name="Write").click()

    expect(page.locator(".dbg-memory")).to_contain_text("01 23 45 67 89 ab cd ef")


def test_a_register_is_written(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    form = page.get_by_role("form", name="Write a register")
    form.get_by_label("Register").select_option("rbx")
    form.get_by_label("Value").fill("0x1234")

    form.get_by_role("button", name="Write").click()

    expect(page.locator(".dbg-regs")).to_contain_text("0x1234")


def test_what_is_refused_is_said_in_words(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    form = page.get_by_role("form", name="Set a breakpoint")
    form.get_by_label("Place").fill("agian")
    form.get_by_role("button", name="Set").click()

    expect(page.get_by_role("alert")).to_contain_text("allowed: again")


def test_an_answer_that_comes_late_takes_nothing_typed_away(
    page: Page, held: Held
) -> None:
    """The stop is seen through the socket before the command's own answer is here."""
    held.open(page)
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/control/", lambda route: late.append((route, route.fetch())))
    press(page, "Stop and control")
    stopped(page)
    place = page.get_by_role("form", name="Set a breakpoint").get_by_label("Place")
    place.fill("agian")
    for _ in range(300):  # on a busy machine the stop is seen long before
        if late:
            break
        page.wait_for_timeout(50)

    with page.expect_response("**/control/"):
        late[0][0].fulfill(response=late[0][1])
    page.wait_for_timeout(100)

    expect(place).to_have_value("agian")
    expect(place).to_be_focused()


def test_a_refused_form_keeps_its_text_and_an_accepted_one_is_empty(
    page: Page, held: Held
) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    form = page.get_by_role("form", name="Set a breakpoint")
    form.get_by_label("Place").fill("agian")
    form.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert")).to_be_visible()
    refused = form.get_by_label("Place").input_value()

    set_breakpoint(page, "break", "again")

    assert (refused, form.get_by_label("Place").input_value()) == ("agian", "")


def test_another_viewer_sees_who_controls(
    page: Page, held: Held, api: Api, browser: Browser
) -> None:
    held.open(page)
    made = api.send(f"sessions/{held.session}/share-links/", {}).body
    viewer = browser.new_page()
    viewer.goto(made["url"] if "url" in made else f"{api.base}/s/{made['token']}/")
    viewer.wait_for_function("() => window.hwbpFeed")

    press(page, "Stop and control")

    expect(viewer.locator("#debugger-words")).to_contain_text("owner controls it")
    expect(viewer.locator("#debugger button")).to_have_count(0)
    viewer.close()


def test_a_parked_run_stands_where_it_stood(page: Page, held: Held, api: Api) -> None:
    """Its worker is given back while somebody debugs it, and asked for again."""
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    set_breakpoint(page, "watch", "counter")
    press(page, "Continue")
    expect(page.locator("#debugger-words")).to_contain_text("stopped, watch")
    press(page, "Registers")
    was = register(page, "rip")

    api.send(f"runs/{held.run}/park/")
    expect(page.locator("#run-state")).to_have_text("parked")
    expect(page.locator(".dbg-state")).to_contain_text("it is parked, without a worker")
    press(page, "Stop and control")

    expect(page.locator("#debugger-words")).to_contain_text("stopped, watch")
    press(page, "Registers")
    assert register(page, "rip") == was


def test_packets_appear_in_words(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)

    set_breakpoint(page, "watch", "counter")

    expect(page.locator("#packets")).to_contain_text("set write watchpoint at counter")


def test_letting_go_lets_the_run_go(page: Page, api: Api) -> None:
    held = Held(api, COUNTED)
    held.open(page)
    press(page, "Stop and control")
    stopped(page)

    press(page, "Let go")

    expect(page.locator("#run-state")).to_have_text("finished")


def test_the_page_is_accessible_while_it_debugs(page: Page, held: Held) -> None:
    held.open(page)
    press(page, "Stop and control")
    stopped(page)
    set_breakpoint(page, "watch", "counter")

    assert in_all_dresses(page) == []


@needs_gdb
def test_the_line_of_the_page_works_in_gdb(page: Page, held: Held, api: Api) -> None:
    held.open(page)
    line = page.locator("#gdb-line").input_value()
    command = f"{sys.executable} -m hwbp"

    done = subprocess.run(
        gdb_command(line.replace("| hwbp", f"| {command}"), "info registers rip"),
        env=os.environ | {"HWBP_TOKEN": api._token, "PYTHONPATH": str(PROJECT_DIR)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert held.symbols["_start"] in done.stdout, done.stdout + done.stderr
