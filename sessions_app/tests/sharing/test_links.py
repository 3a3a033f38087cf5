"""Share links: what a role allows, how often one opens, and who is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import Annotation, DebugSession, LinkOpening, Run, ShareLink
from sessions_app.services.sharing import (
    Terms,
    network_of,
    share_link_create,
    share_link_open,
)


def made(session: DebugSession, role: str = "viewer", **terms: object) -> str:
    """The path of a new link."""
    allowed = Terms(role=role, **terms)  # type: ignore[arg-type]  # of the test's choice
    _, secret = share_link_create(of=session, by=session.owner, terms=allowed)
    return f"/s/{secret}/"


def guest(session: DebugSession, role: str, name: str = "Bob") -> Client:
    browser = Client()
    answer = browser.post(made(session, role), {"name": name})
    assert answer.status_code == 302
    return browser


def url(session: DebugSession, tail: str = "") -> str:
    return f"/sessions/{session.pk}/{tail}"


def test_a_commenter_annotates_under_the_name_they_gave(session: DebugSession) -> None:
    guest(session, "commenter").post(url(session, "annotate/"), {"body": "I see."})

    found = Annotation.objects.get()
    assert (found.author, found.author_name) == (None, "Bob (by link)")


def test_nobody_passes_for_an_account(session: DebugSession) -> None:
    browser = guest(session, "commenter", name="alice")
    browser.post(url(session, "annotate/"), {"body": "I am alice."})

    assert Annotation.objects.get().author_name != "alice"


def test_a_guest_with_an_account_speaks_with_it(
    session: DebugSession, charlie: User, charlie_client: Client
) -> None:
    charlie_client.get(made(session, "commenter"))
    charlie_client.post(url(session, "annotate/"), {"body": "Mine."})

    found = Annotation.objects.get()
    assert (found.author, found.author_name) == (charlie, "charlie")


def test_a_commenter_annotates_over_rest(session: DebugSession) -> None:
    api = APIClient()
    api.cookies = guest(session, "commenter").cookies
    answer = api.post(f"/api/v1/sessions/{session.pk}/annotations/", {"body": "x"})

    assert (answer.status_code, answer.json()["author_name"]) == (201, "Bob (by link)")


def test_a_guests_request_from_elsewhere_is_refused(session: DebugSession) -> None:
    api = APIClient(enforce_csrf_checks=True)
    api.cookies = guest(session, "commenter").cookies
    answer = api.post(f"/api/v1/sessions/{session.pk}/annotations/", {"body": "x"})

    assert (answer.status_code, Annotation.objects.count()) == (403, 0)


def test_who_would_speak_is_asked_for_a_name(session: DebugSession) -> None:
    answer = Client().get(made(session, "commenter"))

    assert answer.status_code == 200 and b'name="name"' in answer.content


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_without_a_name_nobody_comes_in(session: DebugSession, name: str) -> None:
    browser = Client()
    browser.post(made(session, "commenter"), {"name": name})

    assert browser.get(url(session)).status_code == 404


def test_of_two_links_the_stronger_one_counts(session: DebugSession) -> None:
    browser = guest(session, "commenter")
    browser.get(made(session, "viewer"))

    answer = browser.post(url(session, "annotate/"), {"body": "still"})
    assert answer.status_code == 302


def test_a_controller_does_not_cancel(session: DebugSession, run: Run) -> None:
    answer = guest(session, "controller").post(url(session, "runs/1/cancel/"))

    assert answer.status_code == 403


def test_a_controller_opens_no_port(session: DebugSession, run: Run) -> None:
    answer = guest(session, "controller").post(url(session, "runs/1/listen/"))

    assert answer.status_code == 403


def test_a_viewers_page_offers_no_remark(session: DebugSession, run: Run) -> None:
    html = guest(session, "viewer").get(url(session, "?run=1&hit=3")).content

    assert b'id="annotate"' not in html


def test_a_commenters_page_does(session: DebugSession, run: Run) -> None:
    html = guest(session, "commenter").get(url(session, "?run=1&hit=3")).content

    assert b'id="annotate"' in html and b"Bob (by link)" in html


def test_looking_at_a_limited_link_spends_nothing(session: DebugSession) -> None:
    Client().get(made(session, use_limit=1))

    assert ShareLink.objects.get().used_count == 0


def test_a_limited_link_opens_so_often(session: DebugSession) -> None:
    path = made(session, use_limit=2)
    answers = [Client().post(path).status_code for _ in range(3)]

    assert answers == [302, 302, 410]


def test_a_used_up_link_says_so(session: DebugSession) -> None:
    path = made(session, use_limit=1)
    Client().post(path)

    assert b"as often as it may be" in Client().get(path).content


def test_who_came_before_stays(session: DebugSession) -> None:
    path, browser = made(session, use_limit=1), Client()
    browser.post(path)

    assert browser.get(url(session)).status_code == 200


def test_coming_back_by_the_same_link_spends_nothing(session: DebugSession) -> None:
    path, browser = made(session, use_limit=2), Client()
    browser.post(path)
    browser.get(path)

    assert ShareLink.objects.get().used_count == 1


def test_the_owner_spends_nothing(session: DebugSession, alice_client: Client) -> None:
    alice_client.post(made(session, use_limit=1))

    assert ShareLink.objects.get().used_count == 0


def test_a_link_that_was_used_up_meanwhile_does_not_open(session: DebugSession) -> None:
    made(session, use_limit=1)
    link = ShareLink.objects.get()
    first = share_link_open(link=link)

    assert (first, share_link_open(link=link)) == (True, False)


def test_an_opening_is_logged_without_the_person(session: DebugSession) -> None:
    Client(REMOTE_ADDR="192.0.2.77").get(made(session))

    found = LinkOpening.objects.get()
    assert (found.role, found.network) == ("viewer", "192.0.2.0/24")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.255", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("unix", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_refused_opening_is_not_logged(session: DebugSession) -> None:
    path = made(session, expires_at=timezone.now() - timedelta(seconds=1))
    Client().get(path)

    assert not LinkOpening.objects.exists()


def test_the_owner_sees_who_opened_it(
    session: DebugSession, alice_client: Client
) -> None:
    Client(REMOTE_ADDR="192.0.2.77").get(made(session))

    assert "192.0.2.0/24" in alice_client.get(url(session, "share/")).content.decode()


def test_the_log_over_rest(session: DebugSession, alice_api: APIClient) -> None:
    Client(REMOTE_ADDR="192.0.2.77").get(made(session))
    link = ShareLink.objects.get()

    path = f"/api/v1/sessions/{session.pk}/share-links/{link.pk}/openings/"
    (found,) = alice_api.get(path).json()
    assert (found["role"], found["network"]) == ("viewer", "192.0.2.0/24")


def test_a_link_is_made_with_role_and_limit_on_the_page(
    session: DebugSession, alice_client: Client
) -> None:
    given = {"role": "controller", "uses": "3", "days": "1"}
    alice_client.post(url(session, "share/"), given)

    found = ShareLink.objects.get()
    assert (found.role, found.use_limit) == ("controller", 3)


@pytest.mark.parametrize("given", [{"role": "owner"}, {"uses": "0"}, {"uses": "x"}])
def test_wrong_terms_make_no_link(
    session: DebugSession, alice_client: Client, given: dict[str, str]
) -> None:
    html = alice_client.post(url(session, "share/"), given).content.decode()

    assert not ShareLink.objects.exists() and "No link was made" in html


def test_a_link_is_made_with_role_and_limit_over_rest(
    session: DebugSession, alice_api: APIClient
) -> None:
    answer = alice_api.post(
        f"/api/v1/sessions/{session.pk}/share-links/",
        {"role": "commenter", "use_limit": 1},
    ).json()

    said = (answer["role"], answer["use_limit"], answer["state"])
    assert said == ("commenter", 1, "open")


@pytest.mark.parametrize("given", [{"role": "owner"}, {"use_limit": 0}])
def test_wrong_terms_over_rest(
    session: DebugSession, alice_api: APIClient, given: dict[str, object]
) -> None:
    path = f"/api/v1/sessions/{session.pk}/share-links/"

    assert alice_api.post(path, given).status_code == 422


def test_the_page_that_asks_tells_other_sites_nothing(session: DebugSession) -> None:
    answer = Client().get(made(session, "commenter"))

    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == (
        "strict-origin",
        "noindex",
    )


def test_a_link_is_of_one_thing(session: DebugSession) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ShareLink.objects.create(token_hash="0", created_by=session.owner)
