"""Bit layouts of DR6 and DR7."""

from __future__ import annotations

import pytest

from emulator.target import debugreg
from emulator.target.debugreg import ReadWrite

B1, BS = 1 << 1, 1 << 14


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("bits", [1, 2, 3], ids=["local", "global", "both"])
def test_a_slot_is_enabled_by_either_bit(slot: int, bits: int) -> None:
    assert debugreg.is_enabled(bits << 2 * slot, slot)


@pytest.mark.parametrize("slot", range(4))
def test_a_slot_is_not_enabled_by_its_neighbours(slot: int) -> None:
    assert not debugreg.is_enabled(0xFF & ~(3 << 2 * slot), slot)


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("kind", list(ReadWrite))
def test_the_kind_stands_at_16_plus_4_per_slot(slot: int, kind: ReadWrite) -> None:
    assert debugreg.read_write(kind << (16 + 4 * slot), slot) is kind


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize(("field", "length"), [(0, 1), (1, 2), (2, 8), (3, 4)])
def test_the_length_field_has_eight_at_two(slot: int, field: int, length: int) -> None:
    assert debugreg.length(field << (18 + 4 * slot), slot) == length


def test_dr6_keeps_its_fixed_ones() -> None:
    assert debugreg.normalise_dr6(0) == 0xFFFF0FF0


def test_dr6_of_an_emulator_of_2010_reads_as_written() -> None:
    assert debugreg.normalise_dr6(BS | B1, fixed_1=0) == BS | B1


def test_dr6_takes_nothing_but_causes() -> None:
    assert debugreg.normalise_dr6((1 << 64) - 1) == 0xFFFFEFFF


def test_dr7_bit_10_reads_one() -> None:
    assert debugreg.normalise_dr7(0) == 0x400


def test_dr7_reserved_bits_read_zero() -> None:
    assert debugreg.normalise_dr7((1 << 64) - 1) == 0xFFFF27FF
