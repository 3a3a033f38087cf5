"""What a session page has been told of its run, and what it holds of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

#: Keeps each hit that the feed hands to the page, so that one handed over twice is seen.
_WATCH = """() => {
  window.handed = [];
  const take = window.hwbpFeed.on.hits;
  window.hwbpFeed.on.hits = (fresh, last) => {
    window.handed.push(...fresh.map((hit) => [window.hwbpFeed.epoch, hit.number, hit.seq]));
    take(fresh, last);
  };
}"""
_HELD = """() => [...window.hwbpTable.known.values()]
  .map((hit) => [hit.number, hit.seq, `0x${hit.value.toString(16)}`])
  .sort((a, b) => a[0] - b[0])"""
_FIRST_MISSING = """() => {
  const table = window.hwbpTable;
  for (let n = 1; n <= table.total; n += 1) if (!table.known.has(n)) return n;
  return 0;
}"""

Row = tuple[int, int, str]


def watch_feed(page: Page) -> None:
    """From now on note what the feed delivers."""
    page.wait_for_function("() => window.hwbpFeed")
    page.evaluate(_WATCH)


def handed(page: Page) -> list[list[int]]:
    """[epoch, hit number, seq] of each delivery since watch_feed."""
    return list(page.evaluate("() => window.handed"))


def shown_hits(page: Page) -> int:
    """The counter in the status bar."""
    text = page.locator("#s-hits").text_content() or ""
    return int("".join(filter(str.isdigit, text)))


def held_rows(page: Page) -> list[Row]:
    """(number, seq, value) of all hits, after scrolling to what is not loaded yet."""
    while missing := page.evaluate(_FIRST_MISSING):
        page.evaluate("(n) => window.hwbpTable.choose(n, { centre: true })", missing)
        page.wait_for_function("(n) => window.hwbpTable.known.has(n)", arg=missing)
    return [(number, seq, value) for number, seq, value in page.evaluate(_HELD)]


def stored_rows(hits: list[dict[str, Any]]) -> list[Row]:
    """The same of hits as REST gives them."""
    return [(hit["hit_no"], hit["seq"], hit["value"]) for hit in hits]


def wait_for_end(page: Page, words: str = "finished", seconds: float = 60) -> None:
    """Until the page says so by itself."""
    expect(page.locator("#run-state")).to_have_text(words, timeout=seconds * 1000)
