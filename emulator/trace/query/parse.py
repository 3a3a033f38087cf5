"""Text to nodes. Terms side by side must all hold; ``or``, ``not``, ``-`` and brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.errors import EmulatorError
from emulator.trace.query.fields import FIELDS, BadValue, Operator
from emulator.trace.query.nodes import EVERYTHING, Either, Every, Node, Not

MAX_LENGTH = 2000
_MAX_TERMS = 100
_MAX_DEPTH = 40
_SPACE = re.compile(r"\s*")
_TERM = re.compile(
    r"(?P<field>[A-Za-z_]+)(?P<op>!=|>=|<=|[:=<>])(?P<value>\"[^\"]*\"|(?:hit\(\d+\)|[^\s()\"])+)"
)
_WORD = re.compile(r"[^\s()]+")


class QueryError(EmulatorError):
    """The query is not understood; position counts characters from 0."""

    code = "bad_query"

    def __init__(self, detail: str, position: int, *, field: str = "q") -> None:
        super().__init__(detail, field=field)
        self.position = position


@dataclass(slots=True)
class _Parser:
    text: str
    symbols: Mapping[str, int]
    at: int = 0
    terms: int = 0
    depth: int = 0

    def whole(self) -> Node:
        if self._over():
            return EVERYTHING
        node = self._either()
        if not self._over():
            raise self._error("nothing is open that “)” would close")
        return node

    def _over(self) -> bool:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.at == len(self.text)

    def _either(self) -> Node:
        nodes = [self._every()]
        while self._take_word("or"):
            nodes.append(self._every())
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))

    def _every(self) -> Node:
        nodes = [self._one()]
        while not self._over() and self.text[self.at] != ")":
            if self._peeks_word("or"):
                break
            self._take_word("and")
            nodes.append(self._one())
        return nodes[0] if len(nodes) == 1 else Every(tuple(nodes))

    def _one(self) -> Node:
        if self._over():
            raise self._error("the query ends where a term should be")
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self._error(f"too deep; allowed: {_MAX_DEPTH} levels")
        node = self._inner()
        self.depth -= 1
        return node

    def _inner(self) -> Node:
        if self._take_word("not"):
            return Not(self._one())
        if self.text[self.at] == "-":
            self.at += 1
            return Not(self._one())
        if self.text[self.at] == "(":
            opened = self.at
            self.at += 1
            node = self._either()
            if self._over() or self.text[self.at] != ")":
                raise self._error("this bracket is not closed", opened)
            self.at += 1
            return node
        return self._term()

    def _term(self) -> Node:
        found = _TERM.match(self.text, self.at)
        if found is None:
            word = _WORD.match(self.text, self.at)
            shown = word[0] if word else self.text[self.at]
            raise self._error(f"“{shown:.40}” is no term; allowed: field:value")
        self.terms += 1
        if self.terms > _MAX_TERMS:
            raise self._error(f"too many terms; allowed: {_MAX_TERMS}")
        name = found["field"].lower()
        field = FIELDS.get(name)
        if field is None:
            known = ", ".join(FIELDS)
            raise self._error(f"there is no field “{name:.40}”; allowed: {known}")
        self.at = found.end()
        try:
            return field(Operator(found["op"]), found["value"], self.symbols)
        except BadValue as bad:
            raise QueryError(
                f"{name}: {bad}", found.start("value") + bad.offset
            ) from bad

    def _peeks_word(self, word: str) -> bool:
        if self._over():
            return False
        found = _WORD.match(self.text, self.at)
        return found is not None and found[0].lower() == word

    def _take_word(self, word: str) -> bool:
        if not self._peeks_word(word):
            return False
        self.at += len(word)
        return True

    def _error(self, detail: str, position: int | None = None) -> QueryError:
        return QueryError(detail, self.at if position is None else position)


def parse_query(text: str, symbols: Mapping[str, int]) -> Node:
    """The condition that a text means; empty means everything. Raises QueryError."""
    if len(text) > MAX_LENGTH:
        detail = f"{len(text)} characters; allowed: {MAX_LENGTH}"
        raise QueryError(detail, MAX_LENGTH)
    return _Parser(text, symbols).whole()
