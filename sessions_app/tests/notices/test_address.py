"""An address becomes somebody's by a mail that they read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client

from sessions_app import dispatch
from sessions_app.services.notices.address import address_mail, address_token
from sessions_app.throttle import TRIES

ASK = "/notifications/address/"
NEW = "alice@example.org"


@pytest.fixture(autouse=True)
def fresh(settings: Any) -> None:
    settings.SITE_URL = "http://testserver"
    cache.clear()


def link() -> str:
    found = re.search(r"http://testserver(/address/\S+)", mail.outbox[0].body)
    assert found is not None
    return found[1]


def test_the_mail_is_queued_not_sent(redis_server: str, alice_client: Client) -> None:
    alice_client.post(ASK, {"email": NEW, "password": "secret"})

    assert (dispatch.waiting_notices(), mail.outbox) == (1, [])


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"email": NEW, "password": "another"}, id="the-wrong-password"),
        pytest.param({"email": NEW}, id="no-password"),
        pytest.param({"email": "alice", "password": "secret"}, id="no-address"),
        pytest.param(
            {"email": "a@b.org\nBcc: c@d.org", "password": "secret"}, id="two-lines"
        ),
    ],
)
def test_what_is_refused(
    redis_server: str, alice_client: Client, given: dict[str, str]
) -> None:
    alice_client.post(ASK, given)

    assert dispatch.waiting_notices() == 0


def test_whoever_has_no_password_tells_none(
    redis_server: str, alice: User, client: Client
) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)

    client.post(ASK, {"email": NEW})

    assert dispatch.waiting_notices() == 1


def test_not_for_ever(redis_server: str, alice_client: Client) -> None:
    for _ in range(TRIES + 5):
        alice_client.post(ASK, {"email": NEW, "password": "secret"})

    assert dispatch.waiting_notices() == TRIES


def test_the_link_in_the_mail_makes_it_theirs(alice: User, client: Client) -> None:
    address_mail(alice.pk, NEW)

    client.post(link())

    alice.refresh_from_db()
    assert (mail.outbox[0].to, alice.email) == ([NEW], NEW)


def test_to_look_at_it_does_not(alice: User, client: Client) -> None:
    address_mail(alice.pk, NEW)

    answer = client.get(link())

    alice.refresh_from_db()
    assert (answer.status_code, alice.email) == (200, "")


def test_a_forged_link_is_none(alice: User, client: Client) -> None:
    token = address_token(alice, NEW)

    answer = client.post(f"/address/{token[:-1]}/")

    alice.refresh_from_db()
    assert (answer.status_code, alice.email) == (410, "")


def test_an_old_link_does_not_undo_a_newer_one(alice: User, client: Client) -> None:
    old, new = address_token(alice, "old@example.org"), address_token(alice, NEW)
    client.post(f"/address/{new}/")

    answer = client.post(f"/address/{old}/")

    alice.refresh_from_db()
    assert (answer.status_code, alice.email) == (410, NEW)
