"""The workspace: the timeline is moved and asked by hand, and the address holds the view."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sessions_app.tests.browser.live_page import wait_for_end
from sessions_app.tests.browser.rest import Api
from sessions_app.tests.browser.test_accessibility import violations
from sessions_app.tests.browser.test_looks import LONG, WATCH

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

#: Four hundred writes of two counters by one loop.
LOOP = """\
\t.globl\t_start
_start:
\tmov\t$200, %ecx
again:
\taddq\t$1, even(%rip)
\tmov\t%rcx, odd(%rip)
\tdec\t%ecx
\tjnz\tagain
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
even:
\t.quad\t0
odd:
\t.quad\t0
"""
BREAKPOINTS = [
    {"type": "write", "length": 8, "at": "even"},
    {"type": "write", "length": 8, "at": "odd"},
]
HITS = 400
#: Middles of parts of the canvas (static/js/timeline/layout.js).
OVERVIEW, AXIS, SLOT_0 = 13, 39, 76
_VIEW = """() => {
  const { view, source, cursor, axis } = window.hwbpTimeline;
  return { from: view.from, to: view.to, last: view.last, whole: view.whole, follow: view.follow,
    width: view.width, axis, cursor: cursor?.seq ?? null, settled: source.fine?.from === view.from && source.fine?.to === view.to };
}"""

View = dict[str, Any]


@pytest.fixture(scope="module")
def session(api: Api) -> str:
    made = api.session("A loop to look at")
    run = api.run(api.assembled(LOOP, breakpoints=BREAKPOINTS), made)
    assert api.end(run)["hits"] == HITS
    return made


@pytest.fixture
def workspace(page: Page, api: Api, session: str) -> Page:
    return opened(page, f"{api.base}/sessions/{session}/?run=1&hit=9")


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_function("() => window.hwbpReady?.then(() => true)")
    settled(page)
    return page


def settled(page: Page) -> View:
    page.wait_for_function(f"() => ({_VIEW})().settled")
    return view(page)


def view(page: Page) -> View:
    found: View = page.evaluate(_VIEW)
    return found


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = page.locator("#tl").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + (start[0] + end[0]) / 2, box["y"] + end[1])
    page.mouse.move(box["x"] + end[0], box["y"] + end[1])
    page.mouse.up()


def numbers(text: str) -> list[int]:
    return [
        int(part.replace("\u202f", "")) for part in re.findall(r"[\d\u202f]+", text)
    ]


def test_it_shows_the_whole_run_and_counts_it(workspace: Page) -> None:
    shown = view(workspace)

    assert (shown["from"], shown["to"], shown["whole"]) == (0, shown["last"], True)
    expect(workspace.locator("#tl-count")).to_contain_text(f"{HITS} hits in")


def test_keys_zoom_at_the_chosen_hit_move_and_fit(workspace: Page) -> None:
    before = view(workspace)
    workspace.keyboard.press("w")
    zoomed = settled(workspace)
    assert zoomed["to"] - zoomed["from"] == pytest.approx(0.6 * before["last"], abs=2)
    workspace.keyboard.press("d")
    moved = settled(workspace)
    assert moved["from"] - zoomed["from"] == pytest.approx(
        0.2 * (zoomed["to"] - zoomed["from"]), abs=2
    )
    workspace.keyboard.press("a")
    assert settled(workspace)["from"] == zoomed["from"]
    workspace.keyboard.press("f")
    assert settled(workspace)["whole"]


def test_the_wheel_zooms_at_the_pointer(workspace: Page) -> None:
    box = workspace.locator("#tl").bounding_box()
    assert box is not None
    before = view(workspace)
    at = before["last"] * 0.75
    workspace.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + SLOT_0)
    workspace.mouse.wheel(0, -400)

    after = settled(workspace)
    span = after["to"] - after["from"]
    assert span < before["last"] / 2
    assert after["from"] + 0.75 * span == pytest.approx(at, abs=2)


def test_a_drag_on_the_lanes_pans(workspace: Page) -> None:
    workspace.keyboard.press("w")
    before = settled(workspace)
    drag(workspace, (600, SLOT_0), (500, SLOT_0))

    after = settled(workspace)
    span = before["to"] - before["from"]
    wanted = before["from"] + span * 100 / before["width"]
    assert after["from"] == pytest.approx(wanted, abs=2)
    assert after["to"] - after["from"] == span


def test_a_drag_on_the_overview_chooses_a_span(workspace: Page) -> None:
    width = view(workspace)["width"]
    drag(workspace, (width * 0.25, OVERVIEW), (width * 0.5, OVERVIEW))

    after = settled(workspace)
    assert after["from"] == pytest.approx(after["last"] * 0.25, abs=2)
    assert after["to"] == pytest.approx(after["last"] * 0.5, abs=2)
    workspace.locator("#tl").dblclick(position={"x": 30, "y": SLOT_0})
    workspace.wait_for_function("() => window.hwbpTimeline.view.whole")


def test_the_count_is_of_what_is_shown(workspace: Page, api: Api, session: str) -> None:
    width = view(workspace)["width"]
    drag(workspace, (width * 0.25, OVERVIEW), (width * 0.5, OVERVIEW))
    shown = settled(workspace)

    run = workspace.locator("#ws").get_attribute("data-run")
    inside = [
        hit
        for hit in api.hits(str(run))
        if shown["from"] <= hit["retired"] < shown["to"]
    ]
    expect(workspace.locator("#tl-count")).to_contain_text(f"{len(inside)} hits in")


def test_a_brush_on_the_axis_filters(workspace: Page, api: Api) -> None:
    width = view(workspace)["width"]
    drag(workspace, (width * 0.25, AXIS), (width * 0.5, AXIS))

    query = workspace.locator("#q").input_value()
    low, high = map(int, re.fullmatch(r"t:(\d+)\.\.(\d+)", query).groups())  # type: ignore[union-attr]  # fails the test
    run = workspace.locator("#ws").get_attribute("data-run")
    inside = [h for h in api.hits(str(run)) if low <= h["retired"] <= high]
    assert 0 < len(inside) < HITS
    expect(workspace.locator("#q-n")).to_have_text(f"{len(inside)} of {HITS}")
    first = workspace.locator("#hits a.hit:not([data-empty])").first
    expect(first).to_have_attribute("data-number", str(inside[0]["hit_no"]))


def test_another_brush_takes_the_place_of_the_first(workspace: Page) -> None:
    width = view(workspace)["width"]
    workspace.fill("#q", "slot:1")
    for share in (0.25, 0.5):
        drag(workspace, (width * share, AXIS), (width * (share + 0.2), AXIS))

    assert re.fullmatch(r"slot:1 t:\d+\.\.\d+", workspace.locator("#q").input_value())


def test_a_click_chooses_the_nearest_hit_everywhere(workspace: Page, api: Api) -> None:
    workspace.keyboard.press("z")
    shown = settled(workspace)
    run = workspace.locator("#ws").get_attribute("data-run")
    hits = [h for h in api.hits(str(run)) if h["slot"] == 0]
    wanted = next(h for h in hits if h["retired"] > (shown["from"] + shown["to"]) / 2)
    x = (wanted["retired"] - shown["from"]) / (shown["to"] - shown["from"])
    workspace.locator("#tl").click(position={"x": x * shown["width"] + 1, "y": SLOT_0})

    number = wanted["hit_no"]
    expect(workspace.locator("#h-n")).to_have_text(str(number))
    expect(workspace.locator(f"#hit-{number}")).to_have_attribute(
        "aria-selected", "true"
    )
    assert f"hit={number}" in workspace.url
    workspace.wait_for_function(f"() => ({_VIEW})().cursor === {wanted['seq']}")


def test_a_click_on_a_dense_lane_asks_the_server(workspace: Page) -> None:
    assert view(workspace)["whole"]
    workspace.locator("#tl").click(position={"x": 700, "y": SLOT_0})

    expect(workspace.locator("#h-n")).not_to_have_text("9")


def test_the_pointer_is_told_in_words(workspace: Page) -> None:
    workspace.keyboard.press("z")
    settled(workspace)
    x = workspace.evaluate(
        "() => window.hwbpTimeline.view.x(window.hwbpTimeline.cursor.time)"
    )
    workspace.locator("#tl").hover(position={"x": x, "y": SLOT_0})

    words = re.compile(r"^0\.000.000.\d{3} s · CPU 0 slot 0 · task \d+ · hit 9$")
    expect(workspace.locator("#s-hover")).to_have_text(words)


def test_the_other_axis_is_the_order_of_events(workspace: Page) -> None:
    workspace.get_by_role("button", name="events", exact=True).click()
    workspace.wait_for_function(f"() => ({_VIEW})().settled")

    events = numbers(workspace.locator("#s-events").inner_text())[0]
    shown = view(workspace)
    assert (shown["axis"], shown["from"], shown["to"]) == ("events", 1, events + 1)
    assert "axis=events" in workspace.url


def test_the_address_restores_the_exact_view(
    workspace: Page, signed_in: BrowserContext
) -> None:
    width = view(workspace)["width"]
    drag(workspace, (width * 0.25, AXIS), (width * 0.75, AXIS))
    drag(workspace, (width * 0.3, OVERVIEW), (width * 0.6, OVERVIEW))
    workspace.get_by_role("tab", name="Slots").click()
    workspace.get_by_role("separator", name="Width of the hits").press("ArrowRight")
    workspace.locator("#cols > summary").click()
    workspace.get_by_label("address", exact=True).check()
    workspace.locator("#cols > summary").click()
    workspace.locator("#hits a.hit:not([data-empty])").nth(4).click()
    workspace.locator("[data-moment=entry]").click()
    expect(workspace.locator("[data-moment=entry]")).to_have_attribute(
        "aria-current", "true"
    )
    workspace.wait_for_url("**from=*")
    before = settled(workspace)
    told = what_is_told(workspace)

    again = opened(signed_in.new_page(), workspace.url)
    expect(again.locator("#q-n")).to_have_text(told["count"])
    assert view(again) == before
    assert what_is_told(again) == told
    again.close()


def what_is_told(page: Page) -> dict[str, str]:
    head = page.locator(".hit-head")
    return {
        "hit": page.locator("#h-n").inner_text(),
        "chosen row": page.locator("#hits [aria-selected=true]").inner_text(),
        "moment": page.locator("[data-moment][aria-current]").inner_text(),
        "count": page.locator("#q-n").inner_text(),
        "query": page.locator("#q").input_value(),
        "tab": page.locator("[role=tab][aria-selected=true]").inner_text(),
        "span": page.locator("#tl-range").inner_text(),
        "columns": head.inner_text(),
        "width": str(page.locator(".pane-find").evaluate("(e) => e.clientWidth")),
    }


def test_a_pane_is_sized_by_pointer_and_kept(workspace: Page) -> None:
    edge = workspace.get_by_role("separator", name="Width of the state")
    before = int(edge.get_attribute("aria-valuenow") or 0)
    box = edge.bounding_box()
    assert box is not None
    workspace.mouse.move(box["x"] + 2, box["y"] + 300)
    workspace.mouse.down()
    workspace.mouse.move(box["x"] - 38, box["y"] + 300)
    workspace.mouse.up()

    expect(edge).to_have_attribute("aria-valuenow", str(before + 40))
    workspace.goto(workspace.url.replace("panes=", "other="))
    expect(edge).to_have_attribute("aria-valuenow", str(before + 40))
    edge.press("Enter")
    expect(edge).to_have_attribute("aria-valuenow", str(before))


def test_a_value_that_changed_is_marked_and_said(workspace: Page) -> None:
    # Hit 9 is the fifth write of even: it holds 5 and held 4.
    cell = workspace.locator("#hit-9 .is-changed")

    expect(cell).to_have_text("0x5 changed")
    expect(cell).to_have_attribute("title", "0x5, was 0x4")


def test_a_column_says_what_came_of_each_hit(workspace: Page) -> None:
    workspace.locator("#cols > summary").click()
    workspace.get_by_label("delivered").check()

    expect(workspace.locator("#hit-9")).to_contain_text("Delivered once")


def test_a_long_filtered_list_comes_by_need(workspace: Page) -> None:
    asked: list[str] = []
    workspace.on(
        "request", lambda r: asked.append(r.url) if "/found/" in r.url else None
    )
    workspace.fill("#q", "slot:1")
    expect(workspace.locator("#q-n")).to_have_text(f"200 of {HITS}")
    workspace.locator("#hits").focus()
    workspace.keyboard.press("Shift+G")

    expect(workspace.locator("#h-n")).to_have_text(str(HITS))
    workspace.keyboard.press("k")
    expect(workspace.locator("#h-n")).to_have_text(str(HITS - 2))
    assert len(asked) < 8


def test_a_live_run_is_followed_until_it_is_moved(page: Page, api: Api) -> None:
    session = api.session("Followed")
    run = api.run(
        api.assembled(LONG, breakpoints=[WATCH], instructions=10**10), session
    )
    opened(page, f"{api.base}/sessions/{session}/")
    page.wait_for_function("() => window.hwbpTimeline.view.last > 4e6")
    assert view(page)["whole"]
    follow = page.get_by_role("button", name="Follow the end")
    expect(follow).to_be_hidden()

    page.evaluate("() => window.hwbpTimeline.view.set(1e6, 3e6)")
    still = view(page)
    grown = still["last"]
    page.wait_for_function(f"() => window.hwbpTimeline.view.last > {grown}")
    assert (view(page)["from"], view(page)["to"]) == (still["from"], still["to"])
    follow.click()
    after = view(page)
    assert (after["follow"], after["to"]) == (True, after["last"])
    page.wait_for_function(f"() => window.hwbpTimeline.view.to > {after['to']}")
    expect(follow).to_be_hidden()
    api.post(f"runs/{run}/cancel/")
    wait_for_end(page, "cancelled")


@pytest.fixture(scope="module")
def wrong(api: Api) -> str:
    """A run in which invariants break and an access passes unseen."""
    made = str(api.post("scenarios/stale-dr7/run/", {"version": 0})["id"])
    api.end(api.get(f"sessions/{made}/runs/")["results"][0]["id"])
    return made


def test_n_walks_the_problems_of_the_list(page: Page, api: Api, wrong: str) -> None:
    opened(page, f"{api.base}/sessions/{wrong}/?run=1")
    rows = page.locator("#problems li[data-seq]")
    seqs = sorted(rows.evaluate_all("(all) => all.map((li) => Number(li.dataset.seq))"))
    assert len(seqs) >= 2
    here = page.locator("#problems li[aria-current]")
    for seq in seqs:
        page.keyboard.press("n")
        expect(here).to_have_attribute("data-seq", str(seq))
    page.keyboard.press("n")
    expect(page.locator("#s-stream")).to_have_text("no problem behind this one")
    page.keyboard.press("Shift+N")
    expect(here).to_have_attribute("data-seq", str(seqs[-2]))


def test_an_access_that_passed_unseen_is_chosen_in_the_page(
    page: Page, api: Api, wrong: str
) -> None:
    opened(page, f"{api.base}/sessions/{wrong}/?run=1")
    missed = page.locator("#problems li.is-missed").first
    seq = missed.get_attribute("data-seq")
    missed.get_by_role("link").click()

    expect(page.locator("#why-pane h2")).to_contain_text("Event")
    assert f"event={seq}" in page.url
    assert "hit=" not in page.url


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(page: Page, api: Api, wrong: str, width: int) -> None:
    """A page that was opened so wide or so narrow: the canvas is drawn for it."""
    page.set_viewport_size({"width": width, "height": 860})
    opened(page, f"{api.base}/sessions/{wrong}/?run=1&axis=events")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")

        assert violations(page) == [], theme


def test_a_phone_has_no_gutter_and_no_sideways_scroll(
    page: Page, api: Api, session: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, f"{api.base}/sessions/{session}/?run=1&hit=9")

    box = page.locator("#tl").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_two_fingers_zoom(workspace: Page) -> None:
    box = workspace.locator("#tl").bounding_box()
    assert box is not None
    before = view(workspace)["last"]
    touch = workspace.context.new_cdp_session(workspace)

    def fingers(kind: str, *places: float) -> None:
        points = [
            {"x": box["x"] + x, "y": box["y"] + SLOT_0, "id": at}
            for at, x in enumerate(places)
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 500)
    fingers("touchStart", 500, 700)
    fingers("touchMove", 450, 750)
    fingers("touchMove", 400, 800)
    fingers("touchEnd")

    # 200 pixels apart became 400: half the span, around the same middle.
    after = settled(workspace)
    assert after["to"] - after["from"] == pytest.approx(before / 2, rel=0.02)
    middle = (after["from"] + after["to"]) / 2
    held = before * 600 / after["width"]
    shift = (0.5 - 600 / after["width"]) * before / 2
    assert middle == pytest.approx(held + shift, rel=0.03)


def test_what_is_wrong_is_told_under_the_pointer(
    page: Page, api: Api, wrong: str
) -> None:
    opened(page, f"{api.base}/sessions/{wrong}/?run=1&axis=events")
    x = page.evaluate(
        "() => window.hwbpTimeline.view.x(window.hwbpTimeline.problems[0].seq)"
    )
    page.locator("#tl").hover(position={"x": x, "y": 54})

    first = page.locator("#problems li[data-seq] > span").first.inner_text()
    expect(page.locator("#s-hover")).to_contain_text(first)


def test_the_lanes_of_many_cpus_have_an_edge_to_move(page: Page, api: Api) -> None:
    image = api.post("images/", {"assembly": LOOP})["sha256"]
    body = api.post("recipes/", {"image": image, "breakpoints": BREAKPOINTS})["recipe"]
    body["machine"] = body["machine"] | {"cpus": 4}
    session = api.session("Four CPUs")
    api.end(api.run(api.post("recipes/", body)["id"], session))
    opened(page, f"{api.base}/sessions/{session}/")
    edge = page.get_by_role("separator", name="Height of the timeline")
    before = int(edge.get_attribute("aria-valuenow") or 0)
    edge.press("ArrowDown")

    expect(edge).to_have_attribute("aria-valuenow", str(before + 16))
    edge.press("Enter")


def test_the_canvas_has_its_equal_in_words(workspace: Page) -> None:
    rows = workspace.locator("#tl-table tbody tr")

    cells = [row.split("\t")[:4] for row in rows.all_inner_texts()]
    assert cells == [["0", "0", "hits", "200"], ["0", "1", "hits", "200"]]
