"""Whether a run comes out the same when it is done again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.services.deletion import trace_remove
from sessions_app.services.verification import (
    run_verify,
    same_run,
    stored_digest,
    verification_finish,
)
from sessions_app.tests.factories import create_run
from sessions_app.tests.recorded import execute_now, recorded_run


@pytest.fixture
def recorded(alice: User) -> Run:
    return recorded_run(alice)


def verified(run: Run) -> dict[str, Any]:
    again = execute_now(run_verify(run=run))
    verification_finish(again.pk)
    run.refresh_from_db()
    assert run.verified is not None
    return run.verified


def test_the_same_recipe_is_the_same_run(recorded: Run) -> None:
    told = verified(recorded)

    assert (told["same"], told["number"]) == (True, 2)
    assert told["emulator"] == recorded.emulator_version


def test_the_digest_is_found_again_in_the_store(recorded: Run) -> None:
    assert stored_digest(recorded, recorded.emulator_version) == recorded.digest


def test_a_run_of_an_older_emulator_is_compared_by_its_events(recorded: Run) -> None:
    """The digest covers the version: by itself it would always differ."""
    old = stored_digest(recorded, "0.0.9")
    assert old is not None
    Run.objects.filter(pk=recorded.pk).update(emulator_version="0.0.9", digest=old)
    recorded.refresh_from_db()

    assert verified(recorded)["same"] is True


def test_a_run_that_comes_out_differently_is_told(recorded: Run) -> None:
    Run.objects.filter(pk=recorded.pk).update(digest="0" * 64)
    recorded.refresh_from_db()

    assert verified(recorded)["same"] is False


def test_without_a_trace_another_version_cannot_be_compared(recorded: Run) -> None:
    Run.objects.filter(pk=recorded.pk).update(emulator_version="0.0.9")
    recorded.refresh_from_db()
    trace_remove(recorded.pk)

    assert verified(recorded)["same"] is None


def test_without_a_trace_the_same_version_can(recorded: Run) -> None:
    trace_remove(recorded.pk)

    assert verified(recorded)["same"] is True


def test_a_run_that_was_cut_off_cannot_be_compared(
    session: DebugSession, recorded: Run
) -> None:
    cut = create_run(session, outcome="cancelled", state="cancelled")

    assert same_run(cut, recorded) is None


def test_another_run_changes_nothing(recorded: Run) -> None:
    verification_finish(recorded.pk)

    assert not Run.objects.filter(verified__isnull=False).exists()


def test_over_rest_and_on_the_page(
    recorded: Run, alice_api: APIClient, alice_client: Client
) -> None:
    answer = alice_api.post(f"/api/v1/runs/{recorded.pk}/verify/")
    assert answer.status_code == 201
    assert answer.json()["verifies"] == str(recorded.pk)
    again = execute_now(Run.objects.get(pk=answer.json()["id"]))
    verification_finish(again.pk)

    assert alice_api.get(f"/api/v1/runs/{recorded.pk}/").json()["verified"]["same"]
    page = alice_client.get(f"/sessions/{recorded.session_id}/?run=1").content.decode()
    assert "<b>the same</b> again in run 2" in page
    assert f"emulator {recorded.emulator_version}, today" in page


def test_from_the_page(recorded: Run, alice_client: Client) -> None:
    alice_client.post(f"/sessions/{recorded.session_id}/runs/1/verify/")

    assert Run.objects.get(number=2).verifies == recorded


def test_a_viewer_cannot(bob_client: Client, session: DebugSession, run: Run) -> None:
    answer = bob_client.post(f"/sessions/{session.pk}/runs/1/verify/")

    assert answer.status_code == 403
