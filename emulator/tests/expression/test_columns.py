"""Expressions over columns come to what they come to one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import ExpressionError
from emulator.expression import Column, evaluate_columns, parse_expression
from emulator.tests.expression.places import Place

M = 1 << 64
START, DATA = 0x1000, bytes(range(0x78, 0x88))
_BINARY = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "&",
    "|",
    "^",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
]
_LEAVES = ["rax", "ecx", "ah", "zf", "cpu", "value", "old"]


@dataclass
class Places:
    """Many places as one table."""

    places: list[Place]

    def __len__(self) -> int:
        return len(self.places)

    def register(self, word: str) -> Column:
        return self._column([place.registers[word] for place in self.places])

    def fact(self, name: str) -> Column:
        return self._column([place.facts.get(name) for place in self.places])

    def memory(self, addresses: np.ndarray, size: int) -> Column:
        found: list[int | None] = []
        for address in addresses.tolist():
            at = address - START
            inside = at >= 0 and at + size <= len(DATA)
            data = DATA[at : at + size] if inside else None
            found.append(None if data is None else int.from_bytes(data, "little"))
        return self._column(found)

    def _column(self, values: list[int | None]) -> Column:
        numbers = np.array([value or 0 for value in values], np.uint64)
        return Column(numbers, np.array([value is not None for value in values]))


def places() -> st.SearchStrategy[Place]:
    words = st.one_of(st.integers(0, 9), st.integers(0, M - 1))
    return st.builds(
        lambda rax, rcx, rflags, cpu, value: Place(
            {"rax": rax, "rcx": rcx, "rflags": rflags},
            {START: DATA},
            facts={"cpu": cpu} | ({} if value is None else {"value": value}),
        ),
        words,
        words,
        words,
        st.integers(0, 7),
        st.one_of(st.none(), words),
    )


numbers = st.one_of(st.integers(0, 70), st.integers(START - 8, START + 20)).map(str)
expressions = st.recursive(
    st.one_of(st.sampled_from(_LEAVES), numbers),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(_BINARY), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(st.sampled_from("-~!"), inner).map("{0[0]}({0[1]})".format),
        st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        st.tuples(
            st.sampled_from(["u8", "i8", "u16", "i32", "u64", "i64"]), numbers
        ).map("{0[0]}[{0[1]}]".format),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(expressions, st.lists(places(), min_size=1, max_size=5))
def test_a_column_is_the_values_one_by_one(text: str, where: list[Place]) -> None:
    expression = parse_expression(text)

    column = evaluate_columns(expression, Places(where))

    singly = [expression.evaluate(place) for place in where]
    assert column.known.tolist() == [each.errno == 0 for each in singly]
    assert column.values[column.known].tolist() == [
        each.value for each in singly if each.errno == 0
    ]


def test_a_symbol_that_was_not_bound_is_refused() -> None:
    with pytest.raises(ExpressionError, match="no symbol “counter”"):
        evaluate_columns(parse_expression("1 + counter"), Places([Place()]))
