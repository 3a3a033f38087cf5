"""Threads and series of a pile of messages."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.message import Message, parse_message
from sessions_app.mail.series import Topic, read_series
from sessions_app.mail.threads import threads_of
from sessions_app.tests.mail.letters import letter

START = datetime.fromisoformat("2026-01-01T12:00:00+00:00")


def mail(name: str, subject: str = "", parent: str = "", **more: Any) -> Message:
    """name is its Message-ID; minute its date."""
    minute = more.pop("minute", 0)
    body = more.pop("body", "x\n")
    headers = {
        "Message_ID": f"<{name}@x>",
        "Date": format_datetime(START + timedelta(minutes=minute)),
    }
    if parent:
        headers["In_Reply_To"] = f"<{parent}@x>"
    return parse_message(letter(subject or name, body, **(headers | more)))


def shape(messages: list[Message]) -> list[list[tuple[str, int]]]:
    return [
        [(each.message.message_id.partition("@")[0], each.depth) for each in t.placed]
        for t in threads_of(messages)
    ]


def test_answers_stand_below_what_they_answer() -> None:
    pile = [
        mail("a", minute=0),
        mail("b", parent="a", minute=3),
        mail("c", parent="a", minute=1),
        mail("d", parent="c", minute=2),
    ]

    assert shape(pile) == [[("a", 0), ("c", 1), ("d", 2), ("b", 1)]]


def test_a_parent_that_is_not_here_joins_its_children() -> None:
    pile = [mail("b", parent="gone"), mail("c", parent="gone", minute=1)]

    assert shape(pile) == [[("b", 0), ("c", 0)]]
    assert threads_of(pile)[0].root == "gone@x"


def test_references_help_where_the_parent_is_missing() -> None:
    last = mail("c", References="<a@x> <gone@x>", In_Reply_To="<gone@x>", minute=1)

    assert shape([mail("a"), last]) == [[("a", 0), ("c", 1)]]


def test_a_copy_counts_once() -> None:
    assert shape([mail("a"), mail("a")]) == [[("a", 0)]]


def test_a_ring_has_all_its_messages() -> None:
    pile = [mail("a", parent="b"), mail("b", parent="a", minute=1)]

    assert sorted(name for name, _ in shape(pile)[0]) == ["a", "b"]


def test_a_chain_of_thousands_ends() -> None:
    pile = [mail("0")] + [
        mail(str(n), parent=str(n - 1), minute=n) for n in range(1, 3000)
    ]

    (thread,) = threads_of(pile)

    assert [m.message_id for m in thread.messages] == [f"{n}@x" for n in range(3000)]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=10), st.randoms())
def test_every_message_is_in_one_thread(
    parents: list[int], order: random.Random
) -> None:
    pile = [mail(str(n), parent=str(p), minute=n) for n, p in enumerate(parents)]
    order.shuffle(pile)

    placed = [name for thread in shape(pile) for name, _ in thread]

    assert sorted(placed) == sorted(str(n) for n in range(len(parents)))


# Series.


def topics(*messages: Message) -> list[Topic]:
    return read_series(messages)[1]


def v(number: int) -> str:
    return f"v{number} " if number > 1 else ""


def posting(version: int, *titles: str, cover: str = "", **more: Any) -> list[Message]:
    """A series as git send-email threads it."""
    tag, total, minute = f"p{version}", len(titles), 100 * version
    found = []
    parent = ""
    if cover:
        subject = f"[PATCH {v(version)}0/{total}] {cover}"
        found.append(mail(f"{tag}-0", subject, minute=minute, **more))
        parent = f"{tag}-0"
    for n, title in enumerate(titles, start=1):
        subject = f"[PATCH {v(version)}{n}/{total}] {title}"
        found.append(mail(f"{tag}-{n}", subject, parent, minute=minute + n, **more))
        parent = parent or f"{tag}-1"
    return found


def test_a_series_has_its_cover_and_patches() -> None:
    (topic,) = topics(*posting(1, "one", "two", cover="Both"))

    (version,) = topic.versions
    assert (version.title, version.total, version.missing) == ("Both", 2, ())
    assert [p.subject.title for p in version.patches] == ["one", "two"]


def test_a_missing_patch_is_named() -> None:
    found = posting(1, "one", "two", "three", cover="All")
    del found[2]

    assert topics(*found)[0].latest.missing == (2,)


def test_answers_are_no_patches() -> None:
    found = posting(1, "one", "two", cover="Both")
    answer = mail("r", "Re: [PATCH 1/2] one", "p1-1", minute=50)

    assert len(topics(*found, answer)[0].latest.patches) == 2


def test_versions_are_joined_by_cover_and_author() -> None:
    first = posting(1, "one", "two", cover="Both")
    second = posting(2, "one", "other", cover="Both")

    (topic,) = topics(*second, *first)

    assert [version.version for version in topic.versions] == [1, 2]


def test_versions_are_joined_by_their_titles() -> None:
    (topic,) = topics(*posting(1, "one", "two"), *posting(2, "zero", "one", "two"))

    assert len(topic.versions) == 2


def test_versions_are_joined_by_change_id() -> None:
    body = "Change-Id: 20260101-dr7-v1-abc\n"
    (topic,) = topics(*posting(1, "one", body=body), *posting(2, "renamed", body=body))

    assert len(topic.versions) == 2


@pytest.mark.parametrize(
    "other",
    [
        posting(2, "something else"),
        posting(2, "one", From="Mallory <mallory@example.org>"),
    ],
)
def test_what_does_not_belong_is_a_topic_of_its_own(other: list[Message]) -> None:
    assert len(topics(*posting(1, "one"), *other)) == 2


def test_of_a_patch_that_came_twice_the_last_counts() -> None:
    found = posting(1, "one", "two", cover="Both")
    again = mail("again", "[PATCH 2/2] two", "p1-0", minute=199, body="better\n")

    (topic,) = topics(*found, again)

    assert topic.latest.patches[1].message.body == "better\n"


def test_single_patches_are_series_of_one() -> None:
    (topic,) = topics(mail("a", "[PATCH] alone"))

    assert (topic.latest.total, topic.latest.title) == (1, "alone")


def test_rfc_and_resend_are_told() -> None:
    (topic,) = topics(mail("a", "[RFC PATCH RESEND] alone"))

    assert (topic.latest.rfc, topic.latest.resend) == (True, True)
