"""Parts of a machine in one word, in words, and what is refused."""

from __future__ import annotations

import pytest

from sessions_app.errors import InvalidAnchor
from sessions_app.parts import NOTHING, Part, check_part, parse_part

GOOD = [
    ("", NOTHING),
    ("dr7", Part("dr7")),
    ("dr7.1", Part("dr7", bit=1)),
    ("DR7.1 ", Part("dr7", bit=1)),
    ("0x402000:4", Part(address=0x402000, length=4)),
    ("0x402000", Part(address=0x402000, length=1)),
    ("0xffffffffffffffff:1", Part(address=2**64 - 1, length=1)),
    ("cpu1.slot2", Part(cpu=1, slot=2)),
]


@pytest.mark.parametrize(("text", "part"), GOOD)
def test_one_word_is_a_part(text: str, part: Part) -> None:
    assert parse_part(text) == part


@pytest.mark.parametrize("part", [part for _, part in GOOD])
def test_a_part_is_its_own_word(part: Part) -> None:
    assert parse_part(part.key) == part


@pytest.mark.parametrize(
    "text", ["dr7.", "dr7.x", "0x", "402000", "0x1:-1", "cpu.slot1", "<b>", "0x1" * 9]
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InvalidAnchor) as refused:
        parse_part(text)

    assert (refused.value.field, refused.value.value) == ("on", text)


# Names of bits: SDM volume 3, figures 19-1 and 19-2; volume 1, figure 3-8.
@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part("dr7", bit=1), "DR7 bit 1 G0"),
        (Part("dr7", bit=6), "DR7 bit 6 L3"),
        (Part("dr7", bit=13), "DR7 bit 13 GD"),
        (Part("dr6", bit=14), "DR6 bit 14 BS"),
        (Part("rflags", bit=16), "RFLAGS bit 16 RF"),
        (Part("dr7", bit=14), "DR7 bit 14"),
        (Part("rax", bit=63), "RAX bit 63"),
        (Part("rip"), "rip"),
        (Part(address=0x402000, length=4), "4 bytes at 0x402000"),
        (Part(address=0x402000, length=1), "1 byte at 0x402000"),
        (Part(cpu=1, slot=2), "slot DR2 of CPU 1"),
    ],
)
def test_a_part_has_a_name(part: Part, words: str) -> None:
    assert part.words() == words


def test_memory_is_called_as_the_run_calls_it() -> None:
    part = Part(address=0x402000, length=4)

    assert part.words(lambda address: "counter") == "4 bytes at counter, 0x402000"


@pytest.mark.parametrize(
    ("part", "moment", "field"),
    [
        (Part("cr3"), True, "register"),
        (Part(bit=1), True, "register"),
        (Part("dr7", bit=32), True, "bit"),
        (Part("rax", bit=64), True, "bit"),
        (Part("rflags", bit=-1), True, "bit"),
        (Part(length=4), True, "address"),
        (Part(address=1, length=0), True, "length"),
        (Part(address=1, length=257), True, "length"),
        (Part(address=2**64 - 1, length=2), True, "length"),
        (Part(address=1, length=1), False, "seq"),
        (Part(cpu=0, slot=4), True, "slot"),
        (Part(cpu=2, slot=1), True, "cpu"),
        (Part(slot=1), True, "cpu"),
        (Part(cpu=1), True, "slot"),
        (Part(cpu=0, slot=1), False, "seq"),
        (Part("dr7", cpu=0, slot=1), True, "register"),
        (Part("dr7", address=1, length=1), True, "register"),
    ],
)
def test_what_there_is_not_is_refused(part: Part, moment: bool, field: str) -> None:
    with pytest.raises(InvalidAnchor) as refused:
        check_part(part, cpus=2, has_moment=moment)

    assert refused.value.field == field
    assert refused.value.allowed


@pytest.mark.parametrize(
    "part",
    [
        NOTHING,
        Part("dr7", bit=31),
        Part("rax", bit=63),
        Part(address=2**64 - 1, length=1),
        Part(address=0, length=256),
        Part(cpu=1, slot=3),
    ],
)
def test_the_last_of_each_is_taken(part: Part) -> None:
    assert check_part(part, cpus=2, has_moment=True) == part
