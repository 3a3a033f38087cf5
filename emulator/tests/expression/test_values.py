"""Numbers, registers and their parts, memory, symbols, facts; and what has no value."""

from __future__ import annotations

import pytest

from emulator.expression import Evaluated, parse_expression
from emulator.snapshot import DEBUG, GENERAL, SHADOW
from emulator.tests.expression.places import Place, value

RAX = 0x1122_3344_5566_7788
ALL = (1 << 64) - 1


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("42", 42), ("0x2A", 42), ("0b101010", 42), (str(ALL), ALL)],
)
def test_a_number(text: str, number: int) -> None:
    assert value(text) == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("rax", RAX),
        ("$rax", RAX),
        ("eax", 0x5566_7788),
        ("ax", 0x7788),
        ("al", 0x88),
        ("ah", 0x77),
        ("$ah", 0x77),
    ],
)
def test_a_part_of_rax(name: str, number: int) -> None:
    assert value(name, Place({"rax": RAX})) == number


@pytest.mark.parametrize(
    ("name", "word", "number"),
    [
        ("r9d", "r9", 0x5566_7788),
        ("r15w", "r15", 0x7788),
        ("r8b", "r8", 0x88),
        ("sil", "rsi", 0x88),
        ("di", "rdi", 0x7788),
        ("ebp", "rbp", 0x5566_7788),
        ("esp", "rsp", 0x5566_7788),
        ("pc", "rip", RAX),
    ],
)
def test_a_part_of_another_register(name: str, word: str, number: int) -> None:
    assert value(name, Place({word: RAX})) == number


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("cf", 0),
        ("pf", 2),
        ("af", 4),
        ("zf", 6),
        ("sf", 7),
        ("tf", 8),
        ("if", 9),
        ("df", 10),
        ("of", 11),
        ("nt", 14),
        ("rf", 16),
        ("vm", 17),
        ("ac", 18),
        ("vif", 19),
        ("vip", 20),
        ("id", 21),
    ],
)
def test_a_flag_is_its_bit(name: str, bit: int) -> None:
    """SDM vol. 1, figure 3-8."""
    assert [
        value(name, Place({"rflags": n})) for n in (1 << bit, ~(1 << bit) & ALL)
    ] == [
        1,
        0,
    ]


def test_the_privilege_level_of_io_has_two_bits() -> None:
    assert value("iopl", Place({"rflags": 0x3000})) == 3


def test_eflags_is_the_lower_half_of_rflags() -> None:
    assert value("$eflags", Place({"rflags": RAX})) == 0x5566_7788


@pytest.mark.parametrize(
    ("name", "number"), [("cs", 0x33), ("ss", 0x2B), ("ds", 0x10), ("es", 0x18)]
)
def test_a_selector(name: str, number: int) -> None:
    """docs/events.md: cs, ss, ds, es from the lowest 16 bits up."""
    assert value(name, Place({"selectors": 0x0018_0010_002B_0033})) == number


@pytest.mark.parametrize(
    "name", [*GENERAL, *DEBUG, *SHADOW, "fs_base", "gs_base", "cr3"]
)
def test_every_word_of_a_snapshot_has_its_name(name: str) -> None:
    assert value(name, Place({name: RAX})) == RAX


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("u8[0x1000]", 0xF0),
        ("u16[0x1000]", 0xF1F0),
        ("u32[0x1000]", 0xF3F2_F1F0),
        ("u64[0x1000]", 0xF7F6_F5F4_F3F2_F1F0),
        ("i8[0x1000]", 0xFFFF_FFFF_FFFF_FFF0),
        ("i16[0x1000]", 0xFFFF_FFFF_FFFF_F1F0),
        ("i32[0x1000]", 0xFFFF_FFFF_F3F2_F1F0),
        ("i64[0x1000]", 0xF7F6_F5F4_F3F2_F1F0),
        ("i8[0x1008]", 0x7F),
        ("u8[0xfff + 2]", 0xF1),
        ("u8[u8[0x1009] + 0x1000]", 0xF2),
    ],
)
def test_memory_is_little_endian(text: str, number: int) -> None:
    data = bytes(range(0xF0, 0xF8)) + b"\x7f\x02"

    assert value(text, Place(bytes_at={0x1000: data})) == number


def test_a_negative_number_in_memory_equals_minus_one() -> None:
    assert value("i32[0] == -1", Place(bytes_at={0: b"\xff" * 4})) == 1


def test_a_symbol_is_an_address() -> None:
    assert value("fn + 0x10", Place(symbols={"fn": 0x401000})) == 0x401010


def test_a_symbol_named_like_a_register_stands_in_backquotes() -> None:
    place = Place({"rdx": 7}, symbols={"dx": 0x5000, "a-b": 1})

    assert (value("dx", place), value("`dx`", place), value("`a-b`", place)) == (
        7,
        0x5000,
        1,
    )


@pytest.mark.parametrize("name", ["value", "old", "cpu", "task", "hits"])
def test_a_fact(name: str) -> None:
    assert value(name, Place(facts={name: 5})) == 5


def test_bound_symbols_are_not_asked_for_again() -> None:
    bound = parse_expression("u8[a] + b").bind(lambda name, at: {"a": 0, "b": at}[name])

    assert (bound.symbols, bound.evaluate(Place(bytes_at={0: b"\2"}))) == (
        [],
        Evaluated(2 + 9),
    )


def test_binding_passes_a_refusal_on() -> None:
    with pytest.raises(KeyError):
        parse_expression("-(1 ? ~nothing : 2)").bind(lambda name, at: {}[name])


@pytest.mark.parametrize(
    ("text", "errno", "remark"),
    [
        pytest.param("u32[0x10]", 14, "0x10 is not mapped", id="unmapped"),
        pytest.param("old == 1", 61, "old is not known", id="unknown"),
        pytest.param("1 + 2 / 0", 33, "division by zero at character 7", id="division"),
        pytest.param("1 % 0", 33, "division by zero at character 3", id="remainder"),
    ],
)
def test_what_has_no_value_says_why(text: str, errno: int, remark: str) -> None:
    assert parse_expression(text).evaluate(Place()) == Evaluated(0, errno, remark)


@pytest.mark.parametrize("text", ["0 && u8[0]", "!(1 || u8[0])", "0 ? u8[0] : 0"])
def test_what_does_not_matter_is_not_read(text: str) -> None:
    assert value(text) == 0
