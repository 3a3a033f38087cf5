"""A notebook as a Markdown document."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import DebugSession, Run
from sessions_app.notebook import kept_moment
from sessions_app.services.notebook import entry_keep
from sessions_app.services.sessions import session_edit


@pytest.fixture
def filled(session: DebugSession, run: Run, alice: User) -> DebugSession:
    Run.objects.filter(pk=run.pk).update(digest="ab" * 32, emulator_version="0.9")
    for seq, text in ((1, "It *counts*."), (7, "")):
        kept = kept_moment(run, seq, "iret")
        entry_keep(session=session, run=run, by=alice, kept=kept, text=text)
    return session


def document(client: Client, session: DebugSession) -> str:
    return client.get(f"/sessions/{session.pk}/notebook.md").content.decode()


def test_each_moment_is_a_heading_in_order(
    alice_client: Client, filled: DebugSession
) -> None:
    lines = document(alice_client, filled).splitlines()

    heads = [line.partition(".")[0] for line in lines if line.startswith("## ")]
    assert heads == ["## 1", "## 2"]


def test_each_moment_is_linked_to_its_page(
    alice_client: Client, filled: DebugSession
) -> None:
    link = f"http://testserver/sessions/{filled.pk}/?run=1&hit=2&moment=iret"

    assert f"[hit 2 of run 1, after IRET]({link})" in document(alice_client, filled)


def test_the_link_opens_the_moment(alice_client: Client, filled: DebugSession) -> None:
    answer = alice_client.get(f"/sessions/{filled.pk}/?run=1&hit=2&moment=iret")

    assert answer.context["moment"].number == 2


def test_runs_stand_with_recipe_and_digest(
    alice_client: Client, filled: DebugSession, run: Run
) -> None:
    told = document(alice_client, filled)

    assert f"`{run.recipe_id}` | `{'ab' * 32}` | 0.9 |" in told


def test_what_people_wrote_stays_markdown(
    alice_client: Client, filled: DebugSession
) -> None:
    assert "\nIt *counts*.\n" in document(alice_client, filled)


def test_a_title_is_no_markup(alice_client: Client, filled: DebugSession) -> None:
    session_edit(session=filled, title="<b> [x](http://evil) *y*\n# z")

    head = document(alice_client, filled).splitlines()[0]

    assert head == r"# \<b\> \[x\](http://evil) \*y\* \# z"


def test_it_is_a_download_with_a_name(
    alice_client: Client, filled: DebugSession
) -> None:
    answer = alice_client.get(f"/sessions/{filled.pk}/notebook.md")

    assert (
        answer["Content-Disposition"] == 'attachment; filename="a-watched-counter.md"'
    )


def test_a_reader_has_it_too(bob_client: Client, filled: DebugSession) -> None:
    assert document(bob_client, filled).startswith("# A watched counter")


def test_others_do_not(charlie_client: Client, filled: DebugSession) -> None:
    assert charlie_client.get(f"/sessions/{filled.pk}/notebook.md").status_code == 404
