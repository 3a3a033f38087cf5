"""DR6, DR7 and RFLAGS in words."""

from __future__ import annotations

import pytest

from emulator.trace import words

# Slot 1 writes 4 bytes, global; GE set; bit 10 reads as 1.
DR7_SLOT1 = 0x00D00608


@pytest.mark.parametrize(
    ("dr7", "slot", "says"),
    [
        pytest.param(0x400, 0, "off", id="nothing-enabled"),
        pytest.param(0x000D0402, 0, "write, 4 bytes, global", id="w4-global"),
        pytest.param(0x00010401, 0, "write, 1 byte, local", id="w1-local"),
        pytest.param(
            0x000B0403, 0, "read or write, 8 bytes, local and global", id="rw8"
        ),
        pytest.param(0x00000402, 0, "execute, global", id="execute"),
        pytest.param(0x50000480, 3, "write, 2 bytes, global", id="slot-3"),
    ],
)
def test_slot_in_words(dr7: int, slot: int, says: str) -> None:
    assert words.slot_in_words(dr7, slot) == says


def test_nibbles_spell_the_register_in_hex() -> None:
    digits = "".join(n.hardware for n in words.dr7_nibbles(0x00DD060A))

    assert digits == "00dd060a"


def test_a_bit_that_parts_from_the_shadow_is_marked() -> None:
    nibbles = words.dr7_nibbles(0x000D0402, 0x00DD020A)

    differing = [b.number for n in nibbles for b in n.bits if b.differs]
    assert differing == [23, 22, 20, 9, 3]


def test_bit_10_never_counts_as_a_difference() -> None:
    assert words.dr7_differences(0x00D00608, 0x00D00208) == 0


def test_rows_say_what_hardware_does_and_what_the_kernel_believes() -> None:
    row = words.dr7_rows(0x400, DR7_SLOT1)[1]

    assert (row.hardware, row.kernel, row.differs) == (
        "off",
        "write, 4 bytes, global",
        True,
    )


def test_rows_without_shadow_have_no_kernel_column() -> None:
    assert words.dr7_rows(DR7_SLOT1)[1].kernel is None


def test_general_detect_has_a_row_only_when_it_is_set() -> None:
    fields = [r.field for r in words.dr7_rows(0x2400)]

    assert fields == ["slot 0", "slot 1", "slot 2", "slot 3", "GD"]


@pytest.mark.parametrize(
    ("dr6", "says"),
    [
        (0xFFFF0FF0, "no cause set"),
        (0xFFFF0FF1, "slot 0 matched"),
        (0xFFFF0FF3, "slots 0 and 1 matched"),
        (0xFFFF4FF2, "slot 1 matched, single step"),
        (0xFFFF2FF0, "debug register access"),
    ],
)
def test_dr6_in_words(dr6: int, says: str) -> None:
    assert words.dr6_in_words(dr6) == says


def test_dr6_strip_marks_fixed_bits() -> None:
    fixed = [b.number for n in words.dr6_nibbles(0xFFFF0FF0) for b in n.bits if b.fixed]

    assert fixed == [12, 10, 9, 8, 7, 6, 5, 4]


def test_rflags_in_words_always_say_rf_and_tf() -> None:
    assert words.rflags_in_words(0x10246) == "PF ZF IF; RF 1, TF 0"


def test_rflags_strip_reads_as_hex() -> None:
    assert "".join(n.hardware for n in words.rflags_nibbles(0x10246)) == "010246"
