"""Flat images."""

from __future__ import annotations

import pytest

from emulator.errors import ImageError
from emulator.programs import load_flat


def test_the_bytes_stand_at_the_load_address() -> None:
    (segment,) = load_flat(b"\xcc", 0x400000, {}).segments

    assert (segment.address, segment.data, segment.execute) == (0x400000, b"\xcc", True)


def test_symbols_are_taken_over() -> None:
    assert load_flat(b"\xcc", 0x400000, {"x": 0x400008}).addresses == {"x": 0x400008}


@pytest.mark.parametrize(
    ("data", "load", "field"),
    [
        (b"", 0x400000, "size"),
        (b"\xcc", 0x400001, "load"),
        (b"\xcc", 0, "load"),
        (b"\xcc" * 8192, 0x7FFFFFFFE000, "load"),
        (b"\xcc" * 8192, 0xFFFFFFFFFFFFF000, "load"),
    ],
)
def test_bytes_that_fit_nowhere_are_refused(data: bytes, load: int, field: str) -> None:
    with pytest.raises(ImageError) as caught:
        load_flat(data, load, {})

    assert caught.value.field == field
