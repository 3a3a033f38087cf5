"""API tokens: how far they reach, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import ApiToken, DebugSession, Run
from sessions_app.services.sharing import token_create
from sessions_app.tests.permissions.table import METHODS, parsed
from sessions_app.tests.permissions.test_table import placeholders
from sessions_app.tests.permissions.world import World
from sessions_app.token_scopes import scope_of_request

SCOPES = ("read", "write", "control")


def script(user: User, scope: str = "control", hours: float | None = None) -> APIClient:
    ends = None if hours is None else timezone.now() + timedelta(hours=hours)
    _, secret = token_create(user=user, name="x", scope=scope, expires_at=ends)
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("scope", SCOPES)
def test_every_token_reads(alice: User, session: DebugSession, scope: str) -> None:
    answer = script(alice, scope).get(f"/api/v1/sessions/{session.pk}/")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("scope", "status"), list(zip(SCOPES, (403, 200, 200), strict=True))
)
def test_who_writes(
    alice: User, session: DebugSession, scope: str, status: int
) -> None:
    path = f"/api/v1/sessions/{session.pk}/"

    assert script(alice, scope).patch(path, {"title": "x"}).status_code == status


@pytest.mark.parametrize(
    ("scope", "status"), list(zip(SCOPES, (403, 403, 409), strict=True))
)
def test_who_pauses(alice: User, run: Run, scope: str, status: int) -> None:
    """409: the run is over, which only those hear who are let in."""
    path = f"/api/v1/runs/{run.pk}/pause/"

    assert script(alice, scope).post(path).status_code == status


def test_the_refusal_names_what_is_needed(alice: User, session: DebugSession) -> None:
    answer = script(alice, "read").delete(f"/api/v1/sessions/{session.pk}/").json()

    assert "is for read" in answer["detail"] and "needs write" in answer["detail"]


def test_a_token_makes_no_stronger_one(alice: User) -> None:
    answer = script(alice, "write").post("/api/v1/tokens/", {"name": "more"})

    assert (answer.status_code, ApiToken.objects.count()) == (403, 1)


def test_a_token_shares_nothing_that_it_may_not(
    alice: User, session: DebugSession
) -> None:
    path = f"/api/v1/sessions/{session.pk}/share-links/"

    answer = script(alice, "write").post(path, {"role": "controller"})
    assert answer.status_code == 403


def test_a_token_makes_none_that_outlives_it(alice: User) -> None:
    script(alice, hours=1).post("/api/v1/tokens/", {"name": "longer"})

    first, second = ApiToken.objects.order_by("pk")
    assert second.expires_at == first.expires_at


def test_an_expired_token_is_not_known(alice: User) -> None:
    assert script(alice, hours=-1).get("/api/v1/sessions/").status_code == 401


def test_all_that_controls_needs_control(session: DebugSession, run: Run) -> None:
    """By the permission table, so that a new address is not forgotten."""
    world = World(session, run)
    found = set()
    for name, rules in parsed().items():
        if not name.startswith("api:"):
            continue
        for method in METHODS:
            if "controls" in rules.get(method, ""):
                wanted = world.arguments(name, iter(placeholders(name)))
                path = reverse(name, kwargs=wanted)
                request = RequestFactory().generic(method, path)
                request.resolver_match = resolve(path)
                found.add(scope_of_request(request))

    assert found == {"control"}


def test_the_page_makes_a_token_that_ends(alice_client: Client) -> None:
    given = {"name": "laptop", "scope": "read", "days": "7"}
    alice_client.post("/accounts/tokens/", given)

    found = ApiToken.objects.get()
    left = found.expires_at - timezone.now() if found.expires_at else None
    assert found.scope == "read" and left and 6 <= left.days <= 7


def test_the_page_shows_scope_and_end(alice_client: Client, alice: User) -> None:
    past = timezone.now() - timedelta(days=1)
    token_create(user=alice, name="old", scope="read", expires_at=past)

    html = alice_client.get("/accounts/tokens/").content.decode()
    assert "<td>read</td>" in html and "expired" in html


@pytest.mark.parametrize("given", [{"scope": "all"}, {"days": "0"}, {"name": ""}])
def test_the_page_makes_no_wrong_token(
    alice_client: Client, given: dict[str, str]
) -> None:
    html = alice_client.post("/accounts/tokens/", {"name": "x"} | given)

    assert not ApiToken.objects.exists() and b"No token was made" in html.content


@pytest.mark.parametrize("given", [{"scope": "all"}, {"expires_at": "2001-01-01"}])
def test_rest_makes_no_wrong_token(alice_api: APIClient, given: dict[str, str]) -> None:
    answer = alice_api.post("/api/v1/tokens/", {"name": "x"} | given)

    assert answer.status_code == 422
