"""What is deleted is hidden at once, everywhere, and comes back whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app import dispatch
from sessions_app.models import (
    Annotation,
    DebugSession,
    EventChunk,
    NotebookEntry,
    Run,
    ShareLink,
    StoredBlock,
)
from sessions_app.services import deletion
from sessions_app.services.deletion import (
    run_purge,
    session_delete,
    session_purge,
    session_restore,
)
from sessions_app.services.runs import run_create
from sessions_app.tests.factories import create_annotation, create_run, store_hits


def addresses(session: DebugSession, run: Run) -> list[str]:
    return [
        f"/sessions/{session.pk}/",
        f"/sessions/{session.pk}/runs/1/hits/1/",
        f"/api/v1/sessions/{session.pk}/",
        f"/api/v1/sessions/{session.pk}/runs/",
        f"/api/v1/sessions/{session.pk}/annotations/",
        f"/api/v1/runs/{run.pk}/",
        f"/api/v1/runs/{run.pk}/hits/",
        f"/api/v1/runs/{run.pk}/export/?format=csv",
    ]


def test_a_deleted_session_is_nowhere(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    assert [alice_api.get(a).status_code for a in addresses(session, run)] == [200] * 8

    assert alice_api.delete(f"/api/v1/sessions/{session.pk}/").status_code == 204

    assert [alice_api.get(a).status_code for a in addresses(session, run)] == [404] * 8
    assert alice_api.get("/api/v1/sessions/").json()["results"] == []
    assert alice_api.get("/api/v1/runs/").json()["results"] == []


def test_a_deleted_session_is_nowhere_for_the_holder_of_a_link(
    bob_client: Client, session: DebugSession, run: Run
) -> None:
    assert bob_client.get(f"/sessions/{session.pk}/").status_code == 200
    session_delete(session=session)

    assert bob_client.get(f"/sessions/{session.pk}/").status_code == 404
    assert bob_client.get(f"/api/v1/runs/{run.pk}/hits/").status_code == 404


def test_a_deleted_run_is_nowhere_and_its_session_stays(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    assert alice_api.delete(f"/api/v1/runs/{run.pk}/").status_code == 204

    assert alice_api.get(f"/api/v1/runs/{run.pk}/").status_code == 404
    assert alice_api.get(f"/api/v1/runs/{run.pk}/events/").status_code == 404
    assert alice_api.get(f"/api/v1/sessions/{session.pk}/runs/").json()["results"] == []
    assert alice_api.get(f"/sessions/{session.pk}/").status_code == 200


def test_remarks_and_moments_of_a_deleted_run_go_and_come_with_it(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    create_annotation(session, run=run, seq=1)
    create_annotation(session)
    NotebookEntry.objects.create(
        session=session, run=run, seq=1, title="Hit 1", position=1
    )

    def counted() -> tuple[int, int]:
        base = f"/api/v1/sessions/{session.pk}"
        remarks = alice_api.get(f"{base}/annotations/").json()["results"]
        return len(remarks), len(alice_api.get(f"{base}/notebook/").json())

    assert counted() == (2, 1)
    alice_api.delete(f"/api/v1/runs/{run.pk}/")
    assert counted() == (1, 0)
    alice_api.post(f"/api/v1/runs/{run.pk}/restore/")
    assert counted() == (2, 1)


def test_nobody_else_deletes(
    bob_api: APIClient, charlie_api: APIClient, session: DebugSession, run: Run
) -> None:
    for api, status in ((charlie_api, 404), (bob_api, 403)):
        for what in (f"sessions/{session.pk}", f"runs/{run.pk}"):
            # Without an account writing is not even asked about.
            assert api.delete(f"/api/v1/{what}/").status_code in (status, 401, 403)

    assert Run.objects.filter(pk=run.pk).exists()


def test_a_session_comes_back_with_everything(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    create_annotation(session, run=run, seq=1)
    alice_api.delete(f"/api/v1/sessions/{session.pk}/")

    answer = alice_api.post(f"/api/v1/sessions/{session.pk}/restore/")

    assert (answer.status_code, answer.json()["id"]) == (200, str(session.pk))
    assert [alice_api.get(a).status_code for a in addresses(session, run)] == [200] * 8
    assert Annotation.objects.count() == 1


def test_share_links_work_again_after_it_came_back(
    bob_client: Client, session: DebugSession, run: Run
) -> None:
    session_delete(session=session)
    session_restore(session=DebugSession.everything.get(pk=session.pk))

    assert bob_client.get(f"/sessions/{session.pk}/").status_code == 200


def test_a_run_that_was_deleted_before_its_session_stays_deleted(
    alice_api: APIClient, session: DebugSession, run: Run
) -> None:
    other = create_run(session)
    alice_api.delete(f"/api/v1/runs/{other.pk}/")
    alice_api.delete(f"/api/v1/sessions/{session.pk}/")
    alice_api.post(f"/api/v1/sessions/{session.pk}/restore/")

    assert list(Run.objects.all()) == [run]


def test_nobody_else_brings_it_back(
    charlie_api: APIClient, session: DebugSession, run: Run
) -> None:
    session_delete(session=session)

    answer = charlie_api.post(f"/api/v1/sessions/{session.pk}/restore/")
    assert answer.status_code == 404
    answer = charlie_api.post(f"/api/v1/runs/{run.pk}/restore/")
    assert answer.status_code == 404


def test_a_run_comes_back_over_rest(alice_api: APIClient, run: Run) -> None:
    alice_api.delete(f"/api/v1/runs/{run.pk}/")

    assert alice_api.post(f"/api/v1/runs/{run.pk}/restore/").status_code == 200
    assert alice_api.get(f"/api/v1/runs/{run.pk}/hits/1/").status_code == 200


def test_a_deletion_that_is_too_old_cannot_be_undone(
    alice_client: Client, session: DebugSession
) -> None:
    session_delete(session=session)
    long_ago = timezone.now() - timedelta(days=8)
    DebugSession.everything.update(deleted_at=long_ago)

    answer = alice_client.post(f"/sessions/{session.pk}/restore/")
    assert answer.status_code == 404


def test_from_the_page_and_back_with_one_click(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    answer = alice_client.post(f"/sessions/{session.pk}/delete/")
    assert answer["Location"] == "/"
    page = alice_client.get("/").content.decode()
    assert f'action="/sessions/{session.pk}/restore/"' in page

    answer = alice_client.post(f"/sessions/{session.pk}/restore/")
    assert answer["Location"] == f"/sessions/{session.pk}/"
    assert "restore/" not in alice_client.get("/").content.decode()


def test_a_run_from_the_page_and_back_with_one_click(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    alice_client.post(f"/sessions/{session.pk}/runs/1/delete/")
    page = alice_client.get(f"/sessions/{session.pk}/").content.decode()
    assert f'action="/sessions/{session.pk}/runs/1/restore/"' in page

    alice_client.post(f"/sessions/{session.pk}/runs/1/restore/")
    assert alice_client.get(f"/sessions/{session.pk}/?run=1").status_code == 200


def test_a_viewer_is_not_offered_to_delete(
    bob_client: Client, session: DebugSession, run: Run
) -> None:
    page = bob_client.get(f"/sessions/{session.pk}/").content.decode()

    assert "/delete/" not in page
    assert bob_client.post(f"/sessions/{session.pk}/delete/").status_code == 403


def test_the_number_of_a_deleted_run_is_not_given_away(
    session: DebugSession, run: Run
) -> None:
    deletion.run_delete(run=run)

    assert run_create(session=session, recipe=run.recipe).number == 2


def test_what_waits_is_cancelled(session: DebugSession) -> None:
    waiting = create_run(session, state="queued", outcome="")
    session_delete(session=session)

    assert Run.everything.get(pk=waiting.pk).state == "cancelled"


def test_what_runs_is_told_to_end(
    session: DebugSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(dispatch, "send_command", lambda run, word: told.append(word))
    running = create_run(session, state="running", outcome="")
    deletion.run_delete(run=running)

    assert told == ["cancel"]


def test_a_purge_leaves_nothing(session: DebugSession, run: Run, alice: User) -> None:
    create_annotation(session, run=run, seq=1)
    session_delete(session=session)

    session_purge(session.pk)

    for table in (EventChunk, StoredBlock, ShareLink):
        assert not table.objects.exists()
    assert not Annotation.everything.exists()
    assert not Run.everything.exists()
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_purge_of_what_came_back_does_nothing(
    session: DebugSession, run: Run
) -> None:
    session_purge(session.pk)
    run_purge(run.pk)

    assert EventChunk.objects.filter(run=run).exists()
    assert Run.objects.filter(pk=run.pk).exists()


def test_a_purge_that_fails_leaves_everything(
    session: DebugSession, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_delete(session=session)
    before = StoredBlock.objects.count()

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("django.db.models.query.QuerySet._raw_delete", fail)
    with pytest.raises(OSError, match="disk full"):
        session_purge(session.pk)
    monkeypatch.undo()

    assert StoredBlock.objects.count() == before > 0
    assert Run.everything.filter(pk=run.pk).exists()


def test_a_purge_of_a_run_leaves_the_others(session: DebugSession, run: Run) -> None:
    other = create_run(session)
    store_hits(other, 10)
    deletion.run_delete(run=run)
    run_purge(run.pk)

    assert list(Run.everything.all()) == [other]
    assert {c.run_id for c in EventChunk.objects.all()} == {other.pk}
