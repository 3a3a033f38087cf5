"""Commands to a run's debugger: who may, and what is wrong with a wrong one."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app.control_requests import COMMANDS, control_request
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import COUNTER, create_run

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture
def live(session: DebugSession) -> Run:
    return create_run(session, state="running", outcome="")


def post(api: APIClient, run: Run, body: Any) -> Any:
    return api.post(f"/api/v1/runs/{run.pk}/control/", body)


def refused(api: APIClient, run: Run, **body: Any) -> dict[str, Any]:
    answer = post(api, run, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_control")
    error: dict[str, Any] = answer.json()["errors"][0]
    return error


def test_everybody_who_reads_sees_who_controls(
    bob_api: APIClient, session: DebugSession
) -> None:
    run = create_run(session, state="running", debugger={"who": "alice"})

    answer = bob_api.get(f"/api/v1/runs/{run.pk}/control/")

    assert answer.json()["debugger"] == {"who": "alice"}


@pytest.mark.parametrize("what", ["control", "listen", "replay"])
def test_charlie_controls_nothing(charlie_api: APIClient, live: Run, what: str) -> None:
    assert charlie_api.post(f"/api/v1/runs/{live.pk}/{what}/").status_code == 404


@pytest.mark.parametrize(
    ("what", "status"), [("control", 403), ("listen", 401), ("replay", 401)]
)
def test_bob_controls_nothing(
    bob_api: APIClient, live: Run, what: str, status: int
) -> None:
    """His link is for looking; a port and a replay are the owner's alone."""
    assert bob_api.post(f"/api/v1/runs/{live.pk}/{what}/").status_code == status


def test_an_unknown_command_names_the_known_ones(
    alice_api: APIClient, live: Run
) -> None:
    error = refused(alice_api, live, do="explode")

    assert (error["field"], error["value"]) == ("do", "explode")
    assert error["allowed"] == ", ".join(COMMANDS)


@pytest.mark.parametrize("body", [[], {}, {"do": None}, {"do": ["step"]}])
def test_what_is_no_command_is_refused(
    alice_api: APIClient, live: Run, body: Any
) -> None:
    assert post(alice_api, live, body).status_code == 422


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"do": "step", "speed": 3}, "speed", 3),
        ({"do": "step", "thread": "x"}, "thread", "x"),
        ({"do": "step", "thread": True}, "thread", True),
        ({"do": "step", "wait": "yes"}, "wait", "yes"),
        ({"do": "break"}, "at", None),
        ({"do": "break", "at": 5}, "at", 5),
        ({"do": "break", "at": "0xg"}, "at", "0xg"),
        ({"do": "break", "at": "counter+8"}, "at", "counter+8"),
        ({"do": "watch", "at": "counter", "length": 0}, "length", 0),
        ({"do": "watch", "at": "counter", "length": 4097}, "length", 4097),
        ({"do": "delete"}, "breakpoint", None),
        ({"do": "delete", "breakpoint": 0}, "breakpoint", 0),
        ({"do": "write_memory", "at": "counter", "data": "0"}, "data", "0"),
        ({"do": "write_memory", "at": "counter", "data": ""}, "data", "0 bytes"),
        ({"do": "read_registers", "names": "rip"}, "names", "rip"),
        ({"do": "write_registers", "registers": {}}, "registers", "{}"),
        ({"do": "write_registers", "registers": {"rax": 1}}, "registers.rax", 1),
    ],
)
def test_a_wrong_field_is_named_with_its_value(
    alice_api: APIClient, live: Run, body: dict[str, Any], field: str, value: Any
) -> None:
    error = refused(alice_api, live, **body)

    assert (error["field"], error["value"]) == (field, value)
    assert error["allowed"]


def test_an_unknown_name_brings_near_ones(alice_api: APIClient, live: Run) -> None:
    assert refused(alice_api, live, do="break", at="countr")["allowed"] == "counter"


@pytest.mark.parametrize(
    ("at", "address"),
    [
        ("counter", COUNTER),
        ("counter+0x8", COUNTER + 8),
        ("0x402000", 0x402000),
        ("0xffffffff81000000", 0xFFFFFFFF81000000),
    ],
)
def test_a_place_is_an_address_or_a_name(live: Run, at: str, address: int) -> None:
    request = control_request(live, {"do": "watch", "at": at})

    assert (request["address"], request["place"], request["length"]) == (address, at, 4)


def test_a_place_beyond_64_bits_is_refused(alice_api: APIClient, live: Run) -> None:
    error = refused(alice_api, live, do="break", at="0xffffffffffffffff+0x1")

    assert "64 bits" in error["detail"]


@pytest.mark.parametrize("state", ["queued", "finished"])
def test_only_a_run_that_a_worker_has_is_controlled(
    alice_api: APIClient, session: DebugSession, state: str
) -> None:
    answer = post(alice_api, create_run(session, state=state), {"do": "step"})

    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_active")
    assert state in answer.json()["detail"]


def test_a_run_can_be_created_held(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    body = {"session": str(session.pk), "recipe": run.recipe_id, "paused": True}
    # The recipe of the fixture is any hash; it is queued, not run.
    answer = alice_api.post("/api/v1/runs/", body)

    assert (answer.status_code, answer.json()["paused"]) == (201, True)


def test_a_played_back_run_names_its_source(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.post(f"/api/v1/runs/{run.pk}/replay/")

    assert (answer.status_code, answer.json()["played_from"]) == (201, str(run.pk))


@pytest.mark.parametrize("path", ["control", "listen", "replay"])
def test_the_schema_describes_it(client: APIClient, db: None, path: str) -> None:
    paths = client.get("/api/schema/?format=json").json()["paths"]

    assert any(p.endswith(f"/{path}/") for p in paths)
