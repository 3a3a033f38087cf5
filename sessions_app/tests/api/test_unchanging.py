"""What does not change has an ETag; who has it already hears that it is the same."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Run
from sessions_app.services.recipes import recipe_store
from sessions_app.tests.factories import create_recipe, create_run

OF_A_RUN = [
    "events/",
    "events/7/",
    "events/7/snapshot/",
    "events/count/?by=kind",
    "hits/",
    "hits/2/",
    "hits/2/tree/",
    "hits/count/?by=rip",
    "hits/values/?expression=rax",
    "hits/found/",
    "output/",
    "packets/",
    "commands/",
    "timeline/nearest/?at=1&cpu=0",
    "symbol-table/",
    "export/?format=csv",
]


@pytest.mark.parametrize("path", OF_A_RUN)
def test_an_answer_of_a_run_that_is_over_is_not_sent_twice(
    alice_api: APIClient, run: Run, path: str
) -> None:
    url = f"/api/v1/runs/{run.pk}/{path}"
    first = alice_api.get(url)

    again = alice_api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_304_names_the_same_etag(alice_api: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/hits/"
    etag = alice_api.get(url)["ETag"]

    again = alice_api.get(url, HTTP_IF_NONE_MATCH=f'"other", {etag}')

    assert (again.status_code, again["ETag"]) == (304, etag)


def test_the_etag_is_strong(alice_api: APIClient, run: Run) -> None:
    etag = alice_api.get(f"/api/v1/runs/{run.pk}/hits/")["ETag"]

    assert etag.startswith('"')


def test_another_etag_gets_the_answer(alice_api: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/hits/"

    assert alice_api.get(url, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_another_question_has_another_etag(alice_api: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/hits/"

    assert alice_api.get(url)["ETag"] != alice_api.get(f"{url}?limit=3")["ETag"]


def test_a_run_that_goes_on_has_none(alice_api: APIClient, run: Run) -> None:
    Run.objects.update(state="running")

    assert "ETag" not in alice_api.get(f"/api/v1/runs/{run.pk}/hits/")


def test_an_etag_ends_with_the_trace(alice_api: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/hits/"
    etag = alice_api.get(url)["ETag"]
    Run.objects.update(pruned_at=timezone.now())

    assert alice_api.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_an_export_is_new_when_its_title_is(
    alice_api: APIClient, run: Run, session: DebugSession
) -> None:
    url = f"/api/v1/runs/{run.pk}/export/?format=chrome"
    etag = alice_api.get(url)["ETag"]
    DebugSession.objects.update(title="Another title")

    assert alice_api.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 200


@pytest.mark.parametrize("path", ["export/?format=bundle", "timeline/"])
def test_what_has_remarks_in_it_has_none(
    alice_api: APIClient, run: Run, path: str
) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/{path}")

    assert "ETag" not in answer


def test_an_error_has_none(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/hits/?limit=0")

    assert (answer.status_code, "ETag" in answer) == (422, False)


def test_an_etag_opens_nothing(
    alice_api: APIClient, charlie_api: APIClient, run: Run
) -> None:
    url = f"/api/v1/runs/{run.pk}/hits/"
    etag = alice_api.get(url)["ETag"]

    assert charlie_api.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 404


def test_what_a_run_says_is_asked_for_again(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/hits/")

    assert answer["Cache-Control"] == "private, no-cache"


def test_the_etag_of_a_recipe_is_the_hash_of_its_bytes(
    alice_api: APIClient, session: DebugSession
) -> None:
    told = json.loads(create_recipe().body)
    stored = create_run(session, recipe=recipe_store(told)).recipe_id

    answer = alice_api.get(f"/api/v1/recipes/{stored}/")

    own = hashlib.sha256(answer.content).hexdigest()
    assert (answer["ETag"], answer["Cache-Control"]) == (
        f'"{own}"',
        "private, max-age=31536000, immutable",
    )


def test_a_recipe_is_not_sent_twice(alice_api: APIClient, run: Run) -> None:
    url = f"/api/v1/recipes/{run.recipe_id}/"

    again = alice_api.get(url, HTTP_IF_NONE_MATCH=f'"{run.recipe_id}"')

    assert (again.status_code, again.content) == (304, b"")
