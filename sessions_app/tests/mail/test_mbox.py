"""Files taken apart into messages."""

from __future__ import annotations

import gzip
import mailbox
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.errors import InvalidMail
from sessions_app.mail import mbox as module
from sessions_app.mail.mbox import MAX_FILE, split_mbox
from sessions_app.mail.message import parse_message
from sessions_app.tests.mail.letters import letter, mbox

THREE = [letter(f"number {n}", f"Body {n}.\n") for n in range(3)]


def subjects(data: bytes) -> list[str]:
    return [parse_message(raw).subject for raw in split_mbox(data)]


def test_an_mbox_is_its_messages() -> None:
    assert subjects(mbox(*THREE)) == ["number 0", "number 1", "number 2"]


def test_it_splits_as_pythons_mailbox_does(tmp_path: Path) -> None:
    path = tmp_path / "box"
    box = mailbox.mbox(path)
    for raw in THREE:
        box.add(raw)
    box.close()

    again = mailbox.mbox(path)
    told = [m["Subject"] for m in again]
    again.close()
    assert subjects(path.read_bytes()) == told == ["number 0", "number 1", "number 2"]


def test_gzip_is_unpacked() -> None:
    assert len(split_mbox(gzip.compress(mbox(*THREE)))) == 3


@pytest.mark.parametrize("raw", [THREE[0], THREE[0].replace(b"\n", b"\r\n")])
def test_a_single_message_is_one(raw: bytes) -> None:
    assert subjects(raw) == ["number 0"]


def test_format_patch_is_split_at_its_commits() -> None:
    line = b"From %s Mon Sep 17 00:00:00 2001\n"
    commits = [line % (b"%040x" % n) + raw + b"\n" for n, raw in enumerate(THREE)]

    assert len(subjects(b"".join(commits))) == 3


def test_a_body_that_says_from_is_not_split() -> None:
    raw = letter("one", "Hello.\n\nFrom here on it is wrong in 2010\nyes\n")

    (only,) = split_mbox(mbox(raw))

    assert b"\nFrom here on it is wrong in 2010\n" in only


def test_a_patch_alone_is_a_message() -> None:
    (only,) = split_mbox(b"diff --git a/x b/x\n--- a/x\n+++ b/x\n")

    assert only.startswith(b"diff --git")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (gzip.compress(mbox(*THREE))[:-9], "damaged"),
        (b"\x1f\x8bnonsense", "damaged"),
        (gzip.compress(bytes(MAX_FILE + 1)), "too large"),
    ],
)
def test_what_is_no_mail_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InvalidMail, match=says):
        split_mbox(data)


def test_a_bomb_is_not_unpacked_whole() -> None:
    bomb = gzip.compress(bytes(200 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(InvalidMail):
            split_mbox(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2 * MAX_FILE


def test_too_many_messages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MESSAGES", 2)

    with pytest.raises(InvalidMail, match="more than 2 messages"):
        split_mbox(mbox(*THREE))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from([b"From ", b"\n", b"a@b 2010", b"Subject: x", b">"])))
def test_nothing_is_lost(pieces: list[bytes]) -> None:
    """All bytes but envelope lines and quote marks come out again."""
    data = b"X: y\n" + b"".join(pieces)

    found = b"".join(split_mbox(data))

    left = [line.lstrip(b">") for line in found.split(b"\n") if line.strip()]
    given_ = [line.lstrip(b">") for line in data.split(b"\n") if line.strip()]
    assert [x for x in given_ if not x.startswith(b"From ")] == [
        x for x in left if not x.startswith(b"From ")
    ]
