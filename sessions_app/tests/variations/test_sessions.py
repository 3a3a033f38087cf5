"""A session's words, and a session once more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.services.runs import run_create
from sessions_app.tests.factories import create_annotation


def copy_of(session: DebugSession) -> DebugSession:
    return DebugSession.objects.exclude(pk=session.pk).get()


def test_a_session_is_renamed_in_place(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    fields = {"title": "Another name", "run": "1"}
    answer = alice_client.post(f"/sessions/{session.pk}/rename/", fields)

    session.refresh_from_db()
    assert session.title == "Another name"
    assert answer["Location"] == f"/sessions/{session.pk}/?run=1"


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_title_that_is_none_changes_nothing(
    alice_client: Client, session: DebugSession, title: str
) -> None:
    alice_client.post(f"/sessions/{session.pk}/rename/", {"title": title})

    session.refresh_from_db()
    assert session.title == "A watched counter"


def test_title_and_description_are_edited(
    alice_client: Client, session: DebugSession
) -> None:
    fields = {"title": "New", "description": "What it is about."}
    answer = alice_client.post(f"/sessions/{session.pk}/edit/", fields)

    session.refresh_from_db()
    assert (answer.status_code, session.title) == (302, "New")
    assert session.description == "What it is about."


def test_the_edit_page_shows_what_is_there(
    alice_client: Client, session: DebugSession
) -> None:
    html = alice_client.get(f"/sessions/{session.pk}/edit/").content.decode()

    assert 'value="A watched counter"' in html


def test_a_duplicate_has_the_same_words_and_patch(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    answer = alice_client.post(f"/sessions/{session.pk}/duplicate/")

    copy = copy_of(session)
    assert answer["Location"] == f"/sessions/{copy.pk}/"
    assert copy.title == "Copy of A watched counter"
    assert copy.patch_text == session.patch_text


def test_a_duplicate_runs_each_recipe_once(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    run_create(session=session, recipe=run.recipe)

    alice_client.post(f"/sessions/{session.pk}/duplicate/")

    runs = list(copy_of(session).runs.all())
    assert [(r.recipe_id, r.state, r.events) for r in runs] == [
        (run.recipe_id, "queued", 0)
    ]


def test_a_duplicate_has_no_remarks(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    create_annotation(session)

    alice_client.post(f"/sessions/{session.pk}/duplicate/")

    assert copy_of(session).annotations.count() == 0


def test_a_long_title_is_cut_for_its_copy(alice_api: APIClient, alice: User) -> None:
    session = DebugSession.objects.create(owner=alice, title="x" * 200)

    alice_api.post(f"/api/v1/sessions/{session.pk}/duplicate/")

    assert len(copy_of(session).title) == 200


def test_a_session_is_duplicated_over_rest(
    alice_api: APIClient, session: DebugSession
) -> None:
    answer = alice_api.post(f"/api/v1/sessions/{session.pk}/duplicate/")

    assert (answer.status_code, answer.json()["id"]) == (201, str(copy_of(session).pk))


@pytest.mark.parametrize("what", ["rename", "edit", "duplicate"])
def test_charlie_changes_nothing(
    charlie_client: Client, session: DebugSession, what: str
) -> None:
    url = f"/sessions/{session.pk}/{what}/"

    assert charlie_client.post(url, {"title": "x"}).status_code == 404
    assert DebugSession.objects.get().title == "A watched counter"


@pytest.mark.parametrize("what", ["rename", "edit", "duplicate"])
def test_bob_changes_nothing(
    bob_client: Client, session: DebugSession, what: str
) -> None:
    url = f"/sessions/{session.pk}/{what}/"

    assert bob_client.post(url, {"title": "x"}).status_code == 403
    assert DebugSession.objects.get().title == "A watched counter"
