"""Subjects of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.mail.subject import Subject, parse_subject


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[PATCH] one", Subject("one", is_patch=True)),
        ("[PATCH 2/4] two", Subject("two", False, True, 1, 2, 4)),
        ("[PATCH v3 0/4] cover", Subject("cover", False, True, 3, 0, 4)),
        ("[PATCHv2 1/2] glued", Subject("glued", False, True, 2, 1, 2)),
        ("[RFC PATCH v2] words", Subject("words", False, True, 2, rfc=True)),
        ("[PATCH RFC,v2 1/1] a", Subject("a", False, True, 2, 1, 1, rfc=True)),
        ("[RFC 1/2] x", Subject("x", False, True, 1, 1, 2, rfc=True)),
        ("[RFC] only words", Subject("only words", rfc=True)),
        ("[PATCH RESEND v4] x", Subject("x", False, True, 4, resend=True)),
        (
            "[PATCH net-next v2] x",
            Subject("x", False, True, 2, tags=("net-next",)),
        ),
        ("[tip:x86] [PATCH] y", Subject("y", False, True, tags=("tip:x86",))),
        ("Re: [PATCH 1/4] x86: y", Subject("x86: y", True, True, 1, 1, 4)),
        ("RE: AW: Re[2]: [PATCH] z", Subject("z", True, True)),
        ("[PATCH 5/4] odd", Subject("odd", False, True, tags=("5/4",))),
        ("plain", Subject("plain")),
        ("", Subject("")),
        ("Re:", Subject("", True)),
    ],
)
def test_what_it_says(text: str, expected: Subject) -> None:
    assert parse_subject(text) == expected


def test_zero_of_n_is_the_cover() -> None:
    assert parse_subject("[PATCH 0/3] a").is_cover
    assert not parse_subject("[PATCH 1/3] a").is_cover


@given(st.text(max_size=80))
def test_any_text_is_a_subject(text: str) -> None:
    assert isinstance(parse_subject(text), Subject)
