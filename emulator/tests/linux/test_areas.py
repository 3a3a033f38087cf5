"""Ranges of mapped pages against a plain set of pages."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.linux.areas import Areas, page_down, page_up

PAGE = 4096
TOP = 24
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 3]), st.integers(0, TOP - 1), st.integers(1, 8)),
    max_size=12,
)


def build(steps: list[tuple[int, int, int]]) -> tuple[Areas, dict[int, int]]:
    """The areas and the pages after these steps; protection 0 removes."""
    areas, pages = Areas(), {}
    for protection, first, count in steps:
        start, end = first * PAGE, (first + count) * PAGE
        if protection:
            areas.add(start, end, protection)
        else:
            areas.remove(start, end)
        for page in range(first, first + count):
            pages[page] = protection
    return areas, {page: p for page, p in pages.items() if p}


@given(STEPS)
@settings(deadline=None, derandomize=True)
def test_each_page_has_the_protection_given_last(
    steps: list[tuple[int, int, int]],
) -> None:
    areas, pages = build(steps)

    got = [areas.protection_at(page * PAGE) for page in range(TOP + 8)]
    assert got == [pages.get(page, 0) for page in range(TOP + 8)]


@given(STEPS, st.integers(0, TOP), st.integers(1, 8))
@settings(deadline=None, derandomize=True)
def test_covered_and_free_are_about_every_page(
    steps: list[tuple[int, int, int]], first: int, count: int
) -> None:
    areas, pages = build(steps)
    mapped = [page in pages for page in range(first, first + count)]
    start, end = first * PAGE, (first + count) * PAGE

    assert (areas.covered(start, end), areas.free(start, end)) == (
        all(mapped),
        not any(mapped),
    )


@given(STEPS, st.integers(1, 6))
@settings(deadline=None, derandomize=True)
def test_the_gap_is_the_highest_one(
    steps: list[tuple[int, int, int]], count: int
) -> None:
    areas, pages = build(steps)
    starts = [
        first
        for first in range(2, TOP - count + 1)
        if not any(page in pages for page in range(first, first + count))
    ]

    gap = areas.find_gap(count * PAGE, 2 * PAGE, TOP * PAGE)

    assert gap == (starts[-1] * PAGE if starts else None)


def test_addresses_round_to_pages() -> None:
    assert (page_down(0x1FFF), page_up(0x1001), page_up(0x1000)) == (
        0x1000,
        0x2000,
        0x1000,
    )
