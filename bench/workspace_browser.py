"""The session page of a long run in Chromium: frames of the timeline, time until an answer."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

#: Steps of 200 frames each; what a step does, in words and as a script.
_PHASES = {
    "zoom in": "view.zoom(0.955, view.width * 0.4)",
    "pan": "view.pan(0.03)",
    "zoom out": "view.zoom(1 / 0.955, view.width * 0.4)",
    "whole run, pointer moves": "drawn.hovered(i * 5, 90)",
}
_FRAMES = """async () => {
  const drawn = window.hwbpTimeline, view = drawn.view;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  STEP_BEFORE;
  await frame();
  drawn.frames.length = 0;
  const gaps = [];
  let last = performance.now();
  for (let i = 0; i < 200; i += 1) {
    STEP;
    await frame();
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  const sorted = (all) => [...all].sort((a, b) => a - b);
  const [script, gap] = [sorted(drawn.frames), sorted(gaps)];
  const at = (all, share) => all[Math.floor((all.length - 1) * share)];
  return [at(script, 0.5), at(script, 0.99), at(script, 1), at(gap, 0.5), at(gap, 0.99)];
}"""


@dataclass(frozen=True)
class Shown:
    """A run whose page is opened."""

    words: str
    path: str
    hits: int


def table(runs: Sequence[Shown], cookie: str) -> Iterator[str]:
    """Lines of Markdown; none without a browser."""
    chromium = shutil.which("chromium")
    if not chromium:
        yield "\nno chromium on this host: no figures of a browser"
        return
    with served() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base}])
        for shown in runs:
            yield f"\n{shown.words}, in Chromium at 1440 by 900"
            page = context.new_page()
            yield from _waits(page, base + shown.path, shown.hits)
            yield from _frames(page)
            page.close()
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The web process alone, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "hwbpweb.asgi:application"]
    command += ["--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command) as process:
        try:
            _answers(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def _frames(page: Page) -> Iterator[str]:
    yield "\n| 200 frames | script, ms: median | p99 | most | interval: median | p99 |"
    yield "|---|---|---|---|---|---|"
    for words, step in _PHASES.items():
        before = "view.fit()" if words.startswith("whole") else "0"
        script = _FRAMES.replace("STEP_BEFORE", before).replace("STEP", step)
        cells = " | ".join(f"{number:.1f}" for number in page.evaluate(script))
        yield f"| {words} | {cells} |"


def _waits(page: Page, url: str, hits: int) -> Iterator[str]:
    yield "\n| in the page | ms |\n|---|---|"
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#h-n")
    useful = (time.perf_counter() - start) * 1e3
    page.wait_for_function(
        "() => window.hwbpTimeline?.source.fine && document.querySelector('#hits [role=option]')",
        polling=5,
    )
    drawn = (time.perf_counter() - start) * 1e3
    yield f"| opened, until its moment is there | {useful:.0f} |"
    yield f"| opened, until timeline and rows are drawn | {drawn:.0f} |"
    end = page.evaluate("() => window.hwbpTimeline.view.to")
    begin = end // 10
    zoomed = f"() => window.hwbpTimeline.view.set({begin}, {begin + end // 33})"
    answered = f"() => window.hwbpTimeline.source.fine.from === {begin}"
    yield _wait(page, "zoomed, until the answer is drawn", zoomed, answered)
    key = "new KeyboardEvent('keydown', { key: 'G', bubbles: true })"
    last = f"() => document.body.dispatchEvent({key})"
    shown = "+document.querySelector('#h-n').textContent.replace(/\\D/g, '')"
    there = f"() => {shown} === {hits}"
    yield _wait(page, "last hit: tree and registers", last, there)
    box = "const q = document.querySelector('#q'); q.value ="
    typed = f"() => {{ {box} 'value<=0x200'; q.dispatchEvent(new Event('input')) }}"
    found = "() => /\\d of/.test(document.querySelector('#q-n').textContent)"
    yield _wait(page, "filtered, from the last key to the count", typed, found)


def _wait(page: Page, words: str, act: str, condition: str) -> str:
    start = time.perf_counter()
    page.evaluate(act)
    page.wait_for_function(condition, polling=5)
    return f"| {words} | {(time.perf_counter() - start) * 1e3:.0f} |"
