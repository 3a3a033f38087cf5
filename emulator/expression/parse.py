"""From tokens to a tree, with C's precedence."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from emulator.errors import ExpressionError
from emulator.expression.evaluate import Expression
from emulator.expression.names import ACCESSES, AMBIGUOUS, FACTS, PARTS
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
from emulator.expression.tokens import Sort, Token, number_of, tokens_of

#: Operators and operands of one expression, and how deep they may stand in each other.
MAX_NODES = 256
MAX_DEPTH = 64
_LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", "<=", ">", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
#: Of the binary operators; a higher one binds more tightly.
_BINDS: Mapping[str, int] = {
    operator: level for level, row in enumerate(_LEVELS) for operator in row
}
_UNARY = ("-", "~", "!")


def parse_expression(text: str) -> Expression:
    """Read a text. Raises ExpressionError, which says where and what was expected."""
    parser = _Parser(tokens_of(text))
    return Expression(text, parser.whole())


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._nodes = 0

    def whole(self) -> Node:
        node, _ = self._choice(0)
        self._expect("", "an operator or the end")
        return node

    # Each returns a node and how deep it is; depth counts from outside.

    def _choice(self, depth: int) -> tuple[Node, int]:
        condition, high = self._binary(0, depth)
        if not self._skip("?"):
            return condition, high
        then, second = self._choice(self._deeper(depth))
        self._expect(":", '":" or an operator')
        otherwise, third = self._choice(self._deeper(depth))
        node = Choice(condition, then, otherwise)
        return self._counted(node, max(high, second, third) + 1)

    def _binary(self, level: int, depth: int) -> tuple[Node, int]:
        left, high = self._unary(self._deeper(depth))
        while _BINDS.get(self._operator, -1) >= level:
            token = self._take()
            right, second = self._binary(_BINDS[token.text] + 1, self._deeper(depth))
            node = Binary(token.text, left, right, token.at)
            left, high = self._counted(node, max(high, second) + 1)
        return left, high

    def _unary(self, depth: int) -> tuple[Node, int]:
        if self._operator in _UNARY:
            token = self._take()
            operand, high = self._unary(self._deeper(depth))
            return self._counted(Unary(token.text, operand), high + 1)
        return self._value(depth)

    def _value(self, depth: int) -> tuple[Node, int]:
        token = self._take()
        if token.sort is Sort.number:
            return self._counted(Number(number_of(token)), 1)
        if token.sort is Sort.register:
            return self._counted(_register(token), 1)
        if token.sort is Sort.quoted:
            return self._counted(Symbol(token.text, token.at), 1)
        if token.sort is Sort.name and token.text in ACCESSES:
            return self._memory(token, depth)
        if token.sort is Sort.name:
            return self._counted(_named(token), 1)
        if token.text == "(":
            inner = self._choice(self._deeper(depth))
            self._expect(")", '")" or an operator')
            return inner
        raise _expected("a value", token)

    def _memory(self, token: Token, depth: int) -> tuple[Node, int]:
        bits, signed = ACCESSES[token.text]
        self._expect("[", f'"[" behind {token.text}')
        address, high = self._choice(self._deeper(depth))
        self._expect("]", '"]" or an operator')
        return self._counted(Memory(bits, signed, address), high + 1)

    # Tokens.

    @property
    def _operator(self) -> str:
        """The next token where it is an operator, else nothing."""
        token = self._tokens[self._next]
        return token.text if token.sort is Sort.operator else ""

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.sort is not Sort.end:
            self._next += 1
        return token

    def _skip(self, operator: str) -> bool:
        found = self._operator == operator
        self._next += found
        return found

    def _expect(self, operator: str, words: str) -> None:
        """operator: nothing for the end."""
        token = self._tokens[self._next]
        if token.sort is Sort.end and not operator:
            return
        if not operator or not self._skip(operator):
            raise _expected(words, token)

    # Bounds.

    def _deeper(self, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise self._too_deep()
        return depth + 1

    def _counted(self, node: Node, high: int) -> tuple[Node, int]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ExpressionError(
                f"expected at most {MAX_NODES} operators and operands", self._here
            )
        if high > MAX_DEPTH:
            raise self._too_deep()
        return node, high

    def _too_deep(self) -> ExpressionError:
        return ExpressionError(
            f"expected no more than {MAX_DEPTH} operators in each other", self._here
        )

    @property
    def _here(self) -> int:
        return self._tokens[self._next].at


def _register(token: Token) -> Node:
    if token.text in AMBIGUOUS:
        raise _ambiguous(token)
    part = PARTS.get(token.text)
    if part is None:
        near = difflib.get_close_matches(token.text, PARTS, n=3)
        more = f" ({', '.join(near)}?)" if near else ""
        raise _expected(f"a register{more}", token)
    return Register(part)


def _named(token: Token) -> Node:
    """Registers and facts before symbols: a symbol of that name stands in backquotes."""
    if token.text in AMBIGUOUS:
        raise _ambiguous(token)
    if token.text in PARTS:
        return Register(PARTS[token.text])
    if token.text in FACTS:
        return Fact(token.text)
    return Symbol(token.text, token.at)


def _ambiguous(token: Token) -> ExpressionError:
    whole = AMBIGUOUS[token.text]
    return _expected(f"{whole}, or {whole} & 0xffff", token)


def _expected(words: str, token: Token) -> ExpressionError:
    return ExpressionError(f"expected {words}, found {token.shown}", token.at)
