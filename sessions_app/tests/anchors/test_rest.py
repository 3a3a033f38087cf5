"""Annotations over REST: parts, answers, earlier texts, who may change what."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import Annotation, DebugSession, Run
from sessions_app.services.annotations import annotation_edit
from sessions_app.services.sharing import Terms, share_link_create
from sessions_app.tests.factories import create_annotation, create_session


def url(session: DebugSession, tail: str = "") -> str:
    return f"/api/v1/sessions/{session.pk}/annotations/{tail}"


def annotate(client: APIClient, session: DebugSession, **fields: Any) -> Any:
    return client.post(url(session), {"body": "Look."} | fields, format="json")


AT = {"run": 1, "seq": 7}


@pytest.mark.parametrize(
    "part",
    [
        {"register": "dr7", "bit": 1},
        {"address": "0x402000", "length": 4},
        {"address": "0xffffffff81000000", "length": 1},
        {"cpu": 0, "slot": 2},
        {"register": "dr6", "moment": "entry"},
    ],
)
def test_a_part_comes_back_as_it_was_sent(
    alice_api: APIClient, run: Run, part: dict[str, Any]
) -> None:
    made = annotate(alice_api, run.session, **AT, **part)

    assert made.status_code == 201
    (told,) = alice_api.get(url(run.session)).json()["results"]
    assert {name: told[name] for name in part} == part


def test_an_address_alone_is_one_byte(alice_api: APIClient, run: Run) -> None:
    made = annotate(alice_api, run.session, **AT, address="0x402000").json()

    assert made["length"] == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"bit": 1}, "register"),
        ({"register": "dr7", "bit": 32}, "bit"),
        ({"register": "rax", "bit": 64}, "bit"),
        ({"address": "4198400"}, "address"),
        ({"address": "at 0x402000"}, "address"),
        ({"address": "0x402000\n0x1"}, "address"),
        ({"address": "0x1", "length": 257}, "length"),
        ({"cpu": 1, "slot": 0}, "cpu"),
        ({"cpu": 0, "slot": 4}, "slot"),
        ({"cpu": 0}, "slot"),
        ({"seq": 99_999}, "seq"),
        ({"run": 9}, "run"),
        ({"moment": "noon"}, "moment"),
        ({"answers": "00000000-0000-0000-0000-000000000000"}, "answers"),
    ],
)
def test_what_there_is_not_is_refused_by_its_field(
    alice_api: APIClient, run: Run, sent: dict[str, Any], field: str
) -> None:
    answer = annotate(alice_api, run.session, **AT | sent)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Annotation.objects.exists()


def test_memory_needs_a_moment(alice_api: APIClient, run: Run) -> None:
    answer = annotate(alice_api, run.session, address="0x402000")

    assert [error["field"] for error in answer.json()["errors"]] == ["seq"]


# Answers.


def test_an_answer_stands_where_its_remark_stands(
    alice_api: APIClient, session: DebugSession
) -> None:
    top = create_annotation(session)

    made = annotate(alice_api, session, answers=str(top.pk)).json()

    assert made["answers"] == str(top.pk)


def test_an_answer_to_an_answer_stands_below_the_first(
    alice_api: APIClient, session: DebugSession
) -> None:
    top = create_annotation(session)
    answer = create_annotation(session, answers=top)

    made = annotate(alice_api, session, answers=str(answer.pk)).json()

    assert made["answers"] == str(top.pk)


def test_a_remark_of_another_session_is_not_answered(
    alice_api: APIClient, alice: User, session: DebugSession
) -> None:
    other = create_annotation(create_session(alice))

    answer = annotate(alice_api, session, answers=str(other.pk))

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "answers")


# Earlier texts.


def test_what_it_said_before_is_kept(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session, body="first")

    for words in ("second", "third"):
        alice_api.patch(url(session, f"{remark.pk}/"), {"body": words}, format="json")

    (told,) = alice_api.get(url(session)).json()["results"]
    assert [told["body"], *(text["body"] for text in told["earlier"])] == [
        *("third", "first", "second")
    ]


def test_the_same_words_are_no_change(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session, body="first")

    told = alice_api.patch(
        url(session, f"{remark.pk}/"), {"body": "first"}, format="json"
    ).json()

    assert told["earlier"] == []


def test_two_changes_at_once_do_not_lose_one(session: DebugSession) -> None:
    create_annotation(session, body="first")
    one, other = Annotation.objects.get(), Annotation.objects.get()
    annotation_edit(annotation=one, body="second")

    with pytest.raises(Exception, match="meanwhile"):
        annotation_edit(annotation=other, body="third")

    assert Annotation.objects.get().body == "second"


def test_a_hundred_changes_are_the_most(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session, body="0")
    for number in range(1, 101):
        annotation_edit(annotation=remark, body=str(number))

    answer = alice_api.patch(
        url(session, f"{remark.pk}/"), {"body": "101"}, format="json"
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


# Who may.


@pytest.fixture
def charlies(session: DebugSession, alice: User, charlie_api: APIClient) -> Annotation:
    """Of somebody with an account who came by a commenter's link."""
    _, secret = share_link_create(of=session, by=alice, terms=Terms(role="commenter"))
    charlie_api.post(f"/s/{secret}/")
    made = annotate(charlie_api, session)
    assert made.status_code == 201, made.content
    return Annotation.objects.get()


def test_an_author_changes_their_own(
    charlie_api: APIClient, charlies: Annotation
) -> None:
    answer = charlie_api.patch(
        url(charlies.session, f"{charlies.pk}/"), {"body": "better"}, format="json"
    )

    assert (answer.status_code, answer.json()["body"]) == (200, "better")


def test_the_owner_does_not_change_their_words(
    alice_api: APIClient, charlies: Annotation
) -> None:
    answer = alice_api.patch(
        url(charlies.session, f"{charlies.pk}/"), {"body": "mine"}, format="json"
    )

    charlies.refresh_from_db()
    assert (answer.status_code, charlies.body) == (403, "Look.")


def test_the_owner_resolves_it(alice_api: APIClient, charlies: Annotation) -> None:
    answer = alice_api.patch(
        url(charlies.session, f"{charlies.pk}/"), {"resolved": True}, format="json"
    )

    assert answer.json()["resolved_at"]


def test_a_commenter_does_not_resolve_what_others_said(
    charlie_api: APIClient, charlies: Annotation, alice: User
) -> None:
    other = create_annotation(charlies.session)

    answer = charlie_api.patch(
        url(charlies.session, f"{other.pk}/"), {"resolved": True}, format="json"
    )

    assert answer.status_code == 403


# Taking out.


def test_without_answers_it_is_gone(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session)

    alice_api.delete(url(session, f"{remark.pk}/"))

    assert not Annotation.objects.exists()


def test_with_answers_its_place_stays_without_any_words(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session, body="one")
    annotation_edit(annotation=remark, body="two")
    create_annotation(session, body="answer", answers=remark)

    alice_api.delete(url(session, f"{remark.pk}/"))

    told = alice_api.get(url(session)).json()["results"]
    top = next(each for each in told if each["id"] == str(remark.pk))
    assert (top["body"], top["earlier"], bool(top["removed_at"])) == ("", [], True)
    assert {each["body"] for each in told} == {"", "answer"}


def test_its_place_goes_with_the_last_answer(
    alice_api: APIClient, session: DebugSession
) -> None:
    remark = create_annotation(session)
    answer = create_annotation(session, answers=remark)
    alice_api.delete(url(session, f"{remark.pk}/"))

    alice_api.delete(url(session, f"{answer.pk}/"))

    assert not Annotation.objects.exists()
