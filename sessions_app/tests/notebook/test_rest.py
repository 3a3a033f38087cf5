"""/api/v1/sessions/<id>/notebook/."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from sessions_app.models import NotebookEntry, Run
from sessions_app.tests.factories import EVENTS_PER_HIT


def address(run: Run, tail: str = "") -> str:
    return f"/api/v1/sessions/{run.session_id}/notebook/{tail}"


def keep(client: APIClient, run: Run, hit: int = 3, **fields: object) -> dict:
    seq = (hit - 1) * EVENTS_PER_HIT + 1
    answer = client.post(address(run), {"run": 1, "seq": seq} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_moment_is_kept(alice_api: APIClient, run: Run) -> None:
    made = keep(alice_api, run, 3, moment="iret", text="see G1")

    assert (made["hit_no"], made["moment"], made["text"], made["position"]) == (
        3,
        "iret",
        "see G1",
        1,
    )


def test_the_list_is_in_order(alice_api: APIClient, run: Run) -> None:
    for hit in (5, 3, 4):
        keep(alice_api, run, hit)

    told = alice_api.get(address(run)).json()

    assert [entry["hit_no"] for entry in told] == [5, 3, 4]


def test_text_and_place_are_changed(alice_api: APIClient, run: Run) -> None:
    first = keep(alice_api, run, 3)
    keep(alice_api, run, 4)

    url = address(run, f"{first['id']}/")
    told = alice_api.patch(url, {"text": "new", "position": 2}).json()

    assert (told["text"], told["position"]) == ("new", 2)


def test_an_entry_is_taken_out(alice_api: APIClient, run: Run) -> None:
    made = keep(alice_api, run)

    answer = alice_api.delete(address(run, f"{made['id']}/"))

    assert (answer.status_code, NotebookEntry.objects.count()) == (204, 0)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"seq": 1}, "run"),
        ({"run": 9, "seq": 1}, "run"),
        ({"run": 1, "seq": 1501}, "seq"),
        ({"run": 1, "seq": 0}, "seq"),
        ({"run": 1, "seq": 1, "moment": "noon"}, "moment"),
        ({"run": 1, "seq": 1, "colour": "red"}, "colour"),
        ({"run": 1, "seq": 1, "text": "x" * 10_001}, "text"),
    ],
)
def test_what_is_wrong_is_named(
    alice_api: APIClient, run: Run, sent: dict, field: str
) -> None:
    answer = alice_api.post(address(run), sent)

    named = [error["field"] for error in answer.json()["errors"]]
    assert (answer.status_code, named, NotebookEntry.objects.count()) == (
        422,
        [field],
        0,
    )


def test_a_reader_reads(bob_api: APIClient, alice_api: APIClient, run: Run) -> None:
    keep(alice_api, run)

    assert len(bob_api.get(address(run)).json()) == 1


def test_a_reader_keeps_nothing(bob_api: APIClient, run: Run) -> None:
    answer = bob_api.post(address(run), {"run": 1, "seq": 1})

    assert (answer.status_code, NotebookEntry.objects.count()) == (401, 0)


def test_others_find_nothing(charlie_api: APIClient, run: Run) -> None:
    assert charlie_api.get(address(run)).status_code == 404
    assert charlie_api.get(address(run, "markdown/")).status_code == 404


@pytest.mark.parametrize("pk", ["1", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_entry_is_not_found(alice_api: APIClient, run: Run, pk: str) -> None:
    assert alice_api.patch(address(run, f"{pk}/"), {"text": ""}).status_code == 404
