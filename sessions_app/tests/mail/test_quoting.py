"""Remarks of replies at the lines they speak of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.quoting import remarks_of
from sessions_app.tests.mail.letters import PATCH

LINES = PATCH.split("\n")


def quoted(first: str, last: str) -> str:
    """The stretch of the patch from one line to another, as a mail program quotes it."""
    start = next(n for n, line in enumerate(LINES) if first in line)
    end = next(n for n, line in enumerate(LINES) if last in line and n >= start)
    return "\n".join(f"> {line}" for line in LINES[start : end + 1])


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(LINES, start=1) if text in line)


def test_a_remark_stands_under_the_line_that_it_follows() -> None:
    reply = f"On Thu, Alice wrote:\n{quoted('get_debugreg', 'cpu = get_cpu')}\n\nWho puts it back?\n"

    (remark,) = remarks_of(reply, PATCH)

    assert (remark.text, remark.at) == ("Who puts it back?", line_of("cpu = get_cpu"))
    assert remark.first == line_of("get_debugreg")


def test_each_remark_has_its_own_line() -> None:
    reply = "\n".join(
        [
            quoted("get_debugreg", "set_debugreg"),
            "Fine.",
            quoted("for (i = 0; i < HBP_NUM; i++)", "if (!(dr6"),
            "likely() was there for a reason.",
            "",
            "Was it measured?",
            "-- ",
            "Bob",
        ]
    )

    found = remarks_of(reply, PATCH)

    assert [(r.text, r.at) for r in found] == [
        ("Fine.", line_of("set_debugreg")),
        (
            "likely() was there for a reason.\n\nWas it measured?",
            line_of("if (!(dr6"),
        ),
    ]


def test_words_of_the_commit_message_are_found_too() -> None:
    reply = (
        "> The handler wrote 0 and nobody put it back.\nhw_breakpoint_restore does.\n"
    )

    (remark,) = remarks_of(reply, PATCH)

    assert remark.at == line_of("nobody put it back")


@pytest.mark.parametrize(
    "mangle",
    [
        lambda q: q.replace("> ", ">"),
        lambda q: q.replace("\t", "        "),
        lambda q: q.replace("> +", ">  +"),
        lambda q: q + "\n>\n> ",
    ],
)
def test_mail_programs_that_change_spaces_are_understood(mangle) -> None:
    reply = mangle(quoted("get_debugreg", "cpu = get_cpu")) + "\nWhy?\n"

    (remark,) = remarks_of(reply, PATCH)

    assert remark.at == line_of("cpu = get_cpu")


def test_what_is_quoted_of_somebody_else_is_not_looked_for_here() -> None:
    (remark,) = remarks_of("> > get_debugreg(dr7, 7);\nno\n", PATCH)

    assert (remark.at, remark.first, remark.text) == (0, 0, "no")


def test_text_that_is_not_in_the_parent_has_no_line() -> None:
    (remark,) = remarks_of("> something else\nno\n", PATCH)

    assert (remark.at, remark.quoted) == (0, ("something else",))


def test_a_reply_on_top_speaks_of_the_whole() -> None:
    reply = (
        "Looks good to me.\n\nOn Thu, Alice\n<alice@example.org> wrote:\n"
        "> The handler wrote 0 and nobody put it back.\n"
    )

    (remark,) = remarks_of(reply, PATCH)

    assert (remark.at, remark.text) == (0, "Looks good to me.")


def test_everything_quoted_twice_is_found_once() -> None:
    block = quoted("get_debugreg", "cpu = get_cpu")
    found = remarks_of(f"{block}\n{block}\nWhy?\n", PATCH)

    assert [(r.text, r.at) for r in found] == [("Why?", line_of("cpu = get_cpu"))]


def test_of_two_places_the_next_one_down_is_meant() -> None:
    parent = "x = 1;\ny = 2;\nx = 1;\nz = 3;\n"
    reply = "> y = 2;\nfirst\n> x = 1;\nsecond\n"

    assert [r.at for r in remarks_of(reply, parent)] == [2, 3]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.sampled_from(["> a", "> b", ">", "> > c", "own", "", "x wrote:", "-- "])
    ),
    st.lists(st.sampled_from(["a", "b", "c", ""])),
)
def test_a_line_that_is_named_is_there(reply: list[str], parent: list[str]) -> None:
    for remark in remarks_of("\n".join(reply), "\n".join(parent)):
        assert 0 <= remark.first <= remark.at <= len(parent)
        assert remark.text.strip()
