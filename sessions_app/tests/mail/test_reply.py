"""Reviews as mail: read back by Python's email and by git."""

from __future__ import annotations

import email
import email.policy
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.message import Message, Person, parse_message
from sessions_app.mail.quoting import remarks_of
from sessions_app.mail.reply import Reply, Said, evidence_block, reply_text, reply_to
from sessions_app.tests.mail.letters import PATCH, letter

BOB = Person("Bob Ü", "bob@example.org")
REPLY = Reply(BOB, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "answer@example.org")
LINES = PATCH.split("\n")


@pytest.fixture
def parent() -> Message:
    return parse_message(
        letter(
            "[PATCH v2 1/3] hw_breakpoint: DR7",
            PATCH,
            To="linux-kernel@example.org, bob@example.org",
            Cc="Carol <carol@example.org>, alice@example.org",
            References="<root@example.org> <cover@example.org>",
            In_Reply_To="<cover@example.org>",
            Message_ID="<patch@example.org>",
        )
    )


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(LINES, start=1) if text in line)


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def test_it_goes_to_the_author_and_everybody_else(parent: Message) -> None:
    made = read(reply_to(parent, REPLY, []))

    assert made["To"].addresses[0].addr_spec == "alice@example.org"
    assert [a.addr_spec for a in made["Cc"].addresses] == [
        "linux-kernel@example.org",
        "carol@example.org",
    ]
    assert made["From"].addresses[0].display_name == "Bob Ü"


def test_it_hangs_below_the_patch(parent: Message) -> None:
    made = read(reply_to(parent, REPLY, []))

    assert made["In-Reply-To"] == "<patch@example.org>"
    assert made["References"].split() == [
        "<root@example.org>",
        "<cover@example.org>",
        "<patch@example.org>",
    ]
    assert made["Subject"] == "Re: [PATCH v2 1/3] hw_breakpoint: DR7"


def test_an_answer_to_an_answer_says_re_once(parent: Message) -> None:
    again = parse_message(reply_to(parent, REPLY, [Said("x")]))

    assert read(reply_to(again, REPLY, []))["Subject"].count("Re:") == 1


def test_the_quote_is_trimmed_to_what_is_spoken_of(parent: Message) -> None:
    at = line_of("cpu = get_cpu")
    text = reply_text(parent, [Said("Why?", at)])

    assert text.startswith(
        "On Thu, 28 Jan 2010 20:04:32 +0000, Alice wrote:\n> [...]\n"
    )
    quoted = [line for line in text.split("\n") if line.startswith("> ")]
    assert quoted[1] == f"> {LINES[line_of('@@ ') - 1]}"
    assert quoted[-1] == f"> {LINES[at - 1]}"


def test_a_range_is_quoted_whole(parent: Message) -> None:
    first, last = line_of("-\tfor"), line_of("+\t\tif (!")
    text = reply_text(parent, [Said("Why?", last, first)])

    quoted = [line for line in text.split("\n") if line.startswith("> ")][1:]
    assert quoted == [f"> {line}" for line in LINES[first - 1 : last]]


def test_remarks_stand_in_the_order_of_the_patch(parent: Message) -> None:
    said = [Said("second", line_of("cpu = get_cpu")), Said("first", line_of("nobody"))]

    text = reply_text(parent, said)

    assert text.index("first") < text.index("second")


def test_no_line_is_quoted_twice(parent: Message) -> None:
    at = line_of("cpu = get_cpu")
    text = reply_text(
        parent, [Said("one", at), Said("two", at + 1), Said("three", at + 1)]
    )

    assert text.count("cpu = get_cpu") == 1


def test_words_are_wrapped_and_code_is_not(parent: Message) -> None:
    long = "This is a sentence of many words. " * 8
    code = (
        "    if (something_with_a_long_name && something_else_with_a_long_name && more)"
    )
    text = reply_text(parent, [Said(f"{long}\n\n{code}")])

    words = [line for line in text.split("\n") if line.startswith("This")]
    assert max(map(len, text.split("\n")[:4])) <= 72
    assert words
    assert code in text


def test_links_stand_alone_and_whole(parent: Message) -> None:
    link = "https://example.org/sessions/" + "x" * 80
    text = reply_text(parent, [Said("See there.", line_of("nobody"), links=(link,))])

    assert f"\n{link}\n" in text


def test_what_speaks_of_the_whole_stands_on_top(parent: Message) -> None:
    text = reply_text(parent, [Said("Nice.")])

    assert text.startswith("Nice.\n\nOn Thu")


def test_our_own_reader_finds_the_lines_again(parent: Message) -> None:
    at = [line_of("nobody"), line_of("cpu = get_cpu"), line_of("rcu_read_lock")]
    raw = reply_to(
        parent, REPLY, [Said(f"Remark {n}.", line) for n, line in enumerate(at)]
    )

    found = remarks_of(parse_message(raw).body, parent.body)

    assert [(r.text, r.at) for r in found] == [
        (f"Remark {n}.", line) for n, line in enumerate(at)
    ]


def test_a_block_of_evidence_closes_it(parent: Message) -> None:
    block = evidence_block(
        BOB, [("stale-dr7 on g-bare: stops:2", "ab" * 32, "https://x/1")]
    )

    text = reply_text(parent, [Said("Fine.")], block)

    assert text.endswith(f"{block}\n")
    assert block.startswith("Tested-by: Bob Ü <bob@example.org>\n")


@pytest.mark.parametrize(
    "name",
    ["Bob\nBcc: evil@example.org", "Bob\r\nX: y", '"quoted" <x>', "Jürgen, von", ""],
)
def test_a_name_brings_no_header(parent: Message, name: str) -> None:
    reply = Reply(Person(" ".join(name.split()), "b@example.org"), REPLY.date, "1@x")

    made = read(reply_to(parent, reply, []))

    assert set(made.keys()) <= {
        *("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To"),
        *("References", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert made["From"].addresses[0].addr_spec == "b@example.org"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_mailinfo_reads_it(parent: Message, tmp_path: Path) -> None:
    raw = reply_to(parent, REPLY, [Said("Größe?", line_of("nobody"))])

    told = subprocess.run(
        ["git", "mailinfo", "-k", tmp_path / "msg", tmp_path / "patch"],
        input=raw,
        capture_output=True,
        check=True,
    ).stdout.decode()

    assert f"Author: {BOB.name}\nEmail: {BOB.address}\n" in told
    assert "Subject: Re: [PATCH v2 1/3] hw_breakpoint: DR7\n" in told
    body = (tmp_path / "msg").read_text() + (tmp_path / "patch").read_text()
    assert body == parse_message(raw).body


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_whatever_came_can_be_answered(data: st.DataObject) -> None:
    pieces = st.sampled_from(
        [
            b"From: ",
            b"\n",
            b"Subject: ",
            b"To: ",
            b"@",
            b"<a@b>",
            b"Message-ID: <1@x>\n",
        ]
    )
    raw = b"".join(data.draw(st.lists(st.one_of(pieces, st.binary(max_size=6)))))
    came = parse_message(raw)
    at = data.draw(st.integers(0, 5))

    made = read(reply_to(came, REPLY, [Said("Hm.", at)]))

    assert made["In-Reply-To"] is not None
    assert "Hm." in made.get_content()
