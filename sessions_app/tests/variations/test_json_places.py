"""Fields found in a text."""

from __future__ import annotations

import pytest

from sessions_app.json_places import Place, place_of, syntax_error

TEXT = """\
{
  "a\\"b": [1, {"c": "x,}]"}],
  "limits": {
    "events": 5, "e": []
  },
  "é": -1.5e3
}
"""


@pytest.mark.parametrize(
    ("field", "line", "column"),
    [
        ("limits", 3, 3),
        ("limits.events", 4, 5),
        ("limits.e", 4, 18),
        ("limits.e[0]", 4, 18),
        ("limits.missing", 3, 3),
        ("missing", 1, 1),
        ("missing[3].deep", 1, 1),
        ("é", 6, 3),
        ("", 1, 1),
    ],
)
def test_a_field_has_a_line_and_a_column(field: str, line: int, column: int) -> None:
    assert place_of(TEXT, field) == Place(line, column)


@pytest.mark.parametrize(
    ("field", "column"), [("x[0]", 8), ("x[1]", 11), ("x[1].c", 12), ("x[2]", 24)]
)
def test_items_are_found_by_number(field: str, column: int) -> None:
    text = '{"x": [1, {"c": ",]"}, [true]]}'

    assert place_of(text, field) == Place(1, column)


def test_an_error_without_a_field_has_no_place() -> None:
    assert place_of(TEXT, None) is None


def test_a_text_that_is_no_json_has_no_fields() -> None:
    assert place_of("{", "a") is None


def test_broken_json_is_pointed_at() -> None:
    found = syntax_error('{\n "a": 1,\n}')

    assert found is not None
    assert found[0] == Place(3, 1)


def test_a_text_of_nothing_but_brackets_is_refused_politely() -> None:
    assert syntax_error("[" * 100_000) is not None
