"""A file out, a bundle in, a deletion and its undo, a run that is verified: by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import in_all_dresses

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]
#: Set to a folder, pictures of the pages are left there to be looked at.
PICTURES = os.environ.get("PICTURES")


def picture(page: Page, name: str) -> None:
    if not PICTURES:
        return
    for width, height, theme in ((1440, 900, "light"), (390, 844, "dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


@pytest.fixture
def made(api: Api) -> tuple[str, str]:
    """A session with a finished run: their ids."""
    image = api.post("images/", {"assembly": PROGRAM})["sha256"]
    watch = {"type": "write", "length": 4, "at": "counter"}
    session = api.session("A counter to keep")
    run = api.run(api.recipe(image, breakpoints=[watch]), session)
    api.end(run)
    return session, run


PROGRAM = """\
	.globl	_start
_start:	mov	$10, %ecx
again:	addl	$1, counter(%rip)
	loop	again
	mov	$60, %eax
	xor	%edi, %edi
	syscall
	.data
	.balign	8
counter:	.long	0
"""


def test_a_file_is_taken_from_the_menu(
    page: Page, api: Api, made: tuple[str, str]
) -> None:
    page.goto(f"{api.base}/sessions/{made[0]}/")
    page.get_by_text("export…").click()
    picture(page, "export")
    assert in_all_dresses(page, within=".account-box") == []
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Chrome trace, JSON").click()

    file = waiting.value
    assert file.suggested_filename == f"run-{made[1][:8]}.trace.json"
    trace = json.loads(Path(file.path()).read_text())
    assert len([e for e in trace["traceEvents"] if e.get("s") == "t"]) >= 10


def test_a_bundle_goes_out_and_comes_in(
    page: Page, api: Api, made: tuple[str, str], tmp_path: Path
) -> None:
    page.goto(f"{api.base}/sessions/{made[0]}/")
    page.get_by_text("export…").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Bundle, all of the run").click()
    bundle = tmp_path / "run.hwbp"
    waiting.value.save_as(bundle)

    page.goto(f"{api.base}/")
    page.get_by_role("link", name="Import…").click()
    picture(page, "import")
    page.get_by_label("File, as").set_input_files(bundle)
    page.get_by_role("button", name="Check and import").click()

    expect(page.get_by_text("Imported: recorded at")).to_be_visible()
    expect(page.get_by_role("heading", name="A counter to keep")).to_be_visible()
    picture(page, "imported")
    assert in_all_dresses(page) == []


def test_a_file_that_is_no_bundle_is_refused_in_place(
    page: Page, api: Api, tmp_path: Path
) -> None:
    wrong = tmp_path / "hello.hwbp"
    wrong.write_text("hello")
    page.goto(f"{api.base}/sessions/import/")
    page.get_by_label("File, as").set_input_files(wrong)
    page.get_by_role("button", name="Check and import").click()

    expect(page.get_by_text("no bundle")).to_be_visible()
    assert in_all_dresses(page) == []


def test_a_session_is_deleted_and_restored(
    page: Page, api: Api, made: tuple[str, str]
) -> None:
    page.goto(f"{api.base}/sessions/{made[0]}/")
    page.get_by_text("about…").click()
    picture(page, "about")
    assert in_all_dresses(page, within=".account-box") == []
    page.get_by_role("button", name="Delete the session").click()

    deleted = page.get_by_role("region", name="Deleted")
    expect(deleted).to_be_visible()
    assert api.ask("GET", f"sessions/{made[0]}/").status == 404
    picture(page, "deleted")
    assert in_all_dresses(page) == []
    deleted.get_by_role("button", name="Restore A counter to keep").first.click()

    expect(page.get_by_role("heading", name="A counter to keep")).to_be_visible()
    assert api.ask("GET", f"sessions/{made[0]}/").status == 200


def test_a_run_is_deleted_and_restored(
    page: Page, api: Api, made: tuple[str, str]
) -> None:
    page.goto(f"{api.base}/sessions/{made[0]}/")
    page.get_by_text("about…").click()
    page.get_by_role("button", name="Delete run 1").click()

    expect(page.get_by_text("Run 1 was deleted.")).to_be_visible()
    picture(page, "run-deleted")
    assert in_all_dresses(page) == []
    page.get_by_role("button", name="Restore run 1").click()

    expect(page.get_by_text("export…")).to_be_visible()
    assert api.state(made[1])["state"] == "finished"


def test_a_run_is_verified(
    page: Page, api: Api, signed_in: BrowserContext, made: tuple[str, str]
) -> None:
    page.goto(f"{api.base}/sessions/{made[0]}/?run=1")
    page.get_by_text("about…").click()
    page.get_by_role("button", name="Verify").click()
    page.wait_for_url("**/?run=1")
    api.until(made[1], lambda run: run["verified"])

    page.reload()
    page.get_by_text("about…").click()
    expect(page.get_by_text("the same again in run 2")).to_be_visible()
    picture(page, "verified")
