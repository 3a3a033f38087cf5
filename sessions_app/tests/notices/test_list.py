"""The attention list, in the page and over REST."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Annotation, DebugSession, MailMessage, Notification, Run
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.reviews import Place, remark_create

LIST = "/notifications/"
REST = "/api/v1/notifications/"


def said(session: DebugSession, body: str, **anchor: object) -> Annotation:
    return annotation_create(
        session=session,
        author=None,
        name="Bob (by link)",
        body=body,
        anchor=Anchor(**anchor),
    )


def page(client: Client, path: str = LIST) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def head(html: str) -> str:
    """What the bell says."""
    found = re.search(r'aria-label="(Notifications[^"]*)"', html)
    assert found is not None
    return found[1]


def test_it_says_who_and_where(session: DebugSession, alice_client: Client) -> None:
    said(session, "Look at <bit> 3.")

    html = page(alice_client)

    assert "Bob (by link)" in html
    assert "A watched counter" in html
    assert "Look at &lt;bit&gt; 3." in html


def test_the_unread_come_first(session: DebugSession, alice_client: Client) -> None:
    said(session, "The older one.")
    newer = said(session, "The newer one.").notifications.get()

    alice_client.post(f"{LIST}{newer.pk}/mark/")

    html = page(alice_client)
    assert html.index("The older one.") < html.index("The newer one.")


def test_the_head_counts_the_unread(
    session: DebugSession, alice_client: Client
) -> None:
    said(session, "one")
    said(session, "two")

    assert head(page(alice_client, "/")) == "Notifications, 2 unread"


def test_the_head_is_quiet_without(alice_client: Client) -> None:
    assert head(page(alice_client, "/")) == "Notifications"


def test_somebody_elses_are_not_counted(
    session: DebugSession, charlie_client: Client
) -> None:
    said(session, "one")

    assert head(page(charlie_client, "/")) == "Notifications"


def test_opening_one_leads_to_its_very_place(
    session: DebugSession, run: Run, alice_client: Client
) -> None:
    # The third hit of the factory's run.
    made = said(session, "Here.", run=run, seq=13)

    answer = alice_client.get(f"{LIST}{made.notifications.get().pk}/")

    where = f"/sessions/{session.pk}/?run=1&hit=3&tab=notes&pane=code#note-{made.pk}"
    assert answer["Location"] == where


def test_an_event_that_is_no_hit_has_a_place_too(
    session: DebugSession, run: Run, alice_client: Client
) -> None:
    made = said(session, "Here.", run=run, seq=14)

    answer = alice_client.get(f"{LIST}{made.notifications.get().pk}/")

    assert "?run=1&event=14&tab=notes&pane=code#note-" in answer["Location"]


def test_a_remark_on_a_patch_has_a_place(
    message: MailMessage, alice_client: Client
) -> None:
    made = remark_create(
        author=None, name="Bob (by link)", place=Place(message, 2, 2), body="Why?"
    )

    answer = alice_client.get(f"{LIST}{made.notifications.get().pk}/")

    where = f"/reviews/{message.review_id}/v1/1/#remark-{made.pk}"
    assert answer["Location"] == where
    assert f'id="remark-{made.pk}"' in page(alice_client, where)


def test_what_was_opened_is_read(session: DebugSession, alice_client: Client) -> None:
    made = said(session, "Here.").notifications.get()

    alice_client.get(f"{LIST}{made.pk}/")

    made.refresh_from_db()
    assert made.read_at is not None


def test_read_can_be_taken_back(session: DebugSession, alice_client: Client) -> None:
    made = said(session, "Here.").notifications.get()
    for _ in range(2):
        alice_client.post(f"{LIST}{made.pk}/mark/")

    made.refresh_from_db()
    assert made.read_at is None


def test_all_are_read_at_once(session: DebugSession, alice_client: Client) -> None:
    said(session, "one")
    said(session, "two")

    alice_client.post(f"{LIST}read/")

    assert not Notification.objects.filter(read_at=None).exists()


def test_not_those_of_others(session: DebugSession, charlie_client: Client) -> None:
    said(session, "one")

    charlie_client.post(f"{LIST}read/")

    assert Notification.objects.filter(read_at=None).count() == 1


def test_a_list_asks_as_much_for_many_as_for_one(
    session: DebugSession,
    run: Run,
    alice_client: Client,
    django_assert_num_queries: object,
    django_assert_max_num_queries: object,
) -> None:
    for n in range(30):
        said(session, f"number {n}", run=run, seq=7)

    # Who is signed in (2), the list, its page and the head (4), the preference (1).
    with django_assert_max_num_queries(8):
        page(alice_client)


def test_pages(session: DebugSession, alice_client: Client) -> None:
    for n in range(51):
        said(session, f"number {n}.")

    assert "number 0." in page(alice_client, f"{LIST}?page=2")


@pytest.mark.parametrize("number", ["0", "-1", "x", "999"])
def test_a_page_that_there_is_not(alice_client: Client, number: str) -> None:
    assert "Nothing yet" in page(alice_client, f"{LIST}?page={number}")


def test_a_wish_is_kept(alice: User, alice_client: Client) -> None:
    alice_client.post(f"{LIST}mail/", {"mail": "all"})

    assert alice.notice_preference.mail == "all"


def test_a_wish_that_there_is_not(alice: User, alice_client: Client) -> None:
    alice_client.post(f"{LIST}mail/", {"mail": "hourly"})

    assert not hasattr(alice, "notice_preference")


def test_rest_lists_them(session: DebugSession, alice_api: APIClient) -> None:
    made = said(session, "Here, @alice.")

    (got,) = alice_api.get(REST).json()["results"]

    told = {key: got[key] for key in ("why", "author_name", "title", "body")}
    assert told == {
        "why": "mention",
        "author_name": "Bob (by link)",
        "title": "A watched counter",
        "body": "Here, @alice.",
    }
    assert (got["session"], got["annotation"]) == (str(session.pk), str(made.pk))


def test_rest_lists_the_unread(session: DebugSession, alice_api: APIClient) -> None:
    read, unread = (said(session, each).notifications.get() for each in "ab")
    alice_api.patch(f"{REST}{read.pk}/", {"read": True})

    found = alice_api.get(f"{REST}?unread=true").json()["results"]

    assert [each["id"] for each in found] == [str(unread.pk)]


def test_rest_names_a_filter_that_is_wrong(alice_api: APIClient) -> None:
    answer = alice_api.get(f"{REST}?unread=perhaps")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "unread")


def test_rest_reads_all(session: DebugSession, alice_api: APIClient) -> None:
    said(session, "one")
    said(session, "two")

    assert alice_api.post(f"{REST}read/").json() == {"read": 2}


def test_rest_says_the_wish(alice_api: APIClient) -> None:
    assert alice_api.get(f"{REST}mail/").json() == {"mail": "direct"}


def test_rest_keeps_a_wish(alice_api: APIClient) -> None:
    alice_api.patch(f"{REST}mail/", {"mail": "off"})

    assert alice_api.get(f"{REST}mail/").json() == {"mail": "off"}


def test_rest_names_a_wish_that_is_wrong(alice_api: APIClient) -> None:
    answer = alice_api.patch(f"{REST}mail/", {"mail": "hourly"})

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["allowed"]) == (
        422,
        "mail",
        "off, direct, all",
    )
