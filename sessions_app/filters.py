"""What may be asked of a run's events: one filter for the REST parameters and the page's line.

A term that makes no sense is an error that says what is allowed; it is never ignored, or
a person would believe an answer to another question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sessions_app.errors import BadFilter
from sessions_app.trace import KIND_NAMES

MAX_U64 = (1 << 64) - 1
_MAX_DIGITS = 4
_TERM = re.compile(r"(?P<key>[a-z_]+)[:=](?P<value>\S+)\Z")
_KEYS = "slot, cpu, addr, rip, kind, t"


def _refuse(field: str, value: str, allowed: str) -> BadFilter:
    return BadFilter(
        f"{field}: “{value[:80]}” is not allowed; allowed: {allowed}",
        field=field,
        value=value,
        allowed=allowed,
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; empty sets and None mean all."""

    kinds: frozenset[int] = frozenset()
    slots: frozenset[int] = frozenset()
    cpus: frozenset[int] = frozenset()
    addr: tuple[int, int] | None = None
    rip: tuple[int, int] | None = None
    time: tuple[int, int] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every event passes."""
        return self == EventFilter()


def _numbers(field: str, text: str, high: int) -> frozenset[int]:
    found = set()
    for part in text.split(","):
        digits = part.isascii() and part.isdigit() and len(part) <= _MAX_DIGITS
        if not digits or int(part) > high:
            raise _refuse(field, part, f"numbers 0 to {high}, with commas")
        found.add(int(part))
    return frozenset(found)


def _kinds(field: str, text: str) -> frozenset[int]:
    found = set()
    for part in text.lower().split(","):
        if part not in KIND_NAMES:
            raise _refuse(field, part, ", ".join(KIND_NAMES))
        found.add(KIND_NAMES[part])
    return frozenset(found)


def _word(field: str, text: str, symbols: Mapping[str, int]) -> int:
    name, _, offset = text.partition("+")
    try:
        if name in symbols:
            return symbols[name] + (int(offset, 16) if offset else 0)
        value = int(text, 16) if text.startswith("0x") else int(text)
    except ValueError as error:
        allowed = "0x…, a number or a symbol; a range is lo..hi"
        raise _refuse(field, text, allowed) from error
    if not 0 <= value <= MAX_U64:
        raise _refuse(field, text, "a value of 64 bits")
    return value


def _range(field: str, text: str, symbols: Mapping[str, int]) -> tuple[int, int]:
    low, dots, high = text.partition("..")
    first = _word(field, low, symbols) if low else 0
    if not dots:
        return first, first
    last = _word(field, high, symbols) if high else MAX_U64
    if last < first:
        raise _refuse(field, text, "a range whose end is not before its start")
    return first, last


def parse_filter(
    terms: Iterable[tuple[str, str]], symbols: Mapping[str, int]
) -> EventFilter:
    """The filter of (key, value) terms. Raises BadFilter."""
    made = EventFilter()
    for key, value in terms:
        if key == "kind":
            made = replace(made, kinds=_kinds(key, value))
        elif key == "slot":
            made = replace(made, slots=_numbers(key, value, 3))
        elif key == "cpu":
            made = replace(made, cpus=_numbers(key, value, 7))
        elif key == "addr":
            made = replace(made, addr=_range(key, value, symbols))
        elif key == "rip":
            made = replace(made, rip=_range(key, value, symbols))
        elif key == "t":
            made = replace(made, time=_range(key, value, {}))
        else:
            raise _refuse(key, value, _KEYS)
    return made


def split_line(text: str) -> list[tuple[str, str]]:
    """``slot:0 cpu:1`` as terms. Raises BadFilter for a word without a key."""
    terms = []
    for word in text.split():
        match = _TERM.match(word)
        if match is None:
            raise _refuse("q", word, f"key:value with one of {_KEYS}")
        terms.append((match["key"], match["value"]))
    return terms
