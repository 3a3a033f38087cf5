"""Texts that are none: where, and what was expected instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import ExpressionError
from emulator.expression import parse_expression
from emulator.expression.parse import MAX_DEPTH, MAX_NODES
from emulator.expression.tokens import MAX_LENGTH


def refused(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        pytest.param("", 1, "expected a value, found the end", id="nothing"),
        pytest.param("1 +", 4, "expected a value, found the end", id="no-operand"),
        pytest.param("* 2", 1, 'expected a value, found "*"', id="no-left-operand"),
        pytest.param("(1", 3, 'expected ")" or an operator', id="not-closed"),
        pytest.param("1)", 2, "expected an operator or the end", id="closed-twice"),
        pytest.param("rax rbx", 5, "expected an operator or the end", id="two-values"),
        pytest.param("1 ? 2", 6, 'expected ":" or an operator', id="half-a-choice"),
        pytest.param("u32", 4, 'expected "[" behind u32, found the end', id="no-place"),
        pytest.param("u32[8", 6, 'expected "]" or an operator', id="place-not-closed"),
        pytest.param("u32[]", 5, 'expected a value, found "]"', id="empty-place"),
        pytest.param("$foo", 1, 'expected a register, found "foo"', id="no-register"),
        pytest.param("$cpudr7", 1, "a register (cpu_dr7, dr7?)", id="near-register"),
        pytest.param("1 + sp", 5, "expected rsp, or rsp & 0xffff", id="sp"),
        pytest.param("$sp", 1, "expected rsp, or rsp & 0xffff", id="sp-of-gdb"),
        pytest.param("010", 1, "without a leading zero", id="octal"),
        pytest.param(
            "12ab", 1, 'expected a number (12, 0x1f, 0b101), found "12ab"', id="digits"
        ),
        pytest.param("0x", 1, 'found "0x"', id="hexadecimal-without-digits"),
        pytest.param("0b12", 1, 'found "0b12"', id="binary"),
        pytest.param("1.5", 1, 'found "1.5"', id="fraction"),
        pytest.param("1 + 0x10000000000000000", 5, "at most 64 bits", id="too-large"),
        pytest.param(
            "1 = 1",
            3,
            'expected a number, a name or an operator, found "="',
            id="assignment",
        ),
        pytest.param("`a", 1, "expected a closing `", id="symbol-not-closed"),
        pytest.param("rax @ 1", 5, 'found "@"', id="no-operator"),
    ],
)
def test_an_error_says_where_and_what(text: str, at: int, words: str) -> None:
    error = refused(text)

    assert error.at == at
    assert error.detail.startswith(f"at character {at}: ")
    assert words in error.detail


@pytest.mark.parametrize(
    ("largest", "too_large"),
    [
        pytest.param(" " * (MAX_LENGTH - 1) + "1", " " * MAX_LENGTH + "1", id="length"),
        pytest.param(
            "+".join("1" * MAX_DEPTH), "+".join("1" * (MAX_DEPTH + 1)), id="chain"
        ),
        pytest.param(
            "(" * 31 + "1" + ")" * 31, "(" * 32 + "1" + ")" * 32, id="nesting"
        ),
        pytest.param("~" * 63 + "1", "~" * 64 + "1", id="unary"),
        pytest.param(
            "&".join(["(1^1^1^1)"] * 32), "&".join(["(1^1^1^1)"] * 33), id="nodes"
        ),
    ],
)
def test_bounds(largest: str, too_large: str) -> None:
    parse_expression(largest)

    assert refused(too_large)


def test_the_bound_of_nodes_is_named() -> None:
    text = "&".join(["(1^1^1^1)"] * 33)

    assert f"at most {MAX_NODES} operators and operands" in refused(text).detail


def test_symbols_are_told_with_their_places() -> None:
    found = parse_expression("u32[counter] == fn+0x10 && `rax`").symbols

    assert [(s.name, s.at) for s in found] == [("counter", 5), ("fn", 17), ("rax", 28)]


def test_facts_are_told() -> None:
    assert parse_expression("value != old && hits > cpu").facts == {
        "value",
        "old",
        "hits",
        "cpu",
    }


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "1",
                "0x2",
                "rax",
                "$zf",
                "x",
                "u8",
                "[",
                "]",
                "(",
                ")",
                "?",
                ":",
                "-",
                "!",
            ]
            + ["<<", "&&", "==", "`", "`y`", " ", ".", "é", "\0"]
        ),
        max_size=30,
    ).map("".join)
)
def test_any_text_is_an_expression_or_an_error_with_a_place(text: str) -> None:
    try:
        parse_expression(text)
    except ExpressionError as error:
        assert 1 <= error.at <= len(text) + 1
