"""Messages as they are read: charsets, encodings, broken headers."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.message import MAX_MESSAGE, Message, parse_message
from sessions_app.tests.mail.letters import PATCH, letter

HEADS = b"From: a@b.org\nMessage-ID: <1@x>\nDate: Thu, 28 Jan 2010 15:04:32 -0500\n"


def test_the_headers_are_read() -> None:
    message = parse_message(
        letter(
            "Re: DR7",
            To="Bob <bob@example.org>, carol@example.org",
            In_Reply_To="<first@example.org>",
            References="<root@example.org> <first@example.org>",
        )
    )

    assert message.date == datetime(2010, 1, 28, 20, 4, 32, tzinfo=UTC)
    assert (str(message.author), message.in_reply_to) == (
        "Alice <alice@example.org>",
        "first@example.org",
    )
    assert message.references == ("root@example.org", "first@example.org")
    assert [p.address for p in message.to] == ["bob@example.org", "carol@example.org"]
    assert message.problems == []


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"quoted-printable", b"=C3=BC=\nber\n"),
        (b"base64", b"w7xiZXIK"),
        (b"8bit", "über\n".encode()),
    ],
)
def test_transfer_encodings_are_undone(encoding: bytes, body: bytes) -> None:
    raw = HEADS + b"Content-Type: text/plain; charset=utf-8\n"
    raw += b"Content-Transfer-Encoding: " + encoding + b"\n\n" + body

    assert parse_message(raw).body == "über\n"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"iso-8859-15", "€ü\n".encode("iso-8859-15"), "€ü\n"),
        (b"koi8-r", "да\n".encode("koi8-r"), "да\n"),
        (b"no-such-charset", "ü\n".encode(), "ü\n"),
        (b"utf-8", b"caf\xe9\n", "café\n"),
        (b"us-ascii", "ü\n".encode(), "ü\n"),
    ],
)
def test_charsets_are_undone(charset: bytes, body: bytes, text: str) -> None:
    raw = HEADS + b"Content-Type: text/plain; charset=" + charset + b"\n\n" + body

    assert parse_message(raw).body == text


@pytest.mark.parametrize(
    "name",
    [
        b"=?utf-8?q?J=C3=BCrgen?=",
        b"=?iso-8859-1?B?SvxyZ2Vu?=",
        "Jürgen".encode(),
        "Jürgen".encode("latin-1"),
        b"=?no-such?q?J=FCrgen?=",
    ],
)
def test_names_are_decoded(name: bytes) -> None:
    raw = b"From: " + name + b" <j@example.org>\nMessage-ID: <1@x>\n\nhello\n"

    author = parse_message(raw).author

    assert (author.name, author.address) == ("Jürgen", "j@example.org")


def test_flowed_text_is_joined() -> None:
    raw = HEADS + b"Content-Type: text/plain; format=flowed\n\n"
    raw += b"> one \n> line\nand \nanother\n-- \nme\n"

    assert parse_message(raw).body == "> one line\nand another\n-- \nme\n"


def test_of_several_parts_the_plain_ones_are_shown() -> None:
    made = EmailMessage()
    made["From"], made["Message-ID"] = "a@b.org", "<1@x>"
    made["Date"] = "Thu, 28 Jan 2010 15:04:32 -0500"
    made.set_content("plain\n")
    made.add_alternative("<script>alert(1)</script>", subtype="html")
    made.add_attachment(b"--- a/x\n+++ b/x\n", maintype="text", subtype="x-patch")

    message = parse_message(made.as_bytes())

    assert message.body == "plain\n--- a/x\n+++ b/x\n"
    assert message.problems == ["1 parts that are no plain text are not shown"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"Subject: x\n\nhello\n", "no Message-ID"),
        (b"Message-ID: <1@x>\n\nhello\n", "no From"),
        (HEADS.replace(b"28 Jan", b"99 Foo") + b"\nhello\n", "no date"),
    ],
)
def test_what_is_missing_is_said(raw: bytes, problem: str) -> None:
    message = parse_message(raw)

    assert message.body == "hello\n"
    assert any(problem in each for each in message.problems)


def test_a_message_without_id_is_known_by_its_content() -> None:
    one, two = parse_message(b"Subject: x\n\na\n"), parse_message(b"Subject: x\n\nb\n")

    assert one.message_id == parse_message(b"Subject: x\n\na\n").message_id
    assert one.message_id != two.message_id


def test_a_header_cannot_bring_another() -> None:
    raw = HEADS + b"Subject: =?utf-8?q?hello=0D=0ABcc=3A_evil=40example.org?=\n\nx\n"

    assert parse_message(raw).subject == "hello Bcc: evil@example.org"


def nested(depth: int) -> bytes:
    head, tail = b"", b""
    for n in range(depth):
        border = b"b%d" % n
        head += (
            b"Content-Type: multipart/mixed; boundary="
            + border
            + b"\n\n--"
            + border
            + b"\n"
        )
        tail = b"\n--" + border + b"--\n" + tail
    return HEADS + head + b"Content-Type: text/plain\n\ndeep\n" + tail


def many(parts: int) -> bytes:
    part = b"--b\nContent-Type: text/plain\n\nx\n"
    return (
        HEADS
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + part * parts
        + b"--b--\n"
    )


@pytest.mark.parametrize("depth", [5, 50, 3000])
def test_deep_nesting_ends_nothing(depth: int) -> None:
    message = parse_message(nested(depth))

    assert message.message_id == "1@x" or message.problems
    assert depth > 5 or message.body == "deep\n"


def test_ten_thousand_parts_are_not_all_shown() -> None:
    message = parse_message(many(10_000))

    assert message.body.count("x\n") == 200
    assert "more than 200 parts; the others are not shown" in message.problems


def test_a_line_of_fifty_megabytes_is_cut_and_said() -> None:
    raw = HEADS + b"\n" + b"x" * (50 << 20)

    message = parse_message(raw)

    assert len(message.body) <= MAX_MESSAGE
    assert "see the raw text" in message.problems[0]
    assert message.raw is raw


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    b"From: ",
                    b"To: ",
                    b"Message-ID: <",
                    b">\n",
                    b"Date: ",
                    b"References: ",
                    b"Content-Type: multipart/mixed; boundary=b\n",
                    b"Content-Type: text/plain; charset=",
                    b"Content-Transfer-Encoding: base64\n",
                    b"=?utf-8?q?",
                    b"?=",
                    b"--b\n",
                    b"\n\n",
                    b"\n",
                ]
            ),
            st.binary(max_size=12),
        ),
        max_size=25,
    )
)
def test_anything_is_a_message(pieces: list[bytes]) -> None:
    message = parse_message(b"".join(pieces))

    assert isinstance(message, Message)
    assert "\n" not in message.subject + message.author.name + message.author.address
    assert "\x00" not in message.body


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_the_body_is_what_git_mailinfo_reads(tmp_path: Path, charset: str) -> None:
    made = EmailMessage()
    made["From"] = "Jürgen <j@example.org>"
    made["Subject"] = "[PATCH v2 1/3] hw_breakpoint: Für DR7"
    made["Message-ID"], made["Date"] = "<1@x>", "Thu, 28 Jan 2010 15:04:32 -0500"
    made.set_content(PATCH.replace("nobody", "niemand: ü"), charset=charset)
    raw = made.as_bytes()

    told = subprocess.run(
        ["git", "mailinfo", "-k", "--scissors", tmp_path / "msg", tmp_path / "patch"],
        input=raw,
        capture_output=True,
        check=True,
    ).stdout.decode()

    body = (tmp_path / "msg").read_text() + (tmp_path / "patch").read_text()
    message = parse_message(raw)
    assert message.body == body
    assert f"Author: {message.author.name}\n" in told
    assert f"Subject: {message.subject}\n" in told
