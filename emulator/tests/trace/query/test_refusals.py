"""What is not understood is refused at the character where it begins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.trace.query import QueryError, parse_query


@pytest.mark.parametrize(
    ("query", "position", "says"),
    [
        ("slott:1", 0, "no field “slott”; allowed: kind, slot"),
        ("slot:0 nonsense", 7, "“nonsense” is no term"),
        ("slot:x", 5, "“x” is not allowed"),
        ("slot:0,x", 7, "“x” is not allowed"),
        ("slot:999", 5, "0 to 3"),
        ("kind:hti", 5, "“hti” is not allowed"),
        ("kind>hit", 4, "not compared"),
        ("value:9..3", 6, "end is not before its start"),
        ("value:0..0x", 9, "“0x” is not allowed"),
        ("value:99999999999999999999", 6, "64 bits"),
        ("returned:NOTIFY_MAYBE", 9, "“NOTIFY_MAYBE” is not allowed"),
        ("called:nobody", 7, "“nobody” is not allowed"),
        ("after:3", 6, "hit(number)"),
        ("(slot:0", 0, "not closed"),
        ("slot:0)", 6, "nothing is open"),
        ("slot:0 or", 9, "ends where a term should be"),
        ("not", 3, "ends where a term should be"),
        ("-" * 100 + "slot:0", 40, "too deep"),
        ("slot:0 " * 101, 700, "too many terms"),
        ("x" * 2001, 2000, "allowed: 2000"),
    ],
)
def test_the_character_is_named(query: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_query(query, {})

    assert refused.value.position == position
    assert says in refused.value.detail


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse_query(text, {"main": 1})
    except QueryError as refused:
        assert 0 <= refused.position <= len(text)
