"""Mails: when, to whom, with what, and how they end."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from sessions_app import dispatch
from sessions_app.models import DebugSession, Notification, ShareLink
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.notices.attention import notifications_read
from sessions_app.services.notices.mail import (
    MAX_MAILS,
    notification_mail,
    preference_set,
    unsubscribe_token,
)
from sessions_app.services.notices.queue import notices_requeue
from sessions_app.services.sharing import share_link_revoke


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.SITE_URL = "https://hwbp.example"


@pytest.fixture
def bob(bob: User) -> User:
    bob.email = "bob@example.org"
    bob.save()
    return bob


@pytest.fixture
def notice(session: DebugSession, alice: User, bob: User) -> Notification:
    """Alice mentioned bob."""
    session.title = "DR7 stays\r\nBcc: eve@example.org"
    session.save()
    annotation_create(
        session=session,
        author=alice,
        name="alice",
        body="Is <this> a bug, @bob?",
        anchor=Anchor(),
    )
    return Notification.objects.get()


def due_again(notice: Notification) -> None:
    Notification.objects.update(mail_due_at=timezone.now())
    notification_mail(notice.pk)
    notice.refresh_from_db()


def test_it_is_sent_to_whom_it_is_for(notice: Notification) -> None:
    notification_mail(notice.pk)

    assert [each.to for each in mail.outbox] == [["bob@example.org"]]


def test_it_says_who_said_what_and_where(notice: Notification) -> None:
    notification_mail(notice.pk)
    (sent,) = mail.outbox

    assert "alice mentioned you" in sent.body
    assert "Is <this> a bug, @bob?" in sent.body
    assert f"https://hwbp.example/notifications/{notice.pk}/" in sent.body


def test_a_title_makes_no_header(notice: Notification) -> None:
    notification_mail(notice.pk)

    message = mail.outbox[0].message()
    assert message["Bcc"] is None
    assert message["Subject"] == "alice mentioned you in DR7 stays Bcc: eve@example.org"


def test_it_can_be_ended_with_one_click(notice: Notification) -> None:
    """RFC 8058, section 3.1."""
    notification_mail(notice.pk)

    message = mail.outbox[0].message()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith("<https://hwbp.example/unsubscribe/")


def test_it_is_sent_once(notice: Notification) -> None:
    notification_mail(notice.pk)
    notification_mail(notice.pk)

    assert len(mail.outbox) == 1


def test_not_in_the_request(
    redis_server: str, alice_client: Client, session: DebugSession, bob: User
) -> None:
    alice_client.post(f"/sessions/{session.pk}/annotate/", {"body": "@bob"})

    assert mail.outbox == []
    assert Notification.objects.get().mail_due_at is not None


def test_what_was_lost_goes_back_into_the_queue(
    redis_server: str, notice: Notification
) -> None:
    assert (notices_requeue(), dispatch.waiting_notices()) == (1, 1)


def test_what_was_read_is_not_sent(notice: Notification, bob: User) -> None:
    notifications_read(person=bob)

    notification_mail(notice.pk)

    assert mail.outbox == []


def test_whoever_lost_access_is_not_told(notice: Notification, link: ShareLink) -> None:
    assert notice.session is not None
    share_link_revoke(of=notice.session, link_id=link.pk)

    notification_mail(notice.pk)

    assert mail.outbox == []


def test_whoever_wants_none_gets_none(notice: Notification, bob: User) -> None:
    """Also of what was due already."""
    preference_set(person=bob, mail="off")

    notification_mail(notice.pk)

    assert mail.outbox == []


def test_without_an_address_there_is_none(notice: Notification, bob: User) -> None:
    bob.email = ""
    bob.save()

    notification_mail(notice.pk)

    assert mail.outbox == []


def test_so_many_in_an_hour_and_no_more(
    session: DebugSession, alice: User, bob: User
) -> None:
    for n in range(MAX_MAILS + 5):
        annotation_create(
            session=session,
            author=alice,
            name="alice",
            body=f"@bob, {n}",
            anchor=Anchor(),
        )

    for each in Notification.objects.all():
        notification_mail(each.pk)

    assert len(mail.outbox) == MAX_MAILS


@pytest.mark.parametrize(("wish", "count"), [("off", 0), ("direct", 0), ("all", 1)])
def test_remarks_on_what_is_mine(
    session: DebugSession, alice: User, wish: str, count: int
) -> None:
    alice.email = "alice@example.org"
    alice.save()
    preference_set(person=alice, mail=wish)
    annotation_create(
        session=session, author=None, name="Guest", body="Hm.", anchor=Anchor()
    )

    notification_mail(Notification.objects.get().pk)

    assert len(mail.outbox) == count


@pytest.fixture
def no_server(settings: Any) -> None:
    """Nobody takes mail there."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_a_server_that_is_away_is_tried_again(
    notice: Notification, no_server: None
) -> None:
    notification_mail(notice.pk)

    notice.refresh_from_db()
    assert notice.mailed_at is None
    assert notice.mail_due_at is not None
    assert notice.mail_due_at > timezone.now()


def test_not_for_ever(notice: Notification, no_server: None) -> None:
    for _ in range(4):
        due_again(notice)

    assert notice.mail_due_at is None


def test_an_address_that_is_none_is_given_up(notice: Notification, bob: User) -> None:
    bob.email = "bob@example.org\nBcc: eve@example.org"
    bob.save()
    for _ in range(4):
        due_again(notice)

    assert (notice.mail_due_at, mail.outbox) == (None, [])


def test_a_mail_program_ends_it_without_signing_in(bob: User) -> None:
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post(
        f"/unsubscribe/{unsubscribe_token(bob)}/", {"List-Unsubscribe": "One-Click"}
    )

    bob.refresh_from_db()
    assert (answer.status_code, bob.notice_preference.mail) == (200, "off")


def test_a_scanner_that_follows_the_link_ends_nothing(
    bob: User, client: Client
) -> None:
    client.get(f"/unsubscribe/{unsubscribe_token(bob)}/")

    bob.refresh_from_db()
    assert not hasattr(bob, "notice_preference")


def test_a_forged_link_ends_nothing(bob: User, alice: User, client: Client) -> None:
    _, _, signed = unsubscribe_token(bob).partition(":")

    answer = client.post(f"/unsubscribe/{alice.pk}:{signed}/")

    assert answer.status_code == 404


def test_the_link_lets_nobody_in(bob: User, client: Client) -> None:
    client.post(f"/unsubscribe/{unsubscribe_token(bob)}/")

    answer = client.get("/notifications/")

    assert answer.status_code == 302
