"""What the slots match, without an engine."""

from __future__ import annotations

import pytest

from emulator.target.comparators import Comparators
from emulator.target.debug_unit import DebugUnit
from emulator.target.debugreg import ReadWrite
from emulator.target.paging import READ, WRITE, AddressSpace
from emulator.target.ram import Ram
from emulator.tests.target.rig import enable_bits

AT = 0x10_0100


def comparators(*slots: tuple[int, ReadWrite, int, bool]) -> Comparators:
    """Of (address, kind, length, enabled) slots."""
    unit = DebugUnit()
    dr7 = 0
    for number, (address, kind, length, enabled) in enumerate(slots):
        unit.write(number, address)
        dr7 |= enable_bits(number, kind, length, enabled=enabled)
    unit.write(7, dr7)
    space = AddressSpace(Ram(1 << 20))
    space.map(AT & ~0xFFF, 0x1000, READ | WRITE)
    found = Comparators(unit)
    found.refresh(space)
    return found


@pytest.mark.parametrize(
    ("address", "size", "hit"),
    [
        pytest.param(AT - 1, 1, False, id="ends-before"),
        pytest.param(AT - 1, 2, True, id="straddles-start"),
        pytest.param(AT, 1, True, id="first-byte"),
        pytest.param(AT + 3, 1, True, id="last-byte"),
        pytest.param(AT + 3, 8, True, id="straddles-end"),
        pytest.param(AT + 4, 1, False, id="begins-behind"),
        pytest.param(AT - 8, 64, True, id="covers"),
    ],
)
def test_an_access_matches_when_one_byte_overlaps(
    address: int, size: int, hit: bool
) -> None:
    unit = comparators((AT, ReadWrite.WRITE, 4, True))

    assert unit.touched(True, address, size) == (int(hit), hit)


def test_a_read_does_not_match_a_write_watch() -> None:
    unit = comparators((AT, ReadWrite.WRITE, 4, True))

    assert unit.touched(False, AT, 4) == (0, False)


def test_a_read_matches_an_access_watch() -> None:
    unit = comparators((AT, ReadWrite.ACCESS, 4, True))

    assert unit.touched(False, AT, 4) == (1, True)


def test_a_disabled_slot_shows_its_bit_beside_an_enabled_one() -> None:
    unit = comparators((AT, ReadWrite.WRITE, 4, False), (AT, ReadWrite.WRITE, 1, True))

    assert unit.touched(True, AT, 1) == (0b11, True)


def test_a_disabled_slot_alone_is_no_hit() -> None:
    unit = comparators(
        (AT, ReadWrite.WRITE, 4, False), (AT + 8, ReadWrite.WRITE, 1, True)
    )

    assert unit.touched(True, AT, 1) == (0b1, False)


def test_nothing_is_hooked_for_disabled_slots_alone() -> None:
    assert not comparators((AT, ReadWrite.WRITE, 4, False)).pieces


def test_an_io_breakpoint_matches_no_memory() -> None:
    unit = comparators((AT, ReadWrite.IO, 4, True))

    assert unit.touched(True, AT, 4) == (0, False)


def test_two_execute_breakpoints_at_one_place_share_a_fault() -> None:
    unit = comparators(
        (AT, ReadWrite.EXECUTE, 1, True), (AT, ReadWrite.EXECUTE, 1, False)
    )

    assert unit.execute_bits(AT) == 0b11


def test_a_disabled_execute_breakpoint_is_none() -> None:
    unit = comparators((AT, ReadWrite.EXECUTE, 1, False))

    assert (unit.execute_bits(AT), unit.execute_addresses) == (0, set())


def test_a_watch_on_an_unmapped_page_needs_no_hook() -> None:
    unit = comparators((0x7000_0000, ReadWrite.WRITE, 4, True))

    assert not unit.pieces


def test_a_watch_at_the_start_of_a_page_is_hooked_on_the_page_before() -> None:
    unit = DebugUnit()
    unit.write(0, 0x2000)
    unit.write(7, enable_bits(0, ReadWrite.WRITE, 1))
    space = AddressSpace(Ram(1 << 20))
    space.map(0x1000, 0x2000, READ | WRITE)
    found = Comparators(unit)

    found.refresh(space)

    assert len(found.pieces) == 2


def test_a_mapping_made_later_is_hooked() -> None:
    unit = DebugUnit()
    unit.write(0, 0x2000)
    unit.write(7, enable_bits(0, ReadWrite.WRITE, 1))
    space = AddressSpace(Ram(1 << 20))
    found = Comparators(unit)
    found.refresh(space)

    space.map(0x2000, 0x1000, READ | WRITE)
    found.refresh(space)

    assert len(found.pieces) == 1
