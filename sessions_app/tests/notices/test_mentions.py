"""``@name``: whom a text calls, and how it is marked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from sessions_app.services.notices.mentions import (
    MAX_CALLED,
    called_in,
    known_names,
    names_in,
)
from sessions_app.templatetags.mail import said
from sessions_app.templatetags.notices import mentioned
from sessions_app.tests.factories import create_user

BOB = '<b class="mention">@bob</b>'


@pytest.mark.parametrize(
    "text",
    [
        "@bob",
        "Look, @bob: it is DR7.",
        "(@bob)",
        "@bob, @bob",
        "**@bob**",
        "> @bob",
        "first\n\n@bob.",
        "`code` @bob",
        "https://example.org/ @bob",
        "x &@bob",
    ],
)
def test_a_name_is_called(text: str) -> None:
    assert "bob" in names_in(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("bob@bob", id="an-address"),
        pytest.param("x.y@bob", id="an-address-with-a-dot"),
        pytest.param("`@bob`", id="a-code-span"),
        pytest.param("```\n@bob\n```", id="a-fence"),
        pytest.param("```\n@bob", id="a-fence-without-end"),
        pytest.param("    @bob", id="an-indented-line"),
        pytest.param("\t@bob", id="a-tab"),
        pytest.param("https://example.org/@bob", id="a-link"),
        pytest.param("https://example.org/?of=@bob", id="a-query"),
        pytest.param("@@bob", id="two-signs"),
        pytest.param("@ bob", id="a-space"),
        pytest.param("@", id="nothing"),
    ],
)
def test_a_name_is_not_called(text: str) -> None:
    assert "bob" not in names_in(text)


def test_a_full_stop_ends_a_name(db: None) -> None:
    bob = create_user("bob")

    assert called_in("Ask @bob.", User.objects.all()) == [bob]


def test_a_name_may_hold_one(db: None) -> None:
    longer = create_user("bob.jones")
    create_user("bob")

    assert called_in("Ask @bob.jones.", User.objects.all()) == [longer]


def test_a_longer_word_is_another_name(db: None) -> None:
    create_user("bob")

    assert called_in("Ask @bobby.", User.objects.all()) == []


def test_a_name_is_spelled_as_it_is(db: None) -> None:
    create_user("bob")

    assert called_in("Ask @Bob.", User.objects.all()) == []


def test_nobody_is_called_twice(db: None) -> None:
    bob = create_user("bob")

    assert called_in("@bob @bob", User.objects.all()) == [bob]


def test_a_remark_calls_so_many_at_most() -> None:
    text = " ".join(f"@user{n}" for n in range(MAX_CALLED + 5))

    assert len(names_in(text)) == MAX_CALLED


def test_texts_without_names_ask_nothing(
    db: None, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):
        assert known_names(["no name"] * 100, User.objects.all()) == frozenset()


def test_texts_with_names_ask_once(db: None, django_assert_num_queries: object) -> None:
    create_user("bob")
    with django_assert_num_queries(1):
        assert known_names(["@bob", "@eve"] * 100, User.objects.all()) == {"bob"}


@pytest.mark.parametrize("words", [mentioned, said])
def test_a_known_name_is_marked(words: object) -> None:
    assert BOB in words("Ask @bob.", {"bob"})


@pytest.mark.parametrize("words", [mentioned, said])
@pytest.mark.parametrize(
    "text",
    [
        "@eve",
        "`@bob`",
        "https://example.org/?x=@bob",
        "https://example.org/@bob",
        "me@bob",
    ],
)
def test_nothing_else_is(words: object, text: str) -> None:
    assert "mention" not in words(text, {"bob"})


def test_code_blocks_of_a_remark_are_not() -> None:
    assert "mention" not in said("```\n@bob\n```\n\n    @bob", {"bob"})


@pytest.mark.parametrize("words", [mentioned, said])
def test_what_stands_around_is_escaped(words: object) -> None:
    shown = words("<b>@bob</b><script>", {"bob"})

    assert f"&lt;b&gt;{BOB}&lt;/b&gt;&lt;script&gt;" in shown


def test_a_link_stays_one() -> None:
    shown = said("see https://example.org/a?b=1&c=2 @bob", {"bob"})

    assert '<a href="https://example.org/a?b=1&amp;c=2"' in shown
    assert BOB in shown
