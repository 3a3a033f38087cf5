"""A page that reads while the chunks of its run are joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from sessions_app import selectors
from sessions_app.chunkstore import place
from sessions_app.models import EventChunk, Run, StoredBlock
from sessions_app.moved_chunks import MovedChunks
from sessions_app.services.chunks import chunks_merge


@pytest.fixture
def joined_meanwhile(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The first block that is read is read just after all chunks were joined."""
    asked: list[int] = []
    read = selectors.hot_block

    def late(pk: int, run_id: Any) -> Any:
        asked.append(pk)
        if len(asked) == 1:
            assert chunks_merge(run.pk, run.epoch)
        return read(pk, run_id)

    monkeypatch.setattr(selectors, "hot_block", late)
    yield asked


def test_the_page_is_read_once_more(
    alice_client: Client, run: Run, joined_meanwhile: list[int]
) -> None:
    answer = alice_client.get(f"/api/v1/runs/{run.pk}/hits/120/")

    assert (answer.status_code, answer.json()["hit_no"]) == (200, 120)
    assert len(set(joined_meanwhile)) == 2


@pytest.fixture
def joined_in_between(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """All chunks are joined just after the row of the first was found."""
    asked: list[int] = []
    find = place._place

    def found(pk: int, run_id: Any) -> Any:
        row = find(pk, run_id)
        asked.append(pk)
        if len(asked) == 1:
            assert chunks_merge(run.pk, run.epoch)
        return row

    selectors.hot_block.cache_clear()
    monkeypatch.setattr(place, "_place", found)
    yield asked


def test_rest_reads_once_more_too(
    alice_client: Client, run: Run, joined_in_between: list[int]
) -> None:
    answer = alice_client.get(f"/api/v1/runs/{run.pk}/hits/120/")

    assert (answer.status_code, answer.json()["hit_no"]) == (200, 120)
    assert len(set(joined_in_between)) == 2


def test_a_block_that_is_lost_is_a_problem_with_a_code(
    alice_client: Client, run: Run
) -> None:
    selectors.hot_block.cache_clear()
    StoredBlock.objects.all().delete()

    answer = alice_client.get(f"/api/v1/runs/{run.pk}/hits/120/")

    assert (answer.status_code, answer.json()["code"]) == (500, "block_missing")


def test_what_stays_away_is_an_error() -> None:
    def view(request: object) -> HttpResponse:
        raise EventChunk.DoesNotExist

    request = RequestFactory().get("/")

    with pytest.raises(EventChunk.DoesNotExist):
        MovedChunks(lambda r: HttpResponse()).process_view(request, view, (), {})


def test_what_changes_something_is_not_done_twice() -> None:
    request = RequestFactory().post("/")

    found = MovedChunks(lambda r: HttpResponse()).process_view(
        request, lambda r: HttpResponse(), (), {}
    )

    assert found is None
