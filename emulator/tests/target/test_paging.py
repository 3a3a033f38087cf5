"""Address spaces and guest memory."""

from __future__ import annotations

import pytest

from emulator.errors import KernelError
from emulator.target.paging import (
    EFAULT,
    EINVAL,
    ENOMEM,
    EXECUTE,
    KERNEL_START,
    READ,
    WRITE,
    AddressSpace,
)
from emulator.target.ram import PAGE, Ram

AT = 0x40_0000
PRESENT, WRITABLE, USER, NO_EXECUTE = 1, 2, 4, 1 << 63


@pytest.fixture
def kernel() -> AddressSpace:
    """The kernel's half over one megabyte."""
    return AddressSpace(Ram(1 << 20))


@pytest.fixture
def space(kernel: AddressSpace) -> AddressSpace:
    """A user's mm."""
    return AddressSpace(kernel.ram, kernel)


def entry(space: AddressSpace, address: int) -> int:
    """The leaf as the processor finds it, 0 when a table is missing."""
    table = space.root
    for shift in (39, 30, 21, 12):
        found = space.ram.read_u64(table + 8 * (address >> shift & 511))
        if not found & PRESENT:
            return 0
        table = found & 0x000F_FFFF_FFFF_F000
    return found


def refused(call: object, *arguments: int) -> int:
    """The errno of a refusal."""
    with pytest.raises(KernelError) as caught:
        call(*arguments)
    return caught.value.errno


def test_a_mapped_page_is_zero(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    assert space.read(AT, PAGE) == bytes(PAGE)


def test_a_page_used_before_is_zero_again(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ | WRITE)
    space.write(AT, b"secret")
    space.unmap(AT, PAGE)

    space.map(AT, PAGE, READ)

    assert space.read(AT, 6) == bytes(6)


def test_bytes_cross_pages(space: AddressSpace) -> None:
    space.map(AT, 2 * PAGE, READ | WRITE)

    space.write(AT + PAGE - 2, b"abcd")

    assert space.read(AT + PAGE - 2, 4) == b"abcd"


@pytest.mark.parametrize(
    "address", [0, AT + PAGE, 1 << 47, KERNEL_START, (1 << 64) - 1]
)
def test_reading_what_is_not_mapped_is_efault(
    space: AddressSpace, address: int
) -> None:
    space.map(AT, PAGE, READ)

    assert refused(space.read, address, 1) == EFAULT


def test_a_write_that_is_refused_half_way_stores_nothing(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ | WRITE)

    assert refused(space.write, AT + PAGE - 2, b"abcd") == EFAULT
    assert space.read(AT + PAGE - 2, 2) == bytes(2)


def test_writing_a_read_only_page_is_efault(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    assert refused(space.write, AT, b"a") == EFAULT


def test_the_loader_writes_read_only_pages(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    space.load(AT, b"a")

    assert space.read(AT, 1) == b"a"


def test_reading_a_page_without_rights_is_efault(space: AddressSpace) -> None:
    space.map(AT, PAGE, 0)

    assert refused(space.read, AT, 1) == EFAULT


@pytest.mark.parametrize(
    ("protection", "bits"),
    [
        pytest.param(READ, PRESENT | USER | NO_EXECUTE, id="r"),
        pytest.param(READ | WRITE, PRESENT | WRITABLE | USER | NO_EXECUTE, id="rw"),
        pytest.param(READ | EXECUTE, PRESENT | USER, id="rx"),
        pytest.param(0, 0, id="none"),
    ],
)
def test_the_table_says_what_is_allowed(
    space: AddressSpace, protection: int, bits: int
) -> None:
    space.map(AT, PAGE, protection)

    assert entry(space, AT) & (PRESENT | WRITABLE | USER | NO_EXECUTE) == bits


def test_the_kernels_half_is_not_the_users(kernel: AddressSpace) -> None:
    kernel.map(KERNEL_START, PAGE, READ)

    assert not entry(kernel, KERNEL_START) & USER


def test_a_kernel_mapping_made_later_is_seen_by_every_space(
    kernel: AddressSpace, space: AddressSpace
) -> None:
    kernel.map(0xFFFF_FFFF_8100_0000, PAGE, READ)

    assert entry(space, 0xFFFF_FFFF_8100_0000) & PRESENT


def test_an_unmapped_page_leaves_the_table(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    space.unmap(AT, PAGE)

    assert entry(space, AT) == 0


def test_unmapping_a_hole_is_allowed(space: AddressSpace) -> None:
    space.unmap(AT, 4 * PAGE)

    assert space.translate(AT) is None


def test_protecting_a_hole_is_enomem_and_changes_nothing(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    assert refused(space.protect, AT, 2 * PAGE, READ | WRITE) == ENOMEM
    assert not entry(space, AT) & WRITABLE


def test_protection_follows_into_the_table(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    space.protect(AT, PAGE, READ | WRITE)

    assert entry(space, AT) & WRITABLE


@pytest.mark.parametrize(
    ("address", "length"),
    [
        pytest.param(AT + 1, PAGE, id="misaligned"),
        pytest.param(AT, 0, id="empty"),
        pytest.param(AT, -PAGE, id="negative"),
        pytest.param(0x7FFF_FFFF_F000, PAGE, id="behind-the-last-user-page"),
        pytest.param(1 << 47, PAGE, id="not-canonical"),
        pytest.param(0xFFFF_FFFF_FFFF_F000, 2 * PAGE, id="wraps"),
        pytest.param(-PAGE, PAGE, id="below-zero"),
    ],
)
def test_a_range_outside_both_halves_is_einval(
    space: AddressSpace, address: int, length: int
) -> None:
    assert refused(space.map, address, length, READ) == EINVAL


def test_the_last_page_of_all_can_be_mapped(kernel: AddressSpace) -> None:
    kernel.map(0xFFFF_FFFF_FFFF_F000, PAGE, READ | WRITE)

    kernel.write(0xFFFF_FFFF_FFFF_FFFF, b"a")

    assert kernel.read(0xFFFF_FFFF_FFFF_FFFF, 1) == b"a"


def test_memory_that_is_used_up_is_enomem(space: AddressSpace) -> None:
    assert refused(space.map, AT, 1 << 20, READ) == ENOMEM
    assert space.translate(AT) is None


def test_what_was_unmapped_can_be_mapped_again_for_ever(space: AddressSpace) -> None:
    for _ in range(100):
        space.map(AT, 16 * PAGE, READ | WRITE)
        space.unmap(AT, 16 * PAGE)

    assert space.translate(AT) is None


def test_a_mapping_scattered_over_memory_reads_as_one(space: AddressSpace) -> None:
    space.map(AT, 200 * PAGE, READ | WRITE)
    for index in range(0, 200, 2):
        space.unmap(AT + index * PAGE, PAGE)
    space.map(2 * AT, 90 * PAGE, READ | WRITE)

    space.write(2 * AT, bytes(range(1, 251)) * 1000)

    assert space.read(2 * AT, 250_000) == bytes(range(1, 251)) * 1000


def test_an_alias_shows_the_same_bytes(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ | WRITE)

    space.share(2 * AT, PAGE, AT, READ)
    space.write(AT + 5, b"both")

    assert space.read(2 * AT + 5, 4) == b"both"


def test_an_alias_keeps_the_frame_when_the_first_goes(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ | WRITE)
    space.write(AT, b"kept")
    space.share(2 * AT, PAGE, AT, READ)

    space.unmap(AT, PAGE)
    space.map(AT, PAGE, READ | WRITE)
    space.write(AT, b"new!")

    assert space.read(2 * AT, 4) == b"kept"


def test_an_alias_of_nothing_is_efault(space: AddressSpace) -> None:
    assert refused(space.share, 2 * AT, PAGE, AT, READ) == EFAULT


def test_an_alias_over_a_page_changes_the_translation(space: AddressSpace) -> None:
    space.map(AT, 2 * PAGE, READ | WRITE)
    before = space.generation

    space.share(AT + PAGE, PAGE, AT, READ)

    assert space.generation > before


@pytest.mark.parametrize("change", ["unmap", "protect", "map"])
def test_a_removed_translation_makes_a_new_generation(
    space: AddressSpace, change: str
) -> None:
    space.map(AT, PAGE, READ)
    before = space.generation

    getattr(space, change)(AT, PAGE, *([] if change == "unmap" else [READ]))

    assert space.generation > before


def test_two_spaces_have_their_own_pages(kernel: AddressSpace) -> None:
    one, other = AddressSpace(kernel.ram, kernel), AddressSpace(kernel.ram, kernel)
    one.map(AT, PAGE, READ | WRITE)
    other.map(AT, PAGE, READ | WRITE)

    one.write(AT, b"one")

    assert other.read(AT, 3) == bytes(3)


def test_the_highest_free_range_is_found(space: AddressSpace) -> None:
    space.map(AT + 3 * PAGE, PAGE, READ)

    assert space.find_free(2 * PAGE, AT, AT + 5 * PAGE) == AT + PAGE


def test_no_free_range_is_enomem(space: AddressSpace) -> None:
    space.map(AT + PAGE, PAGE, READ)

    assert refused(space.find_free, 2 * PAGE, AT, AT + 3 * PAGE) == ENOMEM


def test_bytes_are_given_as_far_as_pages_are_mapped(space: AddressSpace) -> None:
    space.map(AT, PAGE, READ)

    assert len(space.mapped_bytes(AT + PAGE - 3, 15)) == 3


def test_frames_of_a_run_are_neighbours() -> None:
    ram = Ram(1 << 20)

    first, second, third = ram.allocate_run(3)

    assert (second - first, third - second) == (PAGE, PAGE)


def test_a_released_frame_is_used_again() -> None:
    ram = Ram(1 << 20)
    frame = ram.allocate()

    ram.release(frame)

    assert ram.allocate() == frame


def test_a_kept_frame_is_not_used_again() -> None:
    ram = Ram(1 << 20)
    frame = ram.allocate()

    ram.keep(frame)
    ram.release(frame)

    assert ram.allocate() != frame


def test_a_quadword_is_little_endian() -> None:
    ram = Ram(1 << 16)

    ram.write_u64(0x1000, 0x1122334455667788)

    assert ram.read(0x1000, 2) == b"\x88\x77"
