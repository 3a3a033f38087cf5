"""Links into a private review: a viewer reads, a commenter remarks."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import MailMessage, Review, ReviewRemark, ShareLink
from sessions_app.services.reviews import (
    Place,
    remark_create,
    remarks_publish,
    review_import,
)
from sessions_app.services.sharing import Terms, share_link_create
from sessions_app.tests.reviews.story import THREAD


@pytest.fixture
def review(alice: User) -> Review:
    return review_import(owner=alice, data=THREAD)[0].review


@pytest.fixture
def mail(review: Review) -> MailMessage:
    return review.messages.get(message_id="v1@example.org")


def guest(review: Review, role: str) -> Client:
    terms = Terms(role=role)
    _, secret = share_link_create(of=review, by=review.owner, terms=terms)
    browser = Client()
    browser.post(f"/s/{secret}/", {"name": "Bob"})
    return browser


def remark(browser: Client, mail: MailMessage) -> int:
    path = f"/reviews/{mail.review_id}/remarks/"
    given = {"message": mail.pk, "at": 1, "body": "Here."}
    return browser.post(path, given).status_code


def test_a_link_leads_to_its_review(review: Review) -> None:
    _, secret = share_link_create(of=review, by=review.owner)

    assert Client().get(f"/s/{secret}/")["Location"] == f"/reviews/{review.pk}/"


@pytest.mark.parametrize("role", ["viewer", "commenter"])
@pytest.mark.parametrize("tail", ["", "v1/1/", "v1/v2/"])
def test_a_guest_reads_the_private_review(review: Review, role: str, tail: str) -> None:
    answer = guest(review, role).get(f"/reviews/{review.pk}/{tail}")

    assert (answer.status_code, answer["X-Robots-Tag"]) == (200, "noindex")


def test_a_guest_reads_it_over_rest(review: Review) -> None:
    answer = guest(review, "viewer").get(f"/api/v1/reviews/{review.pk}/")

    assert answer.status_code == 200


def test_no_other_review_is_opened(review: Review, charlie: User) -> None:
    (other,) = review_import(owner=charlie, data=THREAD)
    browser = guest(review, "commenter")

    assert browser.get(f"/reviews/{other.review.pk}/").status_code == 404


def test_a_revoked_link_reads_no_more(review: Review) -> None:
    browser = guest(review, "viewer")
    link = ShareLink.objects.get()
    owner = Client()
    owner.force_login(review.owner)
    owner.post(f"/reviews/{review.pk}/share/{link.pk}/revoke/")

    assert browser.get(f"/reviews/{review.pk}/").status_code == 404


def test_a_viewer_remarks_nothing(mail: MailMessage) -> None:
    assert remark(guest(mail.review, "viewer"), mail) == 403


def test_a_viewer_with_an_account_neither(
    mail: MailMessage, charlie_client: Client
) -> None:
    _, secret = share_link_create(of=mail.review, by=mail.review.owner)
    charlie_client.get(f"/s/{secret}/")

    assert remark(charlie_client, mail) == 403


def test_a_commenters_remark_is_seen_at_once(mail: MailMessage) -> None:
    remark(guest(mail.review, "commenter"), mail)

    found = ReviewRemark.objects.get()
    assert (found.author_name, found.draft) == ("Bob (by link)", False)


def test_a_commenter_answers_a_remark(mail: MailMessage) -> None:
    first = remark_create(author=mail.review.owner, place=Place(mail, 1, 1), body="?")
    remarks_publish(review=mail.review, author=mail.review.owner)
    given = {"message": mail.pk, "at": 1, "body": "!", "answers": str(first.pk)}
    browser = guest(mail.review, "commenter")
    browser.post(f"/reviews/{mail.review_id}/remarks/", given)

    assert ReviewRemark.objects.get(body="!").answers == first


def test_a_draft_that_one_does_not_see_is_not_answered(mail: MailMessage) -> None:
    first = remark_create(author=mail.review.owner, place=Place(mail, 1, 1), body="?")
    given = {"message": mail.pk, "at": 1, "body": "!", "answers": str(first.pk)}

    answer = guest(mail.review, "commenter").post(
        f"/reviews/{mail.review_id}/remarks/", given
    )

    assert (answer.status_code, ReviewRemark.objects.count()) == (404, 1)


def test_a_commenter_remarks_over_rest(mail: MailMessage) -> None:
    api = APIClient()
    api.cookies = guest(mail.review, "commenter").cookies
    given = {"message_id": mail.message_id, "at": 1, "body": "x"}
    answer = api.post(f"/api/v1/reviews/{mail.review_id}/remarks/", given)

    assert (answer.status_code, answer.json()["author_name"]) == (201, "Bob (by link)")


def test_guests_do_not_change_each_others_remarks(mail: MailMessage) -> None:
    remark(guest(mail.review, "commenter"), mail)
    found = ReviewRemark.objects.get()
    path = f"/reviews/{mail.review_id}/remarks/{found.pk}/"

    guest(mail.review, "commenter").post(path, {"do": "remove"})

    assert ReviewRemark.objects.exists()


def test_a_guest_sees_no_draft_of_a_person_who_left(
    mail: MailMessage, charlie: User
) -> None:
    remark_create(author=charlie, place=Place(mail, 1, 1), body="Half a thought.")
    charlie.delete()

    html = guest(mail.review, "viewer").get(f"/reviews/{mail.review_id}/v1/1/").content
    assert b"Half a thought." not in html


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_commenter_shares_nothing(review: Review, method: str) -> None:
    browser = guest(review, "commenter")

    answer = getattr(browser, method)(f"/reviews/{review.pk}/share/")
    assert answer.status_code == 403


def test_a_link_is_made_on_the_page(review: Review, alice_client: Client) -> None:
    html = alice_client.post(f"/reviews/{review.pk}/share/", {"role": "commenter"})

    assert ShareLink.objects.get().review == review and b"/s/" in html.content


def test_a_link_is_made_over_rest(review: Review, alice_api: APIClient) -> None:
    path = f"/api/v1/reviews/{review.pk}/share-links/"

    assert "/s/" in alice_api.post(path, {"role": "viewer"}).json()["url"]


def test_a_review_has_no_controller(
    review: Review, alice_client: Client, alice_api: APIClient
) -> None:
    alice_client.post(f"/reviews/{review.pk}/share/", {"role": "controller"})
    path = f"/api/v1/reviews/{review.pk}/share-links/"
    answer = alice_api.post(path, {"role": "controller"})

    assert (answer.status_code, ShareLink.objects.count()) == (422, 0)
