"""Who is told of what somebody said, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from sessions_app.models import (
    Annotation,
    DebugSession,
    MailMessage,
    Notification,
    Review,
    ReviewRemark,
    Run,
    ShareLink,
)
from sessions_app.permissions import SHARE_COOKIE
from sessions_app.readers import notifications_of, readers_of
from sessions_app.services.annotations import (
    Anchor,
    annotation_create,
    annotation_edit,
    annotation_remove,
)
from sessions_app.services.deletion import run_delete, session_delete
from sessions_app.services.reviews import (
    Place,
    remark_create,
    remark_edit,
    remarks_publish,
    review_set,
)
from sessions_app.services.sharing import share_link_create, share_link_revoke
from sessions_app.services.teams import member_join, team_create


def annotate(
    session: DebugSession, author: User | None, body: str, run: Run | None = None
) -> Annotation:
    name = author.get_username() if author else "Guest (by link)"
    return annotation_create(
        session=session, author=author, name=name, body=body, anchor=Anchor(run)
    )


def remark(
    message: MailMessage,
    author: User,
    body: str,
    answers: ReviewRemark | None = None,
) -> ReviewRemark:
    made = remark_create(
        author=author, place=Place(message), body=body, answers=answers
    )
    remarks_publish(review=message.review, author=author)
    made.refresh_from_db()
    return made


def told() -> set[tuple[str, str]]:
    return {(each.person.username, each.why) for each in Notification.objects.all()}


def test_the_owner_hears_of_a_remark(session: DebugSession, bob: User) -> None:
    annotate(session, bob, "Strange.")

    assert told() == {("alice", "remark")}


def test_the_owner_hears_of_a_guests_remark(session: DebugSession) -> None:
    annotate(session, None, "Strange.")

    assert told() == {("alice", "remark")}


def test_nobody_hears_of_their_own_words(session: DebugSession, alice: User) -> None:
    annotate(session, alice, "A note to myself, @alice.")

    assert told() == set()


def test_whoever_came_by_a_link_can_be_mentioned(
    session: DebugSession, alice: User, bob: User
) -> None:
    annotate(session, alice, "Your turn, @bob.")

    assert told() == {("bob", "mention")}


def test_the_strongest_reason_counts(session: DebugSession, bob: User) -> None:
    annotate(session, bob, "Look, @alice.")

    assert told() == {("alice", "mention")}


def test_whoever_may_not_read_it_is_not_told(
    session: DebugSession, alice: User, charlie: User
) -> None:
    annotate(session, alice, "Not for you, @charlie.")

    assert told() == set()


def test_a_mention_is_shown_as_one(
    session: DebugSession, run: Run, alice: User, bob: User, alice_client: Client
) -> None:
    annotate(session, alice, "@bob")

    page = alice_client.get(f"/sessions/{session.pk}/").content.decode()

    assert '<b class="mention">@bob</b>' in page


def test_nor_is_it_shown_that_there_is_such_an_account(
    session: DebugSession, run: Run, alice: User, charlie: User, alice_client: Client
) -> None:
    annotate(session, alice, "@charlie and @nobody")

    page = alice_client.get(f"/sessions/{session.pk}/").content.decode()

    assert "@charlie and @nobody" in page
    assert 'class="mention"' not in page


def test_in_a_review_too(
    review: Review, message: MailMessage, bob: User, alice_client: Client
) -> None:
    remark(message, bob, "What do you say, @alice, and you, @nobody?")

    page = alice_client.get(f"/reviews/{review.pk}/v1/1/").content.decode()

    assert '<b class="mention">@alice</b>, and you, @nobody?' in page


def test_a_name_that_nobody_has(session: DebugSession, alice: User) -> None:
    annotate(session, alice, "@nobody")

    assert told() == set()


def test_an_account_that_is_not_active_is_not_told(
    session: DebugSession, alice: User, bob: User
) -> None:
    bob.is_active = False
    bob.save()

    annotate(session, alice, "@bob")

    assert told() == set()


def test_other_words_call_whom_they_did_not_call_before(
    session: DebugSession, alice: User, bob: User
) -> None:
    made = annotate(session, alice, "Strange.")

    annotation_edit(annotation=made, body="Strange, @bob.")

    assert told() == {("bob", "mention")}


def test_other_words_call_nobody_twice(
    session: DebugSession, alice: User, bob: User
) -> None:
    made = annotate(session, alice, "@bob")

    annotation_edit(annotation=made, body="@bob!")

    assert Notification.objects.count() == 1


def test_a_draft_is_nobodys_business(
    message: MailMessage, bob: User, alice: User
) -> None:
    remark_create(author=bob, place=Place(message), body="Hm, @alice?")

    assert told() == set()


def test_nor_are_other_words_of_a_draft(message: MailMessage, bob: User) -> None:
    made = remark_create(author=bob, place=Place(message), body="Hm?")

    remark_edit(remark=made, body="Hm, @alice?")

    assert told() == set()


def test_it_is_told_when_it_is_published(message: MailMessage, bob: User) -> None:
    remark(message, bob, "Hm?")

    assert told() == {("alice", "remark")}


def test_whoever_is_answered_is_told(
    message: MailMessage, alice: User, bob: User
) -> None:
    first = remark(message, bob, "Why?")
    Notification.objects.all().delete()

    remark(message, alice, "Because.", answers=first)

    assert told() == {("bob", "reply")}


def test_whoever_answers_themselves_is_not(message: MailMessage, bob: User) -> None:
    first = remark(message, bob, "Why?")
    Notification.objects.all().delete()

    remark(message, bob, "Because.", answers=first)

    assert told() == {("alice", "remark")}


def test_of_a_public_review_everybody_can_be_told(
    review: Review, message: MailMessage, alice: User, charlie: User
) -> None:
    review_set(review=review, visibility="public")
    message.refresh_from_db()

    remark(message, alice, "What do you say, @charlie?")

    assert told() == {("charlie", "mention")}


def test_of_a_private_one_not(message: MailMessage, alice: User, charlie: User) -> None:
    remark(message, alice, "What do you say, @charlie?")

    assert told() == set()


@pytest.fixture
def mentioned(session: DebugSession, alice: User, bob: User) -> Notification:
    annotate(session, alice, "@bob")
    return Notification.objects.get()


def sees(person: User) -> bool:
    return notifications_of(person).exists()


def test_a_revoked_link_takes_it_away(
    mentioned: Notification, bob: User, link: ShareLink
) -> None:
    before = sees(bob)

    share_link_revoke(of=link.session or mentioned.session, link_id=link.pk)

    assert (before, sees(bob)) == (True, False)


def test_a_link_that_ends_takes_it_away(
    mentioned: Notification, bob: User, link: ShareLink
) -> None:
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert not sees(bob)


def test_a_deleted_session_takes_it_away(
    mentioned: Notification, session: DebugSession, bob: User
) -> None:
    session_delete(session=session)

    assert not sees(bob)


def test_a_deleted_run_takes_it_away(
    session: DebugSession, run: Run, alice: User, bob: User
) -> None:
    annotate(session, alice, "@bob", run)

    run_delete(run=run)

    assert not sees(bob)


def test_a_review_that_is_private_again_takes_it_away(
    review: Review, message: MailMessage, alice: User, charlie: User
) -> None:
    review_set(review=review, visibility="public")
    message.refresh_from_db()
    remark(message, alice, "@charlie")
    before = sees(charlie)

    review_set(review=review, visibility="private")

    assert (before, sees(charlie)) == (True, False)


def test_the_same_people_are_found_from_both_sides(
    session: DebugSession, alice: User, bob: User, charlie: User
) -> None:
    """readers_of and what each of them sees are one decision."""
    annotate(session, None, "@alice @bob @charlie")

    seeing = {each for each in (alice, bob, charlie) if sees(each)}

    assert set(readers_of(session)) == seeing == {alice, bob}


def test_an_account_that_opens_a_link_is_kept(
    session: DebugSession, alice: User, charlie: User, charlie_client: Client
) -> None:
    _, secret = share_link_create(of=session, by=alice)

    charlie_client.get(f"/s/{secret}/")

    assert charlie in readers_of(session)


def test_a_browser_without_account_is_nobody(
    session: DebugSession, alice: User, client: Client
) -> None:
    _, secret = share_link_create(of=session, by=alice)

    client.get(f"/s/{secret}/")

    assert list(readers_of(session)) == [alice]


def test_an_account_that_signs_in_later_is_kept(
    session: DebugSession, alice: User, charlie: User, client: Client
) -> None:
    _, secret = share_link_create(of=session, by=alice)
    client.get(f"/s/{secret}/")

    client.post("/accounts/login/", {"username": "charlie", "password": "secret"})

    assert charlie in readers_of(session)


def test_an_account_that_signs_in_with_a_forged_cookie_is_not(
    session: DebugSession, link: ShareLink, charlie: User, client: Client
) -> None:
    client.cookies[SHARE_COOKIE] = f'["{link.pk}"]:1uXyZ0:forged'

    client.post("/accounts/login/", {"username": "charlie", "password": "secret"})

    assert charlie not in readers_of(session)


def in_a_team(thing: DebugSession | Review, person: User) -> None:
    team = team_create(owner=thing.owner, name="kgdb")
    member_join(team=team, user=person, role="commenter")
    thing.team = team
    thing.save()


def test_a_member_of_its_team_is_told(session: DebugSession, charlie: User) -> None:
    in_a_team(session, charlie)

    annotate(session, session.owner, "Look, @charlie.")

    assert [n.annotation.body for n in notifications_of(charlie)] == ["Look, @charlie."]


def test_the_answered_one_is_told_of_an_answer_to_an_answer(
    session: DebugSession, charlie: User
) -> None:
    """All answers stand below the remark at the top, whoever they speak to."""
    in_a_team(session, charlie)
    top = annotate(session, session.owner, "Look.")
    answer = annotation_create(
        session=session, author=charlie, name="charlie", body="Where?", answers=top
    )

    annotation_create(
        session=session,
        author=session.owner,
        name="alice",
        body="There.",
        answers=answer,
    )

    assert [(n.why, n.annotation.body) for n in notifications_of(charlie)] == [
        ("reply", "There.")
    ]


def test_nobody_is_told_of_what_its_author_took_out(
    session: DebugSession, charlie: User
) -> None:
    in_a_team(session, charlie)
    said = annotate(session, session.owner, "Look, @charlie.")
    annotation_create(
        session=session, author=charlie, name="charlie", body="Yes.", answers=said
    )

    annotation_remove(annotation=said)

    assert list(notifications_of(charlie)) == []


def test_who_left_the_team_is_told_no_more(
    session: DebugSession, charlie: User
) -> None:
    in_a_team(session, charlie)
    annotate(session, session.owner, "Look, @charlie.")

    session.team.members.get(user=charlie).delete()

    assert list(notifications_of(charlie)) == []
    assert charlie not in readers_of(session)


def test_a_member_of_a_reviews_team_is_told(review: Review, charlie: User) -> None:
    in_a_team(review, charlie)

    remark(review.messages.get(message_id="v1@example.org"), review.owner, "@charlie?")

    assert notifications_of(charlie).count() == 1


@pytest.mark.parametrize("visibility", ["unlisted", "public"])
def test_whoever_may_read_by_the_address_may_be_told(
    session: DebugSession, charlie: User, visibility: str
) -> None:
    session.visibility = visibility
    session.save()

    annotate(session, session.owner, "Look, @charlie.")

    assert notifications_of(charlie).count() == 1
