"""The notebook on the session page, without any script."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import DebugSession, NotebookEntry, Run
from sessions_app.notebook import kept_moment
from sessions_app.services.notebook import entry_keep
from sessions_app.states import StateView


@pytest.fixture
def two(session: DebugSession, run: Run, alice: User) -> list[NotebookEntry]:
    return [
        entry_keep(session=session, run=run, by=alice, kept=kept_moment(run, seq))
        for seq in (1, 7)
    ]


def url(session: DebugSession, tail: str = "notebook/") -> str:
    return f"/sessions/{session.pk}/{tail}"


def positions() -> list[int]:
    found = NotebookEntry.objects.order_by("position").values_list("seq", flat=True)
    return list(found)


def test_the_chosen_hit_is_kept(alice_client: Client, run: Run) -> None:
    sent = {"run": 1, "seq": 13, "moment": "entry"}
    answer = alice_client.post(url(run.session), sent)

    assert answer["Location"] == url(run.session, "?tab=notebook")
    assert NotebookEntry.objects.get().hit_no == 3


def test_a_script_gets_the_list_only(alice_client: Client, run: Run) -> None:
    sent = {"run": 1, "seq": 13, "moment": ""}
    answer = alice_client.post(url(run.session), sent, headers={"X-Fragment": "1"})

    assert (answer.status_code, b"<html" in answer.content) == (200, False)
    assert b"hit 3 of run 1" in answer.content


def test_the_page_lists_what_is_kept(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    html = alice_client.get(url(session, "")).content.decode()

    assert html.index("hit 1 of run 1") < html.index("hit 2 of run 1")


def test_moving_down_keeps_the_text_that_was_typed(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    sent = {"do": "down", "text": "typed"}
    alice_client.post(url(session, f"notebook/{two[0].pk}/"), sent)

    two[0].refresh_from_db()
    assert (positions(), two[0].text) == ([7, 1], "typed")


def test_an_entry_is_taken_out(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    sent = {"do": "remove", "text": ""}
    alice_client.post(url(session, f"notebook/{two[0].pk}/"), sent)

    assert positions() == [7]


def test_a_text_that_is_too_long_changes_nothing(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    sent = {"do": "write", "text": "x" * 10_001}
    answer = alice_client.post(
        url(session, f"notebook/{two[0].pk}/"), sent, headers={"X-Fragment": "1"}
    )

    two[0].refresh_from_db()
    assert ("at most 10 000" in answer.content.decode(), two[0].text) == (True, "")


def test_a_reader_sees_no_form(
    bob_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    html = bob_client.get(url(session, "")).content.decode()

    assert "hit 1 of run 1" in html
    assert "/notebook/" not in html


@pytest.mark.parametrize("tail", ["notebook/", "notebook/{}/"])
def test_a_reader_changes_nothing(
    bob_client: Client, session: DebugSession, two: list[NotebookEntry], tail: str
) -> None:
    sent = {"run": 1, "seq": 13, "do": "remove"}
    answer = bob_client.post(url(session, tail.format(two[0].pk)), sent)

    assert (answer.status_code, positions()) == (403, [1, 7])


def test_hostile_text_is_only_text(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    sent = {"do": "write", "text": "</textarea><script>alert(1)</script>"}
    alice_client.post(url(session, f"notebook/{two[0].pk}/"), sent)

    assert b"<script>alert" not in alice_client.get(url(session, "")).content


def state(client: Client, session: DebugSession, query: str) -> StateView:
    answer = client.get(url(session, f"?run=1&{query}"))
    found: StateView = answer.context["state"]
    return found


def test_registers_are_compared_with_a_kept_moment(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    """rax holds the number of the hit."""
    told = state(alice_client, session, "hit=9&since=7")

    (rax,) = [r for r in told.registers if r.name == "rax"]
    assert (rax.value, rax.before) == (9, 2)
    assert told.since == "since hit 2 of run 1, kept"


@pytest.mark.parametrize("since", ["previous", "", "nonsense", "13"])
def test_otherwise_with_the_previous_hit(
    alice_client: Client,
    session: DebugSession,
    two: list[NotebookEntry],
    since: str,
) -> None:
    told = state(alice_client, session, f"hit=9&since={since}")

    (rax,) = [r for r in told.registers if r.name == "rax"]
    assert (rax.before, told.since) == (8, "since the previous hit")


def test_a_later_moment_is_no_choice(
    alice_client: Client, session: DebugSession, two: list[NotebookEntry]
) -> None:
    answer = alice_client.get(url(session, "?run=1&hit=2"))

    assert [e.words for e in answer.context["moment"].earlier] == [
        "the previous hit",
        "hit 1 of run 1, kept",
    ]
