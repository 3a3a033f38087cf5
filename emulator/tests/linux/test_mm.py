"""brk, mmap and their family."""

from __future__ import annotations

import pytest

from emulator.linux.errno import Errno
from emulator.tests.linux.fake_machine import Started

MMAP, MPROTECT, MUNMAP, BRK, MREMAP, MADVISE = 9, 10, 11, 12, 25, 28
PAGE = 4096
READ_WRITE = 3
PRIVATE_ANONYMOUS = 0x22
FIXED, NOREPLACE = 0x10, 0x100000
FREE = 0x5000_0000


def mapped(started: Started, pages: int = 1, protection: int = READ_WRITE) -> int:
    """A new anonymous mapping."""
    return started.value(MMAP, 0, pages * PAGE, protection, PRIVATE_ANONYMOUS)


def test_the_break_starts_behind_the_program() -> None:
    assert Started().value(BRK, 0) == 0x40_2000


def test_the_break_moves_by_bytes() -> None:
    assert Started().value(BRK, 0x40_2123) == 0x40_2123


def test_memory_below_the_break_can_be_used() -> None:
    started = Started()
    started.value(BRK, 0x40_2123)

    assert started.memory.read(0x40_2100, 4) == bytes(4)


def test_a_lower_break_gives_pages_back() -> None:
    started = Started()
    started.value(BRK, 0x40_5000)
    started.value(BRK, 0x40_2000)

    assert 0x402 not in started.memory.pages


def test_a_break_below_the_start_changes_nothing() -> None:
    assert Started().value(BRK, 0x1000) == 0x40_2000


def test_a_break_that_meets_a_mapping_changes_nothing() -> None:
    started = Started()
    started.value(MMAP, 0x40_4000, PAGE, READ_WRITE, PRIVATE_ANONYMOUS | FIXED)

    assert started.value(BRK, 0x40_6000) == 0x40_2000


def test_a_break_without_memory_changes_nothing() -> None:
    assert Started(limit=20).value(BRK, 0x50_0000) == 0x40_2000


def test_mappings_grow_down() -> None:
    started = Started()
    first, second = mapped(started), mapped(started)

    assert second == first - PAGE


def test_a_hint_is_taken_where_it_is_free() -> None:
    assert Started().value(MMAP, FREE + 5, 1, 1, PRIVATE_ANONYMOUS) == FREE


def test_a_hint_that_is_taken_goes_elsewhere() -> None:
    assert Started().value(MMAP, 0x40_0000, 1, 1, PRIVATE_ANONYMOUS) > FREE


def test_a_fixed_mapping_replaces_what_was_there() -> None:
    started = Started()
    address = mapped(started)
    started.memory.write(address, b"x")
    started.value(MMAP, address, PAGE, READ_WRITE, PRIVATE_ANONYMOUS | FIXED)

    assert started.memory.read(address, 1) == b"\0"


@pytest.mark.parametrize(
    ("arguments", "errno"),
    [
        pytest.param((0, 0, 3, PRIVATE_ANONYMOUS), Errno.EINVAL, id="no-length"),
        pytest.param((0, PAGE, 3, 0x20), Errno.EINVAL, id="neither-kind"),
        pytest.param((0, PAGE, 8, PRIVATE_ANONYMOUS), Errno.EINVAL, id="rights"),
        pytest.param((0, PAGE, 3, 0x2), Errno.EBADF, id="file"),
        pytest.param((0, 1 << 60, 3, PRIVATE_ANONYMOUS), Errno.ENOMEM, id="huge"),
        pytest.param((0, 1 << 30, 3, PRIVATE_ANONYMOUS), Errno.ENOMEM, id="no-memory"),
        pytest.param((0x10, 1, 3, PRIVATE_ANONYMOUS | FIXED), Errno.EINVAL, id="odd"),
        pytest.param((0, 1, 3, PRIVATE_ANONYMOUS | FIXED), Errno.EPERM, id="null"),
        pytest.param(
            (0x40_0000, 1, 3, PRIVATE_ANONYMOUS | NOREPLACE), Errno.EEXIST, id="taken"
        ),
        pytest.param(
            (1 << 62, PAGE, 3, PRIVATE_ANONYMOUS | FIXED), Errno.ENOMEM, id="beyond"
        ),
    ],
)
def test_mmap_refuses(arguments: tuple[int, ...], errno: Errno) -> None:
    assert Started().value(MMAP, *arguments) == -errno


def test_unmapping_takes_a_page_out_of_the_middle() -> None:
    started = Started()
    address = mapped(started, 3)
    started.value(MUNMAP, address + PAGE, PAGE)

    here = [(address // PAGE + i) in started.memory.pages for i in range(3)]
    assert here == [True, False, True]


def test_unmapping_a_hole_succeeds() -> None:
    assert Started().value(MUNMAP, FREE, PAGE) == 0


def test_the_whole_address_space_can_be_unmapped_at_once() -> None:
    started = Started()
    started.value(MUNMAP, 0x10_000, 0x7FFF_FFFE_F000)

    assert started.memory.pages == {}


def test_protecting_a_hole_fails() -> None:
    started = Started()
    address = mapped(started, 3)
    started.value(MUNMAP, address + PAGE, PAGE)

    assert started.value(MPROTECT, address, 3 * PAGE, 1) == -Errno.ENOMEM


def test_a_protected_page_refuses_the_kernel_too() -> None:
    started = Started()
    address = mapped(started)
    started.value(MPROTECT, address, PAGE, 1)

    assert started.value(201, address) == -Errno.EFAULT  # time(pointer)


def test_a_mapping_grows_in_place_when_there_is_room() -> None:
    started = Started()
    address = started.value(MMAP, FREE, PAGE, READ_WRITE, PRIVATE_ANONYMOUS)

    assert started.value(MREMAP, address, PAGE, 3 * PAGE, 0) == address


def test_a_mapping_moves_with_its_bytes() -> None:
    started = Started()
    mapped(started)
    low = mapped(started)
    started.memory.write(low, b"kept")

    moved = started.value(MREMAP, low, PAGE, 2 * PAGE, 1)

    assert started.memory.read(moved, 4) == b"kept"


def test_a_mapping_that_may_not_move_fails() -> None:
    started = Started()
    mapped(started)
    low = mapped(started)

    assert started.value(MREMAP, low, PAGE, 2 * PAGE, 0) == -Errno.ENOMEM


def test_a_mapping_shrinks_in_place() -> None:
    started = Started()
    address = mapped(started, 2)
    started.value(MREMAP, address, 2 * PAGE, PAGE, 0)

    assert address // PAGE + 1 not in started.memory.pages


def test_advice_is_accepted() -> None:
    assert Started().value(MADVISE, FREE, PAGE, 4) == 0
