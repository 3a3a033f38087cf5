"""Operators: against Python by meaning, against a C compiler by precedence."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.tests.compiling import compiled_text
from emulator.tests.expression.places import value

M = 1 << 64
BINARY: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: (a + b) % M,
    "-": lambda a, b: (a - b) % M,
    "*": lambda a, b: (a * b) % M,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<<": lambda a, b: a * 2 ** min(b, 64) % M,
    ">>": lambda a, b: a // 2 ** min(b, 64),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&&": lambda a, b: a != 0 and b != 0,
    "||": lambda a, b: a != 0 or b != 0,
}
UNARY: Mapping[str, Callable[[int], int]] = {
    "-": lambda a: (M - a) % M,
    "~": lambda a: M - 1 - a,
    "!": lambda a: a == 0,
}
#: Text, fully in parentheses, and its value.
Known = tuple[str, int]


def literal(number: int) -> Known:
    return [str(number), hex(number), bin(number)][number % 3], number


def with_unary(operand: Known, operator: str) -> Known:
    return f"({operator}{operand[0]})", int(UNARY[operator](operand[1]))


def with_binary(left: Known, operator: str, right: Known) -> Known:
    text = f"({left[0]} {operator} {right[0]})"
    if operator in "/%" and not right[1]:
        return left
    return text, int(BINARY[operator](left[1], right[1]))


def with_choice(condition: Known, then: Known, otherwise: Known) -> Known:
    text = f"({condition[0]} ? {then[0]} : {otherwise[0]})"
    return text, then[1] if condition[1] else otherwise[1]


numbers = st.one_of(
    st.integers(0, 70), st.integers(0, M - 1), st.sampled_from([M - 1, M // 2])
).map(literal)
known = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds(with_unary, inner, st.sampled_from(list(UNARY))),
        st.builds(with_binary, inner, st.sampled_from(list(BINARY)), inner),
        st.builds(with_choice, inner, inner, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(known)
def test_the_value_is_pythons(expression: Known) -> None:
    text, expected = expression

    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("0 - 1", M - 1, id="below-zero"),
        pytest.param("0xffffffffffffffff + 2", 1, id="over-the-top"),
        pytest.param("-1 > 0", 1, id="unsigned-comparison"),
        pytest.param("-8 >> 1", M // 2 - 4, id="unsigned-shift"),
        pytest.param("-8 / 2", M // 2 - 4, id="unsigned-division"),
        pytest.param("1 << 64", 0, id="shifted-out-to-the-left"),
        pytest.param("-1 >> 64", 0, id="shifted-out-to-the-right"),
        pytest.param("1 << -1", 0, id="shifted-by-a-huge-count"),
        pytest.param("5 && 7", 1, id="a-truth-is-one"),
        pytest.param("!5", 0, id="a-falsehood-is-zero"),
        pytest.param("- - 3", 3, id="twice-negated"),
    ],
)
def test_64_unsigned_bits(text: str, number: int) -> None:
    assert value(text) == number


def pairs() -> list[str]:
    """Each two operators next to each other, without parentheses."""
    found = [f"7 {first} 6 {second} 5" for first, second in product(BINARY, BINARY)]
    for operator in BINARY:
        found += [
            f"- 7 {operator} ~ 2",
            f"! 7 {operator} 1",
            f"7 {operator} 3 ? 5 : 6",
            f"0 ? 5 : 6 {operator} 2",
            f"1 ? 5 {operator} 2 : 6",
            f"0 ? 1 : 0 {operator} 9 ? 2 : 3",
        ]
    return found


def in_c(text: str) -> str:
    """With the type of our numbers."""
    return " ".join(w + "ull" if w.isdigit() else w for w in text.split())


def test_precedence_is_that_of_c() -> None:
    # C leaves open what a division by zero does.
    texts = [t for t in pairs() if not ("/ 0" in t or "% 0" in t)]
    lines = "".join(
        f'printf("%llu\\n", (unsigned long long)({in_c(t)}));\n' for t in texts
    )
    program = compiled_text(
        "precedence", f"#include <stdio.h>\nint main(void) {{\n{lines}return 0;\n}}\n"
    )
    printed = subprocess.run([program], capture_output=True, text=True, check=True)

    assert len(texts) > 350
    assert [value(t) for t in texts] == [int(line) for line in printed.stdout.split()]
