"""Sessions, runs, annotations, share links, tokens: what each endpoint does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import Annotation, ApiToken, DebugSession, Run, ShareLink
from sessions_app.tests.factories import create_annotation, create_run, create_session

SESSIONS = "/api/v1/sessions/"


def test_create_session(alice_api: APIClient, alice: User) -> None:
    answer = alice_api.post(SESSIONS, {"title": "DR7 after the stop"})

    made = DebugSession.objects.get(pk=answer.json()["id"])
    assert (answer.status_code, made.owner, made.title) == (
        201,
        alice,
        "DR7 after the stop",
    )


def test_change_session(alice_api: APIClient, session: DebugSession) -> None:
    alice_api.patch(f"{SESSIONS}{session.pk}/", {"patch_text": "+ new\n"})

    session.refresh_from_db()
    assert session.patch_text == "+ new\n"


def test_delete_session(alice_api: APIClient, session: DebugSession) -> None:
    answer = alice_api.delete(f"{SESSIONS}{session.pk}/")

    assert (answer.status_code, DebugSession.objects.count()) == (204, 0)


def test_sessions_are_paged_by_cursor(alice_api: APIClient, alice: User) -> None:
    for _ in range(3):
        create_session(alice)

    first = alice_api.get(f"{SESSIONS}?limit=2").json()
    second = alice_api.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"])) == (2, 1)


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_of_sessions_needs_three_queries(
    alice_api: APIClient, alice: User, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        create_session(alice)

    with django_assert_num_queries(3):  # cookie session, user, sessions
        alice_api.get(SESSIONS)


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_of_runs_needs_three_queries(
    alice_api: APIClient, session: DebugSession, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        create_run(session)

    with django_assert_num_queries(3):
        alice_api.get("/api/v1/runs/")


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_of_annotations_needs_five_queries(
    alice_api: APIClient, session: DebugSession, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        create_annotation(session)

    with django_assert_num_queries(5):  # and the session
        alice_api.get(f"{SESSIONS}{session.pk}/annotations/")


def test_a_run_shows_its_counters(alice_api: APIClient, run: Run) -> None:
    shown = alice_api.get(f"/api/v1/runs/{run.pk}/").json()

    assert (shown["hits"], shown["events"], shown["state"]) == (250, 1500, "finished")


def test_a_run_that_is_over_takes_no_command(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.post(f"/api/v1/runs/{run.pk}/pause/")

    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_active")


def test_a_run_in_somebody_elses_session_is_refused(
    charlie_api: APIClient, run: Run
) -> None:
    answer = charlie_api.post(
        "/api/v1/runs/", {"session": str(run.session_id), "recipe": run.recipe_id}
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "session")


def test_annotate_a_register_at_a_moment(
    alice_api: APIClient, run: Run, alice: User
) -> None:
    remark = {"body": "G1 is gone", "run": 1, "seq": 7, "register": "dr7"}
    answer = alice_api.post(f"{SESSIONS}{run.session_id}/annotations/", remark)

    made = Annotation.objects.get(pk=answer.json()["id"])
    assert (made.run, made.seq, made.register, made.author) == (run, 7, "dr7", alice)


def test_annotate_a_patch_line(alice_api: APIClient, session: DebugSession) -> None:
    alice_api.post(
        f"{SESSIONS}{session.pk}/annotations/", {"body": "why?", "patch_line": 2}
    )

    assert Annotation.objects.get().patch_line == 2


def test_resolve_and_reopen(alice_api: APIClient, session: DebugSession) -> None:
    remark = create_annotation(session)
    url = f"{SESSIONS}{session.pk}/annotations/{remark.pk}/"

    resolved = alice_api.patch(url, {"resolved": True}).json()["resolved_at"]
    reopened = alice_api.patch(url, {"resolved": False}).json()["resolved_at"]

    assert (resolved is not None, reopened) == (True, None)


def test_share_link_is_shown_once_and_kept_as_hash(
    alice_api: APIClient, run: Run
) -> None:
    url = f"{SESSIONS}{run.session_id}/share-links/"
    made = alice_api.post(url, {"run": 1, "seq": 7}).json()

    secret = made["url"].rstrip("/").rpartition("/")[2]
    assert secret not in str(ShareLink.objects.values().get())


def test_share_link_list_has_no_url(
    alice_api: APIClient, session: DebugSession
) -> None:
    url = f"{SESSIONS}{session.pk}/share-links/"
    alice_api.post(url, {})

    assert "url" not in alice_api.get(url).json()["results"][0]


def test_share_link_cannot_end_in_the_past(
    alice_api: APIClient, session: DebugSession
) -> None:
    past = (timezone.now() - timedelta(hours=1)).isoformat()
    answer = alice_api.post(
        f"{SESSIONS}{session.pk}/share-links/", {"expires_at": past}
    )

    assert (answer.status_code, ShareLink.objects.count()) == (422, 0)


def test_revoked_link_closes_at_once(
    alice_api: APIClient, bob_api: APIClient, session: DebugSession
) -> None:
    link = ShareLink.objects.get()
    alice_api.delete(f"{SESSIONS}{session.pk}/share-links/{link.pk}/")

    assert bob_api.get(f"{SESSIONS}{session.pk}/").status_code == 404


def test_expired_link_closes(bob_api: APIClient, session: DebugSession) -> None:
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert bob_api.get(f"{SESSIONS}{session.pk}/").status_code == 404


def test_token_is_shown_once_and_kept_as_hash(alice_api: APIClient) -> None:
    secret = alice_api.post("/api/v1/tokens/", {"name": "laptop"}).json()["token"]

    assert secret not in str(ApiToken.objects.values().get())


def test_deleted_token_is_refused(alice_api: APIClient) -> None:
    made = alice_api.post("/api/v1/tokens/", {"name": "laptop"}).json()
    alice_api.delete(f"/api/v1/tokens/{made['id']}/")

    script = APIClient(headers={"Authorization": f"Bearer {made['token']}"})
    assert script.get(SESSIONS).status_code == 401


def test_recipe_is_answered_byte_for_byte(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.get(f"/api/v1/recipes/{run.recipe_id}/")

    assert answer.content.decode() == run.recipe.body


def test_schema_is_openapi_3_1(client: APIClient, db: None) -> None:
    schema = client.get("/api/schema/?format=json").json()

    assert schema["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions/",
        "/api/v1/sessions/{session_pk}/annotations/",
        "/api/v1/sessions/{session_pk}/share-links/",
        "/api/v1/recipes/",
        "/api/v1/images/",
        "/api/v1/runs/{id}/pause/",
        "/api/v1/runs/{run_pk}/events/{id}/snapshot/",
        "/api/v1/runs/{run_pk}/hits/{id}/tree/",
        "/api/v1/runs/{run_pk}/output/",
        "/api/v1/scenarios/",
        "/api/v1/tokens/",
    ],
)
def test_schema_describes(client: APIClient, db: None, path: str) -> None:
    assert path in client.get("/api/schema/?format=json").json()["paths"]
