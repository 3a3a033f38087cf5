"""Where in a JSON text a field stands, so that an error can point at it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r"[^\s,\]}]+")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


def syntax_error(text: str) -> tuple[Place, str] | None:
    """Where the text stops being JSON, and why; None if it does not."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return Place(error.lineno, error.colno), error.msg
    except (RecursionError, ValueError):
        return Place(1, 1), "too deep, or a number that is too long"
    return None


def place_of(text: str, field: str | None) -> Place | None:
    """The place of a field as errors name it, ``breakpoints[0].length``; of what holds it
    where it is missing. None for a text that is no JSON."""
    if field is None or syntax_error(text) is not None:
        return None
    wanted = _path(field)
    places = _Scanner(text).places
    while wanted and wanted not in places:
        wanted = wanted[:-1]
    at = places[wanted]
    line_start = text.rfind("\n", 0, at) + 1
    return Place(text.count("\n", 0, at) + 1, at - line_start + 1)


def _path(field: str) -> _Path:
    return tuple(int(index) if index else name for name, index in _STEP.findall(field))


class _Scanner:
    """Offsets of all values of a text that is known to be JSON; of a member of an object,
    that of its name."""

    def __init__(self, text: str) -> None:
        self.places: dict[_Path, int] = {}
        self._text = text
        start = self._skip(0)
        self.places[()] = start
        self._value(start, ())

    def _skip(self, at: int) -> int:
        found: Any = _SPACE.match(self._text, at)
        return int(found.end())

    def _value(self, at: int, path: _Path) -> int:
        """Note what is inside the value at an offset; the offset after it."""
        first = self._text[at]
        if first == "{":
            return self._members(at, path)
        if first == "[":
            return self._items(at, path)
        pattern = _STRING if first == '"' else _PLAIN
        found: Any = pattern.match(self._text, at)
        return int(found.end())

    def _members(self, at: int, path: _Path) -> int:
        at = self._skip(at + 1)
        while self._text[at] != "}":
            said: Any = _STRING.match(self._text, at)
            inner = (*path, json.loads(said[0]))
            self.places[inner] = at
            colon = self._skip(said.end())
            at = self._after(self._value(self._skip(colon + 1), inner))
        return at + 1

    def _items(self, at: int, path: _Path) -> int:
        at = self._skip(at + 1)
        index = 0
        while self._text[at] != "]":
            inner = (*path, index)
            self.places[inner] = at
            at = self._after(self._value(at, inner))
            index += 1
        return at + 1

    def _after(self, at: int) -> int:
        """Past a comma, if there is one."""
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at] == "," else at
