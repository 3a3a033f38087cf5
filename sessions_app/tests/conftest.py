"""The cast of every web test: alice owns, bob reads by link, charlie must see nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.services.sharing import share_link_create
from sessions_app.tests.factories import (
    create_run,
    create_session,
    create_user,
    store_hits,
)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """The real hash takes a tenth of a second on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db: None) -> User:
    return create_user("alice")


@pytest.fixture
def charlie(db: None) -> User:
    return create_user("charlie")


@pytest.fixture
def session(alice: User) -> DebugSession:
    return create_session(alice, title="A watched counter", patch_text="one\ntwo\n")


@pytest.fixture
def run(session: DebugSession) -> Run:
    """A finished run with 250 hits on one CPU in three chunks."""
    made = create_run(session)
    store_hits(made, 250)
    return made


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    return signed_in(Client(), alice)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    return signed_in(Client(), charlie)


@pytest.fixture
def alice_api(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


@pytest.fixture
def charlie_api(charlie: User) -> APIClient:
    client = APIClient()
    client.force_login(charlie)
    return client


@pytest.fixture
def bob_api(session: DebugSession, alice: User) -> APIClient:
    """No account; opened alice's share link."""
    _, secret = share_link_create(of=session, by=alice)
    client = APIClient()
    client.get(f"/s/{secret}/")
    return client


@pytest.fixture
def bob_client(session: DebugSession, alice: User) -> Client:
    _, secret = share_link_create(of=session, by=alice)
    client = Client()
    client.get(f"/s/{secret}/")
    return client
