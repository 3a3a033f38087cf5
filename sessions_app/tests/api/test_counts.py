"""Counting what passes a query."""

from __future__ import annotations

from collections import Counter

import pytest
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import EventKind, create_run, event, store_chunk


@pytest.fixture
def counted(session: DebugSession) -> Run:
    """Sixty events in three chunks: hits on two CPUs at three places."""
    run = create_run(session)
    hits = 0
    for first in range(1, 61, 20):
        part = [
            event(
                seq,
                EventKind.HIT if seq % 2 else EventKind.CALL,
                rip=0x401000 + seq % 3,
                cpu=seq % 4 // 2,
                slot=0,
                value=seq,
            )
            for seq in range(first, first + 20)
        ]
        store_chunk(run, part, hits_before=hits)
        hits += 10
    Run.objects.filter(pk=run.pk).update(events=60, hits=30)
    return run


def test_hits_by_place(alice_api: APIClient, counted: Run) -> None:
    answer = alice_api.get(f"/api/v1/runs/{counted.pk}/hits/count/?by=rip").json()
    plainly = Counter(f"{0x401000 + seq % 3:#x}" for seq in range(1, 61, 2))

    assert {row["value"]: row["count"] for row in answer["results"]} == plainly
    assert (answer["total"], answer["complete"]) == (30, True)


def test_events_by_kind(alice_api: APIClient, counted: Run) -> None:
    answer = alice_api.get(f"/api/v1/runs/{counted.pk}/events/count/?by=kind").json()

    assert {row["name"]: row["count"] for row in answer["results"]} == {
        "HIT": 30,
        "CALL": 30,
    }


def test_a_query_narrows_what_is_counted(alice_api: APIClient, counted: Run) -> None:
    path = f"/api/v1/runs/{counted.pk}/hits/count/?by=cpu&q=value>=31"
    answer = alice_api.get(path).json()

    assert answer["total"] == 15


def test_an_unknown_field_is_refused(alice_api: APIClient, counted: Run) -> None:
    answer = alice_api.get(f"/api/v1/runs/{counted.pk}/hits/count/?by=colour")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "by"


def counts(client: APIClient, run: Run, query: str) -> dict[str, int]:
    answer = client.get(f"/api/v1/runs/{run.pk}/hits/count/?{query}").json()
    return {row.get("name", row["value"]): row["count"] for row in answer["results"]}


def test_hits_by_whom_they_were_delivered_to(alice_api: APIClient, run: Run) -> None:
    """The factory's hits call perf_bp_event and no overflow handler."""
    assert counts(alice_api, run, "by=verdict") == {"nobody": 250}


def test_hits_by_an_expression(alice_api: APIClient, run: Run) -> None:
    """rax holds the number of the hit."""
    found = counts(alice_api, run, "by=expression&expression=rax%20%26%201&q=hit<=101")

    assert found == {"0x1": 51, "0x0": 50}


def test_an_expression_at_each_hit(alice_api: APIClient, run: Run) -> None:
    path = f"/api/v1/runs/{run.pk}/hits/values/?expression=rax*2&q=hit>=99&limit=3"
    told = alice_api.get(path).json()

    assert [(row["hit_no"], row["seq"], row["value"]) for row in told["results"]] == [
        (number, (number - 1) * 6 + 1, hex(2 * number)) for number in (99, 100, 101)
    ]
    assert told["next"] == told["results"][-1]["seq"]


def test_what_is_not_recorded_has_no_value(alice_api: APIClient, run: Run) -> None:
    path = f"/api/v1/runs/{run.pk}/hits/values/?expression=u8[0x5000]&limit=1"

    assert alice_api.get(path).json()["results"][0]["value"] is None


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("hits/values/", "expression"),
        ("hits/values/?expression=1%2B", "expression"),
        ("hits/values/?expression=old", "expression"),
        ("hits/values/?expression=nowhere", "expression"),
        ("hits/count/?by=expression", "expression"),
        ("events/count/?by=expression&expression=1", "by"),
        ("events/count/?by=verdict", "by"),
    ],
)
def test_what_is_wrong_is_named(
    alice_api: APIClient, run: Run, path: str, field: str
) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/{path}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_hits_are_found_by_an_expression(alice_api: APIClient, run: Run) -> None:
    path = f'/api/v1/runs/{run.pk}/hits/?q=when:"rax == 7 || rax == 200"'
    told = alice_api.get(path).json()["results"]

    assert [row["hit_no"] for row in told] == [7, 200]
