"""Locations against symbols."""

from __future__ import annotations

import pytest

from emulator.errors import RecipeError
from emulator.recipe import resolve

SYMBOLS = {"counter": 0x401000, "counters": 0x402000, "top": 0xFFFFFFFFFFFFFFF8}


@pytest.mark.parametrize(
    ("at", "address"),
    [("counter", 0x401000), ("counter+0x8", 0x401008), ("0x10", 0x10)],
)
def test_a_location_has_an_address(at: str, address: int) -> None:
    assert resolve(at, SYMBOLS) == address


def test_an_unknown_symbol_is_refused_with_near_names() -> None:
    with pytest.raises(RecipeError, match="near names: counter") as caught:
        resolve("countr", SYMBOLS, field="breakpoints[0].at")

    assert caught.value.field == "breakpoints[0].at"


def test_an_offset_beyond_the_last_address_is_refused() -> None:
    with pytest.raises(RecipeError, match="beyond the last address"):
        resolve("top+0x8", SYMBOLS)


def test_a_stripped_image_says_so() -> None:
    with pytest.raises(RecipeError, match="has no symbols"):
        resolve("counter", {})
