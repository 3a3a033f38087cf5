"""The fields of a query: what each means and which values it takes."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from enum import Enum

from emulator.errors import ExpressionError
from emulator.events import Callee, EventFlag, EventKind, Invariant
from emulator.expression import Expression, parse_expression
from emulator.trace.query.nodes import (
    Either,
    Every,
    Flag,
    InTree,
    Node,
    Not,
    When,
    Within,
)

MAX_U64 = (1 << 64) - 1
_LOWEST, _HIGHEST = -(1 << 63), MAX_U64
_MAX_DIGITS = 24
#: Facts of a hit that need what was before it.
_NOT_RECORDED = frozenset({"old", "hits"})
_HIT = re.compile(r"hit\((\d{1,15})\)\Z")
Span = tuple[int, int]
Symbols = Mapping[str, int]


class BadValue(ValueError):
    """A value that a field does not take; offset into the value."""

    def __init__(self, detail: str, offset: int = 0) -> None:
        super().__init__(detail)
        self.offset = offset


class Operator(Enum):
    """Between field and value. ``:`` and ``=`` are the same."""

    is_ = ":"
    equal = "="
    unequal = "!="
    at_least = ">="
    at_most = "<="
    above = ">"
    below = "<"


Field = Callable[[Operator, str, Symbols], Node]

_COMPARED: Mapping[Operator, Callable[[int], Span]] = {
    Operator.at_least: lambda n: (n, _HIGHEST),
    Operator.at_most: lambda n: (_LOWEST, n),
    Operator.above: lambda n: (n + 1, _HIGHEST),
    Operator.below: lambda n: (_LOWEST, n - 1),
}


def _refuse(text: str, allowed: str, offset: int = 0) -> BadValue:
    return BadValue(f"“{text:.60}” is not allowed; allowed: {allowed}", offset)


# Numbers.


def _number(text: str, symbols: Symbols, offset: int) -> int:
    """Decimal, 0x…, a symbol, a symbol + offset (hexadecimal, as the pages write it)."""
    name, _, more = text.partition("+")
    if name in symbols:
        return symbols[name] + (_integer(more, 16, offset + len(name)) if more else 0)
    return _integer(text, 0, offset)


def _integer(text: str, base: int, offset: int) -> int:
    allowed = "a number, 0x… or a symbol; a range is lo..hi or lo..+length"
    if len(text) > _MAX_DIGITS or "_" in text:
        raise _refuse(text, allowed, offset)
    try:
        value = int(text, base)
    except ValueError as error:
        raise _refuse(text, allowed, offset) from error
    if not _LOWEST <= value <= _HIGHEST:
        raise _refuse(text, "a value of 64 bits", offset)
    return value


def _span(text: str, symbols: Symbols, offset: int) -> Span:
    low, dots, high = text.partition("..")
    if not dots:
        value = _number(text, symbols, offset)
        return value, value
    first = _number(low, symbols, offset) if low else _LOWEST
    at = offset + len(low) + 2
    if high.startswith("+"):
        length = _number(high[1:], symbols, at + 1)
        last = first + length - 1
    else:
        last = _number(high, symbols, at) if high else _HIGHEST
    if last < first:
        raise _refuse(text, "a range whose end is not before its start", offset)
    return first, last


def _numbers(column: str, lowest: int = _LOWEST, highest: int = _HIGHEST) -> Field:
    def field(operator: Operator, text: str, symbols: Symbols) -> Node:
        if operator in _COMPARED:
            spans = [_COMPARED[operator](_number(text, symbols, 0))]
        else:
            spans, at = [], 0
            for part in text.split(","):
                span = _span(part, symbols, at)
                if ".." not in part and not lowest <= span[0] <= highest:
                    raise _refuse(part, f"{lowest} to {highest}", at)
                spans.append(span)
                at += len(part) + 1
        node = Within(column, tuple(spans))
        return Not(node) if operator is Operator.unequal else node

    return field


# Words.


def _words(known: Callable[[str], Node | None], allowed: str) -> Field:
    """One of several words, whatever their case."""

    def field(operator: Operator, text: str, symbols: Symbols) -> Node:
        if operator in _COMPARED:
            raise BadValue(f"has words, which are not compared; allowed: {allowed}", -1)
        nodes, at = [], 0
        for part in text.split(","):
            node = known(part)
            if node is None:
                raise _refuse(part, allowed, at)
            nodes.append(node)
            at += len(part) + 1
        node = _either(nodes)
        return Not(node) if operator is Operator.unequal else node

    return field


def _either(nodes: list[Node]) -> Node:
    """One of them. Values of one column stay one condition: its bounds skip blocks."""
    if len(nodes) == 1:
        return nodes[0]
    same = [node for node in nodes if isinstance(node, Within)]
    if len(same) == len(nodes) and len({node.column for node in same}) == 1:
        return Within(same[0].column, tuple(s for node in same for s in node.spans))
    return Either(tuple(nodes))


def _one(column: str, value: int) -> Within:
    return Within(column, ((value, value),))


def _any_of(column: str, values: tuple[int, ...]) -> Within:
    return Within(column, tuple((value, value) for value in values))


_ACCESSES = {
    "read": EventFlag.READ,
    "write": EventFlag.WRITE,
    "execute": EventFlag.EXECUTE,
}
_ACCESSED = (int(EventKind.HIT), int(EventKind.NOT_FIRED))
_KINDS = {kind.name.lower(): int(kind) for kind in EventKind}


def _kind(word: str) -> Node | None:
    word = word.lower()
    if word in _ACCESSES:
        return Every((_any_of("kind", _ACCESSED), Flag(_ACCESSES[word])))
    return _one("kind", _KINDS[word]) if word in _KINDS else None


_FLAGS: Mapping[str, Node] = {
    "user": Flag(EventFlag.USER),
    "kernel": Not(Flag(EventFlag.USER)),
    "step": Flag(EventFlag.SINGLE_STEP),
    "fault": Flag(EventFlag.FAULT_CLASS),
    "slave": Flag(EventFlag.SLAVE),
}

# Trees.

_CALLS = _any_of("kind", (EventKind.CALL, EventKind.NOTIFIER_CALL))
_ANSWERS = _any_of("kind", (EventKind.CALL, EventKind.NOTIFIER_CALL, EventKind.RETURN))
_RETURNS = {
    # include/linux/notifier.h; docs/events.md
    "notify_done": 0,
    "notify_ok": 1,
    "notify_stop": 0x8001,
    "notify_bad": 0x8002,
    **{f"-{name.lower()}": -number for number, name in errno.errorcode.items()},
    **{name.lower(): -number for number, name in errno.errorcode.items()},
}
_REGISTERS = {f"dr{n}": n for n in (0, 1, 2, 3, 6, 7)}
#: Whom a hit was delivered to.
OWNERS: Mapping[str, InTree] = {
    "kgdb": InTree(_one("kind", EventKind.DEBUGGER_STOP)),
    "perf": InTree(Every((_CALLS, _one("aux", Callee.overflow_handler)))),
    "ptrace": InTree(Every((_CALLS, _one("aux", Callee.ptrace_triggered)))),
}
_INVARIANTS = {name.name: int(name) for name in Invariant}


def _callee(word: str) -> int | None:
    try:
        return int(Callee[word])
    except KeyError:
        return None


def _called(word: str) -> Node | None:
    number = _callee(word)
    return None if number is None else InTree(Every((_CALLS, _one("aux", number))))


def _returned(word: str) -> Node | None:
    value = _RETURNS.get(word.lower())
    if value is None:
        try:
            value = _integer(word, 0, 0)
        except BadValue:
            return None
    told = Every((_ANSWERS, _one("ret", value), Not(Flag(EventFlag.VOID))))
    return InTree(told)


def _wrote(word: str) -> Node | None:
    number = _REGISTERS.get(word.lower())
    if number is None:
        return None
    changed = Not(Flag(EventFlag.SAME_VALUE))
    return InTree(
        Every((_one("kind", EventKind.DR_WRITE), _one("slot", number), changed))
    )


def _broke(word: str) -> Node | None:
    number = _INVARIANTS.get(word)
    if number is None:
        return None
    return InTree(Every((_one("kind", EventKind.INVARIANT), _one("aux", number))))


def _beside_hit(*, after: bool) -> Field:
    def field(operator: Operator, text: str, symbols: Symbols) -> Node:
        found = _HIT.match(text)
        if operator not in (Operator.is_, Operator.equal) or found is None:
            raise _refuse(text, "hit(number)")
        number = int(found[1])
        if not after:
            return Within("hit", ((_LOWEST, number - 1),))
        itself = Every((_one("hit", number), _one("kind", EventKind.HIT)))
        return Every((Within("hit", ((number, _HIGHEST),)), Not(itself)))

    return field


def recorded_expression(text: str, symbols: Symbols) -> Expression:
    """An expression that can be asked of what is recorded. Raises ExpressionError."""

    def lookup(name: str, at: int) -> int:
        if name not in symbols:
            raise ExpressionError(f"no symbol “{name}”", at)
        return symbols[name]

    read = parse_expression(text).bind(lookup)
    unknown = sorted(read.facts & _NOT_RECORDED)
    if unknown:
        at = text.find(unknown[0]) + 1
        raise ExpressionError(f"{unknown[0]} is known during the run only", at)
    return read


def _when(operator: Operator, text: str, symbols: Symbols) -> Node:
    if operator in _COMPARED or operator is Operator.unequal:
        raise BadValue("is not compared; allowed: an expression in quotes", -1)
    quoted = text[:1] == '"'
    try:
        return When(recorded_expression(text.strip('"'), symbols))
    except ExpressionError as error:
        raise BadValue(error.detail, error.at - 1 + quoted) from error


_A_CALLEE = "a function of the model by its kernel name"

FIELDS: Mapping[str, Field] = {
    "kind": _words(_kind, f"read, write, execute, {', '.join(_KINDS)}"),
    "slot": _numbers("slot", 0, 3),
    "cpu": _numbers("cpu", 0, 7),
    "task": _numbers("task"),
    "addr": _numbers("addr", 0),
    "rip": _numbers("rip", 0),
    "value": _numbers("value", 0),
    "t": _numbers("t", 0),
    "seq": _numbers("seq", 1),
    "hit": _numbers("hit", 0),
    "ret": _numbers("ret"),
    "is": _words(lambda word: _FLAGS.get(word.lower()), ", ".join(_FLAGS)),
    "called": _words(_called, _A_CALLEE),
    "returned": _words(_returned, "NOTIFY_DONE, NOTIFY_OK, NOTIFY_STOP, -E…, a number"),
    "owner": _words(lambda word: OWNERS.get(word.lower()), ", ".join(OWNERS)),
    "wrote": _words(_wrote, ", ".join(_REGISTERS)),
    "broke": _words(_broke, ", ".join(_INVARIANTS)),
    "when": _when,
    "after": _beside_hit(after=True),
    "before": _beside_hit(after=False),
}
