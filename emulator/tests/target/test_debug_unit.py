"""The debug registers of one CPU."""

from __future__ import annotations

import pytest

from emulator.target.debug_unit import DebugUnit
from emulator.target.debugreg import ReadWrite
from emulator.tests.target.rig import enable_bits

B1, B2, BD, BS = 1 << 1, 1 << 2, 1 << 13, 1 << 14
FIXED = 0xFFFF0FF0


def test_registers_after_reset() -> None:
    unit = DebugUnit()

    assert [unit.read(n) for n in (0, 1, 2, 3, 6, 7)] == [0, 0, 0, 0, FIXED, 0x400]


@pytest.mark.parametrize("number", range(4))
def test_an_address_reads_back(number: int) -> None:
    unit = DebugUnit()

    unit.write(number, 0xFFFF_8000_1234_5678)

    assert unit.read(number) == 0xFFFF_8000_1234_5678


def test_a_new_cause_rewrites_the_b_bits() -> None:
    unit = DebugUnit()
    unit.write(6, BS | B1)

    unit.report(B2)

    assert unit.read(6) == FIXED | BS | B2


def test_a_single_step_stays_until_cleared() -> None:
    unit = DebugUnit()

    unit.report(BS)
    unit.report(B1)

    assert unit.read(6) == FIXED | BS | B1


def test_a_detected_access_stays_until_cleared() -> None:
    unit = DebugUnit()

    unit.report(BD)
    unit.report(B1)

    assert unit.read(6) == FIXED | BD | B1


def test_writing_the_same_changes_no_generation() -> None:
    unit = DebugUnit()
    unit.write(0, 0x1000)
    before = unit.generation

    unit.write(0, 0x1000)
    unit.write(7, 0x400)

    assert unit.generation == before


@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_change_makes_a_new_generation(number: int) -> None:
    unit = DebugUnit()

    unit.write(number, 0x202)

    assert unit.generation == 1


@pytest.mark.parametrize("length", [1, 2, 4, 8])
def test_the_comparator_ignores_the_low_bits_of_the_address(length: int) -> None:
    unit = DebugUnit()
    unit.write(0, 0x1007)

    unit.write(7, enable_bits(0, ReadWrite.WRITE, length))

    watch = unit.watches()[0]
    assert (watch.start, watch.length) == (0x1007 // length * length, length)


def test_an_execute_breakpoint_is_one_byte_whatever_its_length_says() -> None:
    unit = DebugUnit()
    unit.write(1, 0x1003)

    unit.write(7, enable_bits(1, ReadWrite.EXECUTE, 8))

    assert (unit.watches()[1].start, unit.watches()[1].length) == (0x1003, 1)


def test_disabled_slots_are_watches_too() -> None:
    unit = DebugUnit()

    assert [watch.enabled for watch in unit.watches()] == [False] * 4
