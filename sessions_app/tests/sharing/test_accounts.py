"""Accounts: by invitation, openly where the server allows it; passwords."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from sessions_app.models import Invitation
from sessions_app.services.accounts import (
    invitation_create,
    invitation_find,
    invitation_use,
)
from sessions_app.throttle import TRIES

WORDS = "unplug-the-toaster"
NEW = {"username": "dora", "email": "", "password1": WORDS, "password2": WORDS}


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    cache.clear()


def test_an_invitation_makes_an_account(alice: User) -> None:
    browser = Client()
    browser.post(f"/invited/{invitation_create(by=alice)}/", NEW)

    assert browser.get("/").context["user"].get_username() == "dora"


def test_it_makes_one(alice: User) -> None:
    path = f"/invited/{invitation_create(by=alice)}/"
    Client().post(path, NEW)
    answer = Client().post(path, NEW | {"username": "eve"})

    assert (answer.status_code, User.objects.filter(username="eve").exists()) == (
        410,
        False,
    )


def test_of_two_at_the_same_time_one_gets_it(alice: User, charlie: User) -> None:
    found = invitation_find(invitation_create(by=alice))
    assert found is not None and invitation_use(invitation=found, user=alice)

    late = User.objects.create_user("late")
    assert not invitation_use(invitation=found, user=late)
    assert not User.objects.filter(username="late").exists()


def test_it_ends(alice: User) -> None:
    path = f"/invited/{invitation_create(by=alice)}/"
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert Client().get(path).status_code == 410


def test_its_secret_is_not_kept(alice: User) -> None:
    secret = invitation_create(by=alice)

    assert secret not in str(Invitation.objects.values().get())


def test_looking_spends_nothing(alice: User) -> None:
    Client().get(f"/invited/{invitation_create(by=alice)}/")

    assert Invitation.objects.get().is_live


def test_a_weak_password_makes_no_account(alice: User) -> None:
    path = f"/invited/{invitation_create(by=alice)}/"
    Client().post(path, NEW | {"password1": "12345", "password2": "12345"})

    assert not User.objects.filter(username="dora").exists()


def test_it_is_made_and_taken_back_on_a_page(alice_client: Client) -> None:
    html = alice_client.post("/accounts/invitations/").content.decode()
    path = re.search(r"/invited/[\w-]+/", html)
    found = Invitation.objects.get()
    alice_client.post(f"/accounts/invitations/{found.pk}/delete/")

    assert path and Client().get(path[0]).status_code == 410


def test_without_the_setting_nobody_signs_up(db: None) -> None:
    assert Client().post("/accounts/sign-up/", NEW).status_code == 404


def test_with_the_setting_everybody_does(db: None, settings: Any) -> None:
    settings.SIGN_UP = True
    Client().post("/accounts/sign-up/", NEW)

    assert User.objects.get().check_password(WORDS)


def test_sign_up_is_throttled(db: None, settings: Any) -> None:
    settings.SIGN_UP = True
    answers = [Client().post("/accounts/sign-up/", {}) for _ in range(TRIES + 1)]

    assert [answers[-2].status_code, answers[-1].status_code] == [200, 429]


def test_a_password_is_changed(alice: User, alice_client: Client) -> None:
    given = {"new_password1": WORDS, "new_password2": WORDS}
    alice_client.post("/accounts/password/", {"old_password": "secret"} | given)

    alice.refresh_from_db()
    assert alice.check_password(WORDS)


def test_not_without_the_old_one(alice: User, alice_client: Client) -> None:
    given = {"new_password1": WORDS, "new_password2": WORDS}
    alice_client.post("/accounts/password/", {"old_password": "x"} | given)

    alice.refresh_from_db()
    assert alice.check_password("secret")


def test_who_has_none_sets_one(alice: User, alice_client: Client) -> None:
    alice.set_unusable_password()
    alice.save()
    alice_client.force_login(alice)
    given = {"new_password1": WORDS, "new_password2": WORDS}
    alice_client.post("/accounts/password/", given)

    alice.refresh_from_db()
    assert alice.check_password(WORDS)


def test_a_password_is_reset_by_mail(alice: User) -> None:
    User.objects.update(email="alice@example.org")
    browser = Client()
    browser.post("/accounts/reset/", {"email": "alice@example.org"})
    link = re.search(r"/accounts/reset/\S+", str(mail.outbox[0].body))
    assert link is not None

    form = browser.get(link[0])["Location"]
    browser.post(form, {"new_password1": WORDS, "new_password2": WORDS})

    alice.refresh_from_db()
    assert alice.check_password(WORDS)


def test_an_unknown_address_gets_the_same_answer(alice: User) -> None:
    answer = Client().post("/accounts/reset/", {"email": "nobody@example.org"})

    assert (answer["Location"], mail.outbox) == ("/accounts/reset/sent/", [])


def test_reset_is_throttled(db: None) -> None:
    given = {"email": "nobody@example.org"}
    answers = [Client().post("/accounts/reset/", given) for _ in range(TRIES + 1)]

    assert answers[-1].status_code == 429
