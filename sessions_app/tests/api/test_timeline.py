"""/runs/<id>/timeline/ and hits/found/ as a script sees them."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import EVENTS_PER_HIT, create_annotation

pytestmark = pytest.mark.django_db
#: The run of sessions_app/tests/conftest.py: hit n at 10 n, slot 0 of CPU 0, value n.
HITS = 250


def ask(api: APIClient, run: Run, path: str, **query: Any) -> Any:
    return api.get(f"/api/v1/runs/{run.pk}/{path}", query)


def test_a_whole_run(alice_api: APIClient, run: Run) -> None:
    body = ask(alice_api, run, "timeline/", width=100).json()

    assert (body["from"], body["to"], body["last"]) == (0, 2501, 2501)
    assert (body["hits"], body["through"]) == (HITS, HITS * EVENTS_PER_HIT)
    [lane] = body["lanes"]
    assert (lane["cpu"], lane["slot"], lane["fired"], lane["count"]) == (
        0,
        0,
        True,
        HITS,
    )
    assert sum(lane["density"]) == HITS
    assert len(lane["density"]) == 100


def test_a_span_with_few_hits(alice_api: APIClient, run: Run) -> None:
    span = {"from": 100, "to": 131, "width": 50}
    [lane] = ask(alice_api, run, "timeline/", **span).json()["lanes"]

    assert lane["numbers"] == [10, 11, 12, 13]
    assert lane["places"] == [100, 110, 120, 130]


def test_by_events(alice_api: APIClient, run: Run) -> None:
    span = {"axis": "events", "from": 1, "to": 13, "width": 50}
    [lane] = ask(alice_api, run, "timeline/", **span).json()["lanes"]

    assert lane["places"] == [1, 7]


def test_remarks_are_pins(
    alice_api: APIClient, run: Run, session: DebugSession
) -> None:
    create_annotation(session, run=run, seq=EVENTS_PER_HIT + 1)
    [pin] = ask(alice_api, run, "timeline/").json()["pins"]

    assert (pin["hit"], pin["at"], pin["kind"]) == (2, 20, "HIT")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"axis": "steps"}, "axis"),
        ({"from": "x"}, "from"),
        ({"from": 9, "to": 9}, "to"),
        ({"width": 0}, "width"),
        ({"width": 8193}, "width"),
    ],
)
def test_a_wrong_span_is_named(
    alice_api: APIClient, run: Run, query: dict[str, Any], field: str
) -> None:
    answer = ask(alice_api, run, "timeline/", **query)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("at", "number"), [(0, 1), (104, 10), (106, 11), (105, 10), (10**12, HITS)]
)
def test_the_nearest_hit(alice_api: APIClient, run: Run, at: int, number: int) -> None:
    body = ask(alice_api, run, "timeline/nearest/", at=at, cpu=0, slot=0).json()

    assert body == {"hit_no": number, "at": 10 * number}


def test_a_cpu_without_hits_has_no_nearest(alice_api: APIClient, run: Run) -> None:
    body = ask(alice_api, run, "timeline/nearest/", at=5, cpu=1).json()

    assert body == {"hit_no": None, "at": None}


def test_found_by_place(alice_api: APIClient, run: Run) -> None:
    body = ask(alice_api, run, "hits/found/", q="value>100", offset=3, limit=2).json()

    assert (body["total"], body["offset"], body["complete"]) == (150, 3, True)
    rows = [(r["hit_no"], r["value"], r["was"], r["task"]) for r in body["results"]]
    assert rows == [(104, "0x68", "0x67", 0), (105, "0x69", "0x68", 0)]


def test_found_without_a_query_is_everything(alice_api: APIClient, run: Run) -> None:
    body = ask(alice_api, run, "hits/found/", around=200, limit=1).json()

    assert (body["total"], body["results"][0]["hit_no"]) == (HITS, 200)


def test_found_with_verdicts_says_what_the_page_says(
    alice_api: APIClient, run: Run
) -> None:
    tree = ask(alice_api, run, "hits/7/tree/").json()
    body = ask(alice_api, run, "hits/found/", offset=6, limit=1, verdict=1).json()

    [row] = body["results"]
    assert row["verdict"] == tree["verdict"]["title"]
    assert row["severity"] == tree["verdict"]["severity"]


def test_the_parameters_of_hits_filter_too(alice_api: APIClient, run: Run) -> None:
    body = ask(alice_api, run, "hits/found/", t="100..130").json()

    assert [row["hit_no"] for row in body["results"]] == [10, 11, 12, 13]


def test_two_queries_are_not_taken_for_one(alice_api: APIClient, run: Run) -> None:
    counts = [
        ask(alice_api, run, "hits/found/", **query).json()["total"]
        for query in ({"q": "t:100..130"}, {"t": "100..140"}, {"q": "t:100..150"})
    ]

    assert counts == [4, 5, 6]


@pytest.mark.parametrize("query", [{"limit": 1001}, {"verdict": 1, "limit": 101}])
def test_a_page_has_a_size(
    alice_api: APIClient, run: Run, query: dict[str, Any]
) -> None:
    assert ask(alice_api, run, "hits/found/", **query).status_code == 422


def test_a_refused_query_names_the_character(alice_api: APIClient, run: Run) -> None:
    answer = ask(alice_api, run, "hits/found/", q="slot:0 nothing:1")

    assert answer.status_code == 422
    assert "character 8" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["timeline/", "timeline/nearest/?at=1&cpu=0", "hits/found/"]
)
def test_a_link_shows_it_and_a_stranger_sees_nothing(
    bob_api: APIClient, charlie_api: APIClient, run: Run, path: str
) -> None:
    assert bob_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 200
    assert charlie_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 404
