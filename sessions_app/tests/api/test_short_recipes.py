"""POST /recipes/ in its short form: owners of breakpoints, and kgdb."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app.tests.factories import create_image

WATCH: dict[str, Any] = {"type": "write", "at": "counter"}


def post(client: APIClient, watch: dict[str, Any], **fields: Any) -> Any:
    image = create_image(kind="flat", entry="_start")
    body = {"image": image.pk, "breakpoints": [WATCH | watch]} | fields
    return client.post("/api/v1/recipes/", body)


@pytest.mark.parametrize(
    ("watch", "fields", "told"),
    [
        ({}, {}, {"owner": "perf_user", "task": "main"}),
        ({"owner": "perf_wide"}, {}, {"owner": "perf_wide"}),
        (
            {"owner": "perf_cpu", "cpu": 1},
            {"cpus": 2},
            {"owner": "perf_cpu", "cpu": 1},
        ),
        ({"owner": "ptrace", "slot": 3}, {}, {"owner": "ptrace", "slot": 3}),
        ({"owner": "kgdb"}, {"kgdb": True}, {"owner": "kgdb"}),
    ],
)
def test_an_owner(
    alice_api: APIClient, watch: dict[str, Any], fields: Any, told: dict[str, Any]
) -> None:
    answer = post(alice_api, watch, **fields)

    made = answer.json()["recipe"]["breakpoints"][0]
    assert answer.status_code == 201
    assert told.items() <= made.items()


@pytest.mark.parametrize(
    ("watch", "field"),
    [
        ({"owner": "me"}, "breakpoints[0].owner"),
        ({"owner": "perf_cpu"}, "breakpoints[0].cpu"),
        ({"owner": "ptrace"}, "breakpoints[0].slot"),
        ({"owner": "kgdb"}, "breakpoints[0]"),
    ],
)
def test_what_an_owner_needs(
    alice_api: APIClient, watch: dict[str, Any], field: str
) -> None:
    answer = post(alice_api, watch)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
