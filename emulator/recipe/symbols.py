"""Locations of a recipe ("counter+0x8") against the symbols of the loaded images."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from emulator.errors import RecipeError
from emulator.expression import Expression, parse_expression
from emulator.recipe.fields import location


def resolve(at: str, symbols: Mapping[str, int], *, field: str = "at") -> int:
    """The address of a location. symbols gives addresses by name.

    Raises RecipeError for an unknown symbol (with near names) and for an address that
    leaves 64 bits.
    """
    at = location(at, field)
    if at.startswith("0x"):
        return int(at, 16)
    name, _, offset = at.partition("+")
    address = address_of(name, symbols, field=field) + int(offset or "0", 16)
    if address >= 1 << 64:
        raise RecipeError(f'"{at}" lies beyond the last address', field=field)
    return address


def address_of(name: str, symbols: Mapping[str, int], *, field: str) -> int:
    """The address of a symbol. Raises RecipeError with near names."""
    if name not in symbols:
        raise RecipeError(_unknown(name, symbols), field=field)
    return symbols[name]


def bind_condition(text: str, symbols: Mapping[str, int], *, field: str) -> Expression:
    """A condition with addresses for its symbols. Raises RecipeError with the place of
    what is not known."""

    def address(name: str, at: int) -> int:
        try:
            return address_of(name, symbols, field=field)
        except RecipeError as error:
            detail = f"at character {at}: {error.detail}"
            raise RecipeError(detail, field=field) from error

    return parse_expression(text).bind(address)


def check_alignment(address: int, length: int, *, field: str) -> None:
    """Data breakpoints must be aligned to their length (SDM vol. 3, 18.2.5)."""
    if address % length:
        raise RecipeError(
            f"{address:#x} is not allowed here; allowed: an address that is a multiple "
            f"of the length {length}",
            field=field,
        )


def _unknown(name: str, symbols: Mapping[str, int]) -> str:
    if not symbols:
        return f'unknown symbol "{name:.80}"; the image has no symbols'
    near = difflib.get_close_matches(name, symbols, n=3)
    known = near or sorted(symbols)[:3]
    word = "near names" if near else "known are for example"
    return f'unknown symbol "{name:.80}"; {word}: {", ".join(known)}'
