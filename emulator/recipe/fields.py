"""Reading JSON values with a path: each check returns the value in its one form, or
raises RecipeError that names the field, the value and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from emulator.errors import RecipeError

T = TypeVar("T")
Check = Callable[[object, str], T]
REQUIRED: Any = object()

_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
_LOCATION = re.compile(
    r"(?P<name>[A-Za-z_.$][A-Za-z0-9_.$@]{0,254})(?:\+(?P<offset>0x[0-9a-fA-F]{1,16}))?\Z"
)
_MAX_SAFE = 2**53 - 1


def shown(value: object) -> str:
    """A value in an error message, cut to a readable length."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value) if isinstance(value, (int, float)) else f'"{value}"'
    return text if len(text) <= 80 else text[:77] + "…"


def refuse(value: object, allowed: str, path: str) -> RecipeError:
    """The error for a value that is not allowed at path."""
    return RecipeError(
        f"{shown(value)} is not allowed here; allowed: {allowed}", field=path
    )


def integer(low: int, high: int, *, multiple: int = 1) -> Check[int]:
    """A whole number in low..high. 1.0 and 1e6 are whole numbers, as in JSON Schema."""
    words = f"a whole number {low}..{high}"
    if multiple != 1:
        words += f", a multiple of {multiple}"

    def check(value: object, path: str) -> int:
        if isinstance(value, float) and value.is_integer() and abs(value) <= _MAX_SAFE:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise refuse(value, words, path)
        if not low <= value <= high or value % multiple:
            raise refuse(value, words, path)
        return value

    return check


def boolean(value: object, path: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise refuse(value, "true or false", path)
    return value


def choice(*allowed: Any) -> Check[Any]:
    """One of a few words or numbers."""
    words = ", ".join(str(a) for a in allowed)

    def check(value: object, path: str) -> Any:
        for candidate in allowed:
            if type(value) is type(candidate) and value == candidate:
                return candidate
        raise refuse(value, words, path)

    return check


def text(pattern: str, words: str, maximum: int) -> Check[str]:
    """A string that matches pattern wholly; maximum counts UTF-8 bytes."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: object, path: str) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise refuse(value, words, path)
        try:
            size = len(value.encode())
        except UnicodeEncodeError as error:
            raise refuse("lone surrogate", words, path) from error
        if size > maximum:
            raise refuse(value, f"{words}, at most {maximum} bytes", path)
        return value

    return check


def address(value: object, path: str) -> int:
    """ "0x…" with 1 to 16 hexadecimal digits."""
    if not isinstance(value, str) or not _HEX.match(value):
        raise refuse(value, 'a string "0x" and 1..16 hexadecimal digits', path)
    return int(value, 16)


def location(value: object, path: str) -> str:
    """ "0x…", "symbol" or "symbol+0x…", in its shortest form."""
    if isinstance(value, str):
        if _HEX.match(value):
            return hex(int(value, 16))
        found = _LOCATION.match(value)
        if found:
            offset = int(found["offset"] or "0", 16)
            return found["name"] + (f"+{offset:#x}" if offset else "")
    raise refuse(value, '"0x…", "symbol" or "symbol+0x…"', path)


def maybe(check: Check[T]) -> Check[T | None]:
    """What check accepts, or null."""

    def checked(value: object, path: str) -> T | None:
        return None if value is None else check(value, path)

    return checked


def list_of(item: Check[T], maximum: int, *, minimum: int = 0) -> Check[list[T]]:
    """A list whose items all pass."""

    def check(value: object, path: str) -> list[T]:
        if not isinstance(value, list):
            raise refuse(value, "a list", path)
        if not minimum <= len(value) <= maximum:
            raise RecipeError(
                f"{len(value)} entries; allowed: {minimum}..{maximum}", field=path
            )
        return [item(entry, f"{path}[{i}]") for i, entry in enumerate(value)]

    return check


class Fields:
    """One JSON object being read; close() refuses what nobody asked for."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise refuse(value, "an object", path or "recipe")
        self._values: Mapping[str, object] = value
        self._path = path
        self._asked: list[str] = []

    def path(self, name: str) -> str:
        """The path of a member, e.g. ``tasks[0].pid``."""
        return f"{self._path}.{name}" if self._path else name

    def has(self, name: str) -> bool:
        """Whether the object states this member."""
        return name in self._values

    def take(self, name: str, check: Check[T], default: Any = REQUIRED) -> T:
        """The member through check; the default goes through it as well."""
        self._asked.append(name)
        value = self._values.get(name, default)
        if value is REQUIRED:
            raise RecipeError("is required", field=self.path(name))
        return check(value, self.path(name))

    def close(self) -> None:
        """Refuse unknown members."""
        for name in self._values:
            if name not in self._asked:
                raise RecipeError(
                    f"unknown field; known: {', '.join(sorted(self._asked))}",
                    field=self.path(name[:80]),
                )
