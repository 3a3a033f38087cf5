"""Fields of a bundle's JSON: what each may be. Raise BundleError naming the field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulator.errors import BundleError
from emulator.trace.bundle.layout import MANIFEST

Json = dict[str, Any]
_MOST_SEQ = (1 << 53) - 1


def text(told: Json, name: str, most: int) -> str:
    """At most so many characters; absent: none."""
    value = told.get(name.rpartition(".")[2], "")
    # U+0000 is a character that PostgreSQL does not keep, a lone surrogate none at all.
    bad = not isinstance(value, str) or len(value) > most or "\0" in value
    if bad or any(0xD800 <= ord(c) < 0xE000 for c in value):
        raise BundleError(f"{name}: at most {most} characters of text", field=MANIFEST)
    return str(value)


def number(told: Json, name: str, most: int = _MOST_SEQ) -> int:
    """A whole number from 0 to most."""
    value = told.get(name.rpartition(".")[2])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BundleError(f"{name}: a whole number from 0 to {most}", field=MANIFEST)
    return value


def time(told: Json, name: str) -> str | None:
    """A time with its zone, or null."""
    value = told.get(name.rpartition(".")[2])
    if value is None:
        return None
    try:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("no time zone")
    except (TypeError, ValueError) as error:
        raise BundleError(f"{name}: a time with its zone", field=MANIFEST) from error
    return str(value)


def is_word(value: Any) -> bool:
    """Whether it is a "0x…" word of at most 64 bits."""
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 18:
        return False
    return (
        all(digit in "0123456789abcdefABCDEF" for digit in value[2:]) and len(value) > 2
    )
