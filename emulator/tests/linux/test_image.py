"""What a new process finds in its memory and registers."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from emulator.errors import KernelError
from emulator.linux.image import STACK_TOP
from emulator.programs import Program, Segment
from emulator.tests.linux.fake_machine import SPEC, Started

AT_PHDR, AT_PAGESZ, AT_ENTRY, AT_RANDOM, AT_EXECFN = 3, 6, 9, 25, 31


def words(started: Started) -> list[int]:
    """The words from RSP on."""
    pointer = started.registers.get("rsp")
    count = (STACK_TOP - pointer) // 8
    return list(struct.unpack(f"<{count}Q", started.memory.read(pointer, 8 * count)))


def auxv(started: Started) -> dict[int, int]:
    """The auxiliary vector."""
    found = words(started)
    at = found.index(0, found.index(0) + 1) + 1
    return dict(zip(found[at::2], found[at + 1 :: 2], strict=False))


def string(started: Started, address: int) -> bytes:
    """The NUL-terminated bytes at address."""
    length = min(64, STACK_TOP - address)
    return started.memory.read(address, length).split(b"\0")[0]


def test_the_stack_begins_with_the_arguments() -> None:
    started = Started(replace(SPEC, args=("prog", "ä")))
    count, first, second, end = words(started)[:4]

    assert (count, end) == (2, 0)
    assert [string(started, a) for a in (first, second)] == [b"prog", "ä".encode()]


def test_the_environment_follows() -> None:
    started = Started()

    assert string(started, words(started)[3]) == b"A=1"


def test_the_stack_pointer_is_aligned() -> None:
    pointers = [
        Started(replace(SPEC, args=("x" * n,))).registers.get("rsp") for n in range(20)
    ]

    assert {pointer % 16 for pointer in pointers} == {0}


def test_the_auxiliary_vector_tells_page_size_and_entry() -> None:
    vector = auxv(Started())

    assert (vector[AT_PAGESZ], vector[AT_ENTRY]) == (4096, 0x40_0000)


def test_the_auxiliary_vector_tells_the_path() -> None:
    started = Started()

    assert string(started, auxv(started)[AT_EXECFN]) == b"/prog"


def test_the_random_bytes_depend_on_the_seed() -> None:
    one, other = Started(), Started(replace(SPEC, seed=2))
    bytes_ = [s.memory.read(auxv(s)[AT_RANDOM], 16) for s in (one, other)]

    assert bytes_[0] != bytes_[1]


def test_the_registers_are_those_of_a_new_program() -> None:
    registers = Started().registers.values

    assert (registers["rip"], registers["rflags"], registers["rdx"]) == (
        0x40_0000,
        0x202,
        0,
    )


def test_the_x87_control_word_is_linux() -> None:
    # Without it printf of a long double rounds to 24 bits.
    assert Started().registers.get("fpcw") == 0x37F


def test_a_page_that_two_segments_share_has_both_rights() -> None:
    segments = (
        Segment(0x40_0000, 0x800, b"\x90", True, False, True),
        Segment(0x40_0800, 0x10, b"d", True, True, False),
    )
    started = Started(program=Program(segments, 0x40_0000, {}))

    assert started.memory.rights[0x400] == 7


def test_memory_beyond_the_file_is_zero() -> None:
    segment = Segment(0x40_0000, 0x2000, b"\x90", True, True, True)
    started = Started(program=Program((segment,), 0x40_0000, {}))

    assert started.memory.read(0x40_1FFF, 1) == b"\0"


def test_arguments_that_fill_the_stack_are_refused() -> None:
    with pytest.raises(KernelError):
        Started(replace(SPEC, args=("x" * 4000,), stack=8192))


def test_a_machine_that_is_too_small_is_refused() -> None:
    with pytest.raises(KernelError):
        Started(limit=2)
