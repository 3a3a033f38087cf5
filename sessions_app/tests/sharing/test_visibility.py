"""Who sees a session that is private, unlisted or public."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Annotation, DebugSession, Run
from sessions_app.services.sharing import Terms, share_link_create, token_create
from sessions_app.tests.factories import create_session, create_user


def show(session: DebugSession, visibility: str) -> str:
    """Change it; the address of the session."""
    DebugSession.objects.filter(pk=session.pk).update(visibility=visibility)
    return f"/sessions/{session.pk}/"


def test_a_session_is_private_when_it_is_made(alice: User) -> None:
    assert create_session(alice).visibility == "private"


@pytest.mark.parametrize("visibility", ["unlisted", "public"])
def test_whoever_has_the_address_reads_it(
    session: DebugSession, run: Run, visibility: str
) -> None:
    answer = Client().get(show(session, visibility))

    assert answer.status_code == 200
    assert f"{visibility.capitalize()} session of <b>alice</b>" in answer.text


@pytest.mark.parametrize(
    ("visibility", "robots"),
    [("private", "noindex"), ("unlisted", "noindex"), ("public", None)],
)
def test_only_a_public_session_is_for_search_machines(
    session: DebugSession,
    run: Run,
    alice_client: Client,
    visibility: str,
    robots: str | None,
) -> None:
    answer = alice_client.get(show(session, visibility))

    assert answer.headers.get("X-Robots-Tag") == robots


def test_somebody_with_an_account_annotates_under_its_name(
    session: DebugSession, charlie_client: Client
) -> None:
    path = show(session, "unlisted")

    charlie_client.post(f"{path}annotate/", {"body": "I see."})

    assert Annotation.objects.get().author_name == "charlie"


def test_somebody_without_one_is_asked_to_sign_in(
    session: DebugSession, run: Run
) -> None:
    text = Client().get(show(session, "public")).text

    assert f"/accounts/login/?next=/sessions/{session.pk}/" in text


def test_a_link_that_allows_more_than_the_address_still_does(
    session: DebugSession,
) -> None:
    terms = Terms(role="commenter")
    _, secret = share_link_create(of=session, by=session.owner, terms=terms)
    bob = Client()
    bob.post(f"/s/{secret}/", {"name": "Bob"})

    answer = bob.post(f"{show(session, 'public')}annotate/", {"body": "Mine."})

    assert answer.status_code == 302
    assert Annotation.objects.get().author_name == "Bob (by link)"


def test_a_weaker_link_takes_nothing_away(
    session: DebugSession, charlie: User, charlie_client: Client
) -> None:
    _, secret = share_link_create(of=session, by=session.owner)
    charlie_client.get(f"/s/{secret}/")

    answer = charlie_client.post(f"{show(session, 'public')}annotate/", {"body": "A."})

    assert answer.status_code == 302


def test_a_public_session_is_in_the_list_of_others(
    session: DebugSession, charlie_client: Client
) -> None:
    show(session, "public")

    assert str(session.pk) in charlie_client.get("/").text


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_another_one_is_not(
    session: DebugSession, charlie_client: Client, visibility: str
) -> None:
    show(session, visibility)

    assert str(session.pk) not in charlie_client.get("/").text


def test_a_deleted_public_session_is_nobodys(
    session: DebugSession, alice_client: Client, charlie_client: Client
) -> None:
    path = show(session, "public")
    alice_client.post(f"{path}delete/")

    assert charlie_client.get(path).status_code == 404
    assert str(session.pk) not in charlie_client.get("/").text


def test_the_owner_changes_it_on_the_share_page(
    session: DebugSession, alice_client: Client
) -> None:
    path = f"/sessions/{session.pk}/share/visibility/"

    alice_client.post(path, {"visibility": "unlisted"})

    session.refresh_from_db()
    assert session.visibility == "unlisted"


def test_what_is_not_offered_changes_nothing(
    session: DebugSession, alice_client: Client
) -> None:
    path = f"/sessions/{session.pk}/share/visibility/"

    answer = alice_client.post(path, {"visibility": "everybody"})

    session.refresh_from_db()
    assert session.visibility == "private"
    assert "Not changed" in answer.text


def test_the_owner_changes_it_over_rest(
    session: DebugSession, alice_api: APIClient
) -> None:
    path = f"/api/v1/sessions/{session.pk}/"

    answer = alice_api.patch(path, {"visibility": "public"}, format="json")

    assert (answer.status_code, answer.json()["visibility"]) == (200, "public")


def test_a_wrong_word_over_rest_is_named(
    session: DebugSession, alice_api: APIClient
) -> None:
    path = f"/api/v1/sessions/{session.pk}/"

    answer = alice_api.patch(path, {"visibility": "all"}, format="json")

    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert (error["field"], error["value"]) == ("visibility", "all")
    assert error["allowed"] == "private, unlisted, public"


@pytest.mark.parametrize(("scope", "status"), [("write", 403), ("control", 200)])
def test_handing_out_access_needs_a_token_for_control(
    session: DebugSession, alice: User, scope: str, status: int
) -> None:
    _, secret = token_create(user=alice, name="laptop", scope=scope)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    path = f"/api/v1/sessions/{session.pk}/"

    answer = client.patch(path, {"visibility": "public"}, format="json")

    assert answer.status_code == status
    session.refresh_from_db()
    assert session.visibility == ("public" if status == 200 else "private")


def test_public_sessions_are_listed_over_rest(
    session: DebugSession, charlie_api: APIClient
) -> None:
    show(session, "public")
    create_session(create_user("dora"), visibility="unlisted")

    found = charlie_api.get("/api/v1/sessions/public/").json()["results"]

    assert [(each["id"], each["owner"]) for each in found] == [
        (str(session.pk), "alice")
    ]


def test_ones_own_are_not_among_them(
    session: DebugSession, alice_api: APIClient
) -> None:
    show(session, "public")

    assert alice_api.get("/api/v1/sessions/public/").json()["results"] == []


@pytest.mark.parametrize(
    ("visibility", "status"), [("private", 404), ("unlisted", 200)]
)
def test_the_recipe_of_a_run_goes_with_its_session(
    session: DebugSession, run: Run, visibility: str, status: int
) -> None:
    show(session, visibility)

    answer = Client().get(f"/api/v1/recipes/{run.recipe_id}/")

    assert answer.status_code == status
