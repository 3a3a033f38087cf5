"""Moments in a notebook keep an order without gaps."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from sessions_app.errors import NotebookFull
from sessions_app.models import DebugSession, NotebookEntry, Run
from sessions_app.services import notebook
from sessions_app.services.notebook import (
    Kept,
    entry_edit,
    entry_keep,
    entry_move,
    entry_remove,
)


def kept(seq: int, moment: str = "") -> Kept:
    return Kept(seq, None, moment, f"moment {seq}", "", "")


@pytest.fixture
def four(session: DebugSession, run: Run, alice: User) -> list[NotebookEntry]:
    return [
        entry_keep(session=session, run=run, by=alice, kept=kept(seq))
        for seq in (1, 2, 3, 4)
    ]


def order(session: DebugSession) -> list[tuple[int, int]]:
    entries = NotebookEntry.objects.filter(session=session).order_by("position")
    return [(entry.position, entry.seq) for entry in entries]


def test_a_kept_moment_stands_at_the_end(
    session: DebugSession, four: list[NotebookEntry]
) -> None:
    assert order(session) == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.parametrize(
    ("which", "to", "expected"),
    [
        (0, 3, [2, 3, 1, 4]),
        (3, 1, [4, 1, 2, 3]),
        (1, 2, [1, 2, 3, 4]),
        (0, 99, [2, 3, 4, 1]),
        (2, 0, [3, 1, 2, 4]),
    ],
)
def test_moving_closes_up(
    session: DebugSession,
    four: list[NotebookEntry],
    which: int,
    to: int,
    expected: list[int],
) -> None:
    entry_move(entry=four[which], position=to)

    assert order(session) == list(enumerate(expected, start=1))


def test_taking_out_closes_up(session: DebugSession, four: list[NotebookEntry]) -> None:
    entry_remove(entry=four[1])

    assert order(session) == [(1, 1), (2, 3), (3, 4)]


def test_the_same_moment_is_kept_once(
    session: DebugSession, run: Run, alice: User, four: list[NotebookEntry]
) -> None:
    again = entry_keep(session=session, run=run, by=alice, kept=kept(2))

    assert (again.pk, len(order(session))) == (four[1].pk, 4)


def test_keeping_again_does_not_wipe_the_text(
    session: DebugSession, run: Run, alice: User, four: list[NotebookEntry]
) -> None:
    entry_edit(entry=four[1], text="G1 is gone")

    entry_keep(session=session, run=run, by=alice, kept=kept(2))

    assert NotebookEntry.objects.get(pk=four[1].pk).text == "G1 is gone"


def test_another_snapshot_of_the_hit_is_another_moment(
    session: DebugSession, run: Run, alice: User, four: list[NotebookEntry]
) -> None:
    entry_keep(session=session, run=run, by=alice, kept=kept(2, "iret"))

    assert len(order(session)) == 5


def test_a_full_notebook_says_so(
    session: DebugSession,
    run: Run,
    alice: User,
    four: list[NotebookEntry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notebook, "MAX_ENTRIES", 4)

    with pytest.raises(NotebookFull, match="4 moments"), transaction.atomic():
        entry_keep(session=session, run=run, by=alice, kept=kept(9))
