"""The workspace as HTML: what is there to read without a script."""

from __future__ import annotations

import pytest
from django.test import Client

from emulator.events import EventFlag, EventKind
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import create_run, event, store_chunk

pytestmark = pytest.mark.django_db


def page(client: Client, run: Run, query: str = "") -> str:
    return client.get(
        f"/sessions/{run.session_id}/?run={run.number}{query}"
    ).content.decode()


def test_the_timeline_is_a_table_too(alice_client: Client, run: Run) -> None:
    text = page(alice_client, run)

    assert "<caption>Hits by CPU and slot</caption>" in text
    assert '<td>hits</td><td class="mono">250</td>' in text


def test_the_chosen_hit_says_where_in_the_run_it_is(
    alice_client: Client, run: Run
) -> None:
    # Hit 7 of the story stands at 70 and is its 37th event.
    assert 'data-seq="37" data-time="70"' in page(alice_client, run, "&hit=7")


@pytest.fixture
def silent(session: DebugSession) -> Run:
    """A hit, and an access that should have been one."""
    made = create_run(session, hits=1, events=2, violations=[])
    store_chunk(
        made,
        [
            event(1, EventKind.HIT, retired=5, slot=0),
            event(2, EventKind.NOT_FIRED, retired=8, slot=2, flags=EventFlag.WRITE),
        ],
    )
    return made


def test_a_problem_says_where_it_is(alice_client: Client, silent: Run) -> None:
    assert 'data-seq="2" data-time="8" data-hit=""' in page(alice_client, silent)


def test_the_table_tells_hits_from_silence(alice_client: Client, silent: Run) -> None:
    text = page(alice_client, silent)

    assert '<td>2</td><td>should have fired</td><td class="mono">1</td>' in text


def test_an_event_as_a_fragment(alice_client: Client, silent: Run) -> None:
    url = f"/sessions/{silent.session_id}/runs/1/events/2/"
    answer = alice_client.get(url)

    assert answer.status_code == 200
    assert 'id="why-pane"' in answer.content.decode()
    assert 'data-seq="2" data-time="8"' in answer.content.decode()


@pytest.mark.parametrize("seq", [1, 9])
def test_a_hit_or_nothing_is_no_event(
    alice_client: Client, silent: Run, seq: int
) -> None:
    url = f"/sessions/{silent.session_id}/runs/1/events/{seq}/"

    assert alice_client.get(url).status_code == 404


def test_an_event_that_is_not_stored_yet_is_asked_for_again(
    alice_client: Client, silent: Run
) -> None:
    Run.objects.filter(pk=silent.pk).update(state="running")
    url = f"/sessions/{silent.session_id}/runs/1/events/9/"

    assert alice_client.get(url).status_code == 202


def test_a_stranger_sees_no_event(charlie_client: Client, silent: Run) -> None:
    url = f"/sessions/{silent.session_id}/runs/1/events/2/"

    assert charlie_client.get(url).status_code == 404
