"""Expressions over many hits at once: one numpy column where Expression has one number.

The same language with the same results as evaluate.py; a hit for which the scalar way has
no value is *not known* here. Only what is asked is judged: the right side of && does not
make a hit unknown where the left is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from emulator.errors import ExpressionError
from emulator.expression.evaluate import Expression
from emulator.expression.syntax import (
    Binary,
    Choice,
    Fact,
    Memory,
    Node,
    Number,
    Register,
    Symbol,
    Unary,
)

Words = npt.NDArray[np.uint64]
Known = npt.NDArray[np.bool_]
_BITS = np.uint64(64)
_SIX_BITS = np.uint64(63)


@dataclass(frozen=True, slots=True)
class Column:
    """A value per hit, and whether there is one."""

    values: Words
    known: Known


class Table(Protocol):
    """What is recorded of some hits. Columns have one row per hit."""

    def __len__(self) -> int:
        """Number of hits."""

    def register(self, word: str) -> Column:
        """A word of emulator.snapshot by its name there."""

    def fact(self, name: str) -> Column:
        """One of names.FACTS."""

    def memory(self, addresses: Words, size: int) -> Column:
        """Little-endian bytes at an address per hit, unsigned."""


def evaluate_columns(expression: Expression, table: Table) -> Column:
    """The expression at every hit. Symbols must have been bound; raises ExpressionError
    for one that was not."""
    return _asked(expression.tree, table)


def _asked(node: Node, table: Table) -> Column:
    match node:
        case Number(value):
            return _sure(np.full(len(table), value, np.uint64))
        case Symbol(name, at):
            raise ExpressionError(f"at character {at}: no symbol “{name}”", at)
        case Fact(name):
            return table.fact(name)
        case Register(part):
            whole = table.register(part.word)
            mask = np.uint64((1 << part.bits) - 1)
            return Column(whole.values >> np.uint64(part.shift) & mask, whole.known)
        case Memory():
            return _memory(node, table)
        case Unary(operator, operand):
            inner = _asked(operand, table)
            return Column(_UNARY[operator](inner.values), inner.known)
        case Binary():
            return _binary(node, table)
        case Choice(condition, then, otherwise):
            return _choice(*(_asked(n, table) for n in (condition, then, otherwise)))


def _sure(values: Words) -> Column:
    return Column(values, np.ones(len(values), bool))


def _memory(node: Memory, table: Table) -> Column:
    address = _asked(node.address, table)
    found = table.memory(address.values, node.bits // 8)
    values = found.values
    if node.signed and node.bits < 64:
        sign = np.uint64(1 << (node.bits - 1))
        values = (values ^ sign) - sign
    return Column(values, address.known & found.known)


def _choice(condition: Column, then: Column, otherwise: Column) -> Column:
    asked = condition.values != 0
    return Column(
        np.where(asked, then.values, otherwise.values),
        condition.known & np.where(asked, then.known, otherwise.known),
    )


def _binary(node: Binary, table: Table) -> Column:
    left, right = _asked(node.left, table), _asked(node.right, table)
    if node.operator in ("&&", "||"):
        return _lazy(node.operator, left, right)
    known = left.known & right.known
    if node.operator in ("/", "%"):
        known = known & (right.values != 0)
        divisor = np.where(right.values == 0, np.uint64(1), right.values)
        return Column(_DIVISION[node.operator](left.values, divisor), known)
    values = _BINARY[node.operator](left.values, right.values)
    return Column(values.astype(np.uint64), known)


def _lazy(operator: str, left: Column, right: Column) -> Column:
    first, second = left.values != 0, right.values != 0
    decided = ~first if operator == "&&" else first
    values = first & second if operator == "&&" else first | second
    return Column(values.astype(np.uint64), left.known & (decided | right.known))


def _shift(shift: Callable[..., Any]) -> Callable[[Words, Words], Words]:
    def shifted(values: Words, counts: Words) -> Words:
        moved: Words = shift(values, counts & _SIX_BITS)
        return np.where(counts < _BITS, moved, np.uint64(0))

    return shifted


_UNARY: Mapping[str, Callable[[Words], Words]] = {
    "-": np.negative,
    "~": np.invert,
    "!": lambda values: (values == 0).astype(np.uint64),
}
_DIVISION: Mapping[str, Callable[[Words, Words], Words]] = {
    "/": np.floor_divide,
    "%": np.remainder,
}
_BINARY: Mapping[str, Callable[[Words, Words], npt.NDArray[Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "&": np.bitwise_and,
    "|": np.bitwise_or,
    "^": np.bitwise_xor,
    "<<": _shift(np.left_shift),
    ">>": _shift(np.right_shift),
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
