"""Who gets what: alice owns, bob came by link, charlie sees nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.services.sharing import token_create

IN_SESSION = ["", "runs/", "annotations/"]
IN_RUN = [
    "",
    "symbols/",
    "events/",
    "events/1/",
    "events/1/snapshot/",
    "hits/",
    "hits/1/",
    "hits/1/tree/",
    "output/",
    "control/",
]
LISTS = ["sessions/", "runs/", "tokens/", "scenarios/"]


@pytest.mark.parametrize("path", IN_SESSION)
def test_alice_reads_her_session(
    alice_api: APIClient, session: DebugSession, path: str
) -> None:
    assert alice_api.get(f"/api/v1/sessions/{session.pk}/{path}").status_code == 200


@pytest.mark.parametrize("path", IN_SESSION)
def test_bob_reads_the_shared_session(
    bob_api: APIClient, session: DebugSession, path: str
) -> None:
    assert bob_api.get(f"/api/v1/sessions/{session.pk}/{path}").status_code == 200


@pytest.mark.parametrize("path", [*IN_SESSION, "share-links/"])
def test_charlie_does_not_find_the_session(
    charlie_api: APIClient, session: DebugSession, path: str
) -> None:
    assert charlie_api.get(f"/api/v1/sessions/{session.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", IN_RUN)
def test_alice_reads_her_run(alice_api: APIClient, run: Run, path: str) -> None:
    assert alice_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 200


@pytest.mark.parametrize("path", IN_RUN)
def test_bob_reads_the_shared_run(bob_api: APIClient, run: Run, path: str) -> None:
    assert bob_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 200


@pytest.mark.parametrize("path", IN_RUN)
def test_charlie_does_not_find_the_run(
    charlie_api: APIClient, run: Run, path: str
) -> None:
    assert charlie_api.get(f"/api/v1/runs/{run.pk}/{path}").status_code == 404


@pytest.mark.parametrize("command", ["cancel", "pause", "resume", "park"])
def test_charlie_commands_nothing(
    charlie_api: APIClient, run: Run, command: str
) -> None:
    assert charlie_api.post(f"/api/v1/runs/{run.pk}/{command}/").status_code == 404


@pytest.mark.parametrize(("command", "status"), [("pause", 403), ("cancel", 401)])
def test_bob_commands_nothing(
    bob_api: APIClient, run: Run, command: str, status: int
) -> None:
    assert bob_api.post(f"/api/v1/runs/{run.pk}/{command}/").status_code == status


def test_bob_annotates_nothing(bob_api: APIClient, session: DebugSession) -> None:
    answer = bob_api.post(f"/api/v1/sessions/{session.pk}/annotations/", {"body": "x"})

    assert answer.status_code == 403


def test_bob_sees_no_share_links(bob_api: APIClient, session: DebugSession) -> None:
    answer = bob_api.get(f"/api/v1/sessions/{session.pk}/share-links/")

    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_charlie_changes_nothing(
    charlie_api: APIClient, session: DebugSession, method: str
) -> None:
    url = f"/api/v1/sessions/{session.pk}/"

    assert getattr(charlie_api, method)(url, {"title": "x"}).status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_lists_need_a_person(client: APIClient, db: None, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 401


def test_charlies_list_is_empty(charlie_api: APIClient, session: DebugSession) -> None:
    assert charlie_api.get("/api/v1/sessions/").json()["results"] == []


def test_charlie_does_not_read_the_recipe(charlie_api: APIClient, run: Run) -> None:
    assert charlie_api.get(f"/api/v1/recipes/{run.recipe_id}/").status_code == 404


def test_bob_reads_the_recipe_of_the_shared_run(bob_api: APIClient, run: Run) -> None:
    assert bob_api.get(f"/api/v1/recipes/{run.recipe_id}/").status_code == 200


def test_a_token_lets_a_script_in(alice: User, session: DebugSession) -> None:
    _, secret = token_create(user=alice, name="laptop")
    script = APIClient(headers={"Authorization": f"Bearer {secret}"})

    assert len(script.get("/api/v1/sessions/").json()["results"]) == 1


def test_an_unknown_token_is_refused_with_its_scheme(db: None) -> None:
    answer = APIClient(headers={"Authorization": "Bearer nonsense"}).get(
        "/api/v1/sessions/"
    )

    assert (answer.status_code, answer["WWW-Authenticate"]) == (
        401,
        'Bearer realm="hwbpweb"',
    )


def test_a_cookie_without_csrf_token_changes_nothing(
    alice: User, session: DebugSession
) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.login(username="alice", password="secret")

    answer = browser.delete(f"/api/v1/sessions/{session.pk}/")

    assert answer.status_code == 403
