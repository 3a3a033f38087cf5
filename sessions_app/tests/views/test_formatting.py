"""What the template filters make of text that people or machines wrote."""

from __future__ import annotations

import pytest

from sessions_app.templatetags.machine import prose, switch_value


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one\ntwo</p>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("a `dr7` b", "<p>a <code>dr7</code> b</p>"),
        ("**not** so", "<p><b>not</b> so</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("`<b>` & **<i>**", "<p><code>&lt;b&gt;</code> &amp; <b>&lt;i&gt;</b></p>"),
        ("", ""),
    ],
)
def test_prose_knows_paragraphs_code_and_bold(text: str, html: str) -> None:
    assert prose(text) == html


@pytest.mark.parametrize(
    ("value", "word"),
    [(True, "true"), (False, "false"), (1, "1"), (0, "0"), ("none", "none")],
)
def test_a_switch_is_spelled_as_in_a_recipe(value: object, word: str) -> None:
    assert switch_value(value) == word
