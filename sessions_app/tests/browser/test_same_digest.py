"""One recipe, twenty runs, two at a time: one digest."""

from __future__ import annotations

from itertools import combinations

import pytest
from django.utils.dateparse import parse_datetime

from emulator.tests.compiling import image_of
from sessions_app.tests.browser.rest import Api, Json

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

RUNS = 20


@pytest.fixture(scope="module")
def ends(api: Api) -> list[Json]:
    """How twenty runs of a third of a second ended."""
    recipe = api.recipe(
        api.upload(image_of("paced"), "paced").body["sha256"],
        args=["1000", "8000"],
        breakpoints=[{"type": "write", "length": 8, "at": "sample"}],
        instructions=100_000_000,
    )
    session = api.session("Twenty runs")
    runs = [api.run(recipe, session) for _ in range(RUNS)]
    return [api.end(run) for run in runs]


def overlap(one: Json, other: Json) -> bool:
    """Whether two runs went on at the same moment."""
    first, second = sorted(
        (parse_datetime(r["started_at"]), parse_datetime(r["finished_at"]))
        for r in (one, other)
    )
    return first[1] > second[0]


def test_all_complete_with_all_hits(ends: list[Json]) -> None:
    assert {(end["outcome"], end["hits"]) for end in ends} == {("completed", 1000)}


def test_two_go_on_at_a_time(ends: list[Json]) -> None:
    assert sum(overlap(one, other) for one, other in combinations(ends, 2)) > RUNS // 4


def test_there_is_one_digest(ends: list[Json]) -> None:
    assert len({end["digest"] for end in ends}) == 1
    assert len(ends[0]["digest"]) == 64
