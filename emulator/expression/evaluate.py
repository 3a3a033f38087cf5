"""Expressions as closures: read once, asked at every hit. All values have 64 bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from emulator.errors import EvaluationError
from emulator.expression.environment import EDOM, Environment
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

_MASK = (1 << 64) - 1
_BITS = 64
Closure = Callable[[Environment], int]
#: What looks a symbol up. Raises whatever its owner raises.
Lookup = Callable[[str, int], int]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A value, or why there is none: errno (0 for a value) and a remark in words."""

    value: int
    errno: int = 0
    remark: str = ""


class Expression:
    """One text, read."""

    def __init__(self, text: str, tree: Node) -> None:
        self.text = text
        self.tree = tree
        """As it was read; not to be changed."""
        self._closure = _closure(tree)

    @property
    def symbols(self) -> list[Symbol]:
        """All that it names, in the order of the text."""
        return [n for n in _walk(self.tree) if isinstance(n, Symbol)]

    @property
    def facts(self) -> frozenset[str]:
        """Which of names.FACTS it asks for."""
        return frozenset(n.name for n in _walk(self.tree) if isinstance(n, Fact))

    def bind(self, lookup: Lookup) -> Expression:
        """The same with addresses for symbols. lookup(name, at) may refuse by raising."""
        return Expression(self.text, _bound(self.tree, lookup))

    def evaluate(self, environment: Environment) -> Evaluated:
        """Never raises for what the environment cannot tell."""
        try:
            return Evaluated(self._closure(environment))
        except EvaluationError as error:
            return Evaluated(0, error.errno, error.detail)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _walk(child)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Memory(_, _, address):
            return (address,)
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right, _):
            return (left, right)
        case Choice(condition, then, otherwise):
            return (condition, then, otherwise)
    return ()


def _bound(node: Node, lookup: Lookup) -> Node:
    match node:
        case Symbol(name, at):
            return Number(lookup(name, at) & _MASK)
        case Memory(bits, signed, address):
            return Memory(bits, signed, _bound(address, lookup))
        case Unary(operator, operand):
            return Unary(operator, _bound(operand, lookup))
        case Binary(operator, left, right, at):
            return Binary(operator, _bound(left, lookup), _bound(right, lookup), at)
        case Choice(condition, then, otherwise):
            return Choice(
                _bound(condition, lookup),
                _bound(then, lookup),
                _bound(otherwise, lookup),
            )
    return node


# Closures.


def _closure(node: Node) -> Closure:
    match node:
        case Number(value):
            return lambda environment: value
        case Fact(name):
            return lambda environment: environment.fact(name) & _MASK
        case Symbol(name, _):
            return lambda environment: environment.symbol(name) & _MASK
        case Register():
            return _register(node)
        case Memory():
            return _memory(node)
        case Unary(operator, operand):
            return _UNARY[operator](_closure(operand))
        case Binary():
            return _binary(node)
        case Choice(condition, then, otherwise):
            asked, first, second = map(_closure, (condition, then, otherwise))
            return lambda e: first(e) if asked(e) else second(e)


def _register(node: Register) -> Closure:
    word, shift = node.part.word, node.part.shift
    mask = (1 << node.part.bits) - 1
    return lambda environment: environment.register(word) >> shift & mask


def _memory(node: Memory) -> Closure:
    size, signed, address = node.bits // 8, node.signed, _closure(node.address)

    def read(environment: Environment) -> int:
        data = environment.memory(address(environment), size)
        return int.from_bytes(data, "little", signed=signed) & _MASK

    return read


_UNARY: Mapping[str, Callable[[Closure], Closure]] = {
    "-": lambda operand: lambda e: -operand(e) & _MASK,
    "~": lambda operand: lambda e: ~operand(e) & _MASK,
    "!": lambda operand: lambda e: int(not operand(e)),
}


def _binary(node: Binary) -> Closure:
    left, right = _closure(node.left), _closure(node.right)
    if node.operator in ("/", "%"):
        return _division(node, left, right)
    return _BINARY[node.operator](left, right)


def _division(node: Binary, left: Closure, right: Closure) -> Closure:
    quotient = node.operator == "/"

    def divide(environment: Environment) -> int:
        dividend, divisor = left(environment), right(environment)
        if not divisor:
            raise EvaluationError(f"division by zero at character {node.at}", EDOM)
        return dividend // divisor if quotient else dividend % divisor

    return divide


def _shifted_left(left: Closure, right: Closure) -> Closure:
    def shift(environment: Environment) -> int:
        value, count = left(environment), right(environment)
        return value << count & _MASK if count < _BITS else 0

    return shift


def _shifted_right(left: Closure, right: Closure) -> Closure:
    def shift(environment: Environment) -> int:
        value, count = left(environment), right(environment)
        return value >> count if count < _BITS else 0

    return shift


_BINARY: Mapping[str, Callable[[Closure, Closure], Closure]] = {
    "+": lambda left, right: lambda e: left(e) + right(e) & _MASK,
    "-": lambda left, right: lambda e: left(e) - right(e) & _MASK,
    "*": lambda left, right: lambda e: left(e) * right(e) & _MASK,
    "<<": _shifted_left,
    ">>": _shifted_right,
    "&": lambda left, right: lambda e: left(e) & right(e),
    "|": lambda left, right: lambda e: left(e) | right(e),
    "^": lambda left, right: lambda e: left(e) ^ right(e),
    "<": lambda left, right: lambda e: int(left(e) < right(e)),
    "<=": lambda left, right: lambda e: int(left(e) <= right(e)),
    ">": lambda left, right: lambda e: int(left(e) > right(e)),
    ">=": lambda left, right: lambda e: int(left(e) >= right(e)),
    "==": lambda left, right: lambda e: int(left(e) == right(e)),
    "!=": lambda left, right: lambda e: int(left(e) != right(e)),
    "&&": lambda left, right: lambda e: int(bool(left(e) and right(e))),
    "||": lambda left, right: lambda e: int(bool(left(e) or right(e))),
}
