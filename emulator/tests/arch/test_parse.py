"""hw_breakpoint_arch_parse, release by release (docs of the kernel's own checks)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.arch.x86.parse import AttrParser
from emulator.core.perf_event import BpType, PerfEventAttr
from emulator.errors import KernelError
from emulator.variants import switches

EFAULT, EINVAL, EOPNOTSUPP = 14, 22, 95
KERNEL = 0xFFFF_8000_0000_0000
LAST_PAGE = 0x7FFF_FFFF_F000
PID = 100
W, RW, X, R = BpType.W, BpType.RW, BpType.X, BpType.R


def errno(
    variant: str, address: int, length: int, kind: BpType, task: int = PID, **more: bool
) -> int:
    """0 when it is accepted."""
    kernel = replace(switches(variant, {}), **more)
    try:
        AttrParser(kernel).parse(PerfEventAttr(address, length, kind), task=task)
    except KernelError as error:
        return error.errno
    return 0


def cases(rows: list[tuple[str, object]]) -> pytest.MarkDecorator:
    """Rows of (id, address, length, type, task, then the errno of each kernel)."""
    kernels = ["b", "d1", "d2", "d3-35", "d3-36", "d4", "g-bare"]
    made = [
        pytest.param(kernel, *row[1:5], found, id=f"{row[0]}-{kernel}")
        for row in rows
        for kernel, found in zip(kernels, row[5:], strict=True)
    ]
    names = ("kernel", "address", "length", "kind", "task", "expected")
    return pytest.mark.parametrize(names, made)


E, F, N = EINVAL, EFAULT, EOPNOTSUPP


@cases(
    [
        # id, address, length, type, task: b, d1, d2, d3-35, d3-36, d4, g-bare
        ("write", 0x1000, 4, W, PID, 0, 0, 0, 0, 0, 0, 0),
        ("access", 0x1000, 8, RW, PID, 0, 0, 0, 0, 0, 0, 0),
        ("read", 0x1000, 4, R, PID, E, E, E, E, E, E, E),
        ("length-0", 0x1000, 0, W, PID, E, E, E, E, E, E, E),
        ("length-3", 0x1000, 3, W, PID, E, E, E, E, E, E, E),
        ("length-16", 0x1000, 16, W, PID, E, E, E, E, E, N, N),
        ("length-16-misaligned", 0x1008, 16, W, PID, E, E, E, E, E, E, E),
        ("length-4096", 0x1000, 4096, W, PID, E, E, E, E, E, N, N),
        ("misaligned", 0x1001, 2, W, PID, E, E, E, E, E, E, E),
        ("null", 0, 4, W, PID, E, 0, 0, 0, 0, 0, 0),
        ("execute-1", 0x1001, 1, X, PID, 0, 0, 0, 0, E, E, E),
        ("execute-2", 0x1000, 2, X, PID, 0, 0, 0, 0, E, E, E),
        ("execute-8", 0x1000, 8, X, PID, 0, 0, 0, 0, 0, 0, 0),
        ("execute-8-odd", 0x1003, 8, X, PID, E, E, E, E, 0, 0, 0),
        ("kernel-for-a-task", KERNEL, 4, W, PID, F, F, F, 0, 0, 0, 0),
        ("kernel-for-a-cpu", KERNEL, 4, W, 0, 0, 0, 0, 0, 0, 0, 0),
        ("user-for-a-cpu", 0x1000, 4, W, 0, F, F, F, 0, 0, 0, 0),
        ("last-user-bytes", LAST_PAGE - 8, 8, W, PID, 0, 0, 0, 0, 0, 0, 0),
        ("task-size", LAST_PAGE, 8, W, PID, F, F, F, 0, 0, 0, 0),
        ("kernel-execute-1", KERNEL, 1, X, 0, E, E, E, 0, E, E, E),
        ("kernel-execute-8", KERNEL, 8, X, 0, E, E, E, 0, 0, 0, 0),
        ("wraps", (1 << 64) - 4, 8, W, PID, E, E, E, E, E, E, E),
        ("entry-area", 0xFFFF_FE00_0000_1000, 8, W, 0, 0, 0, 0, 0, 0, 0, E),
        ("before-entry-area", 0xFFFF_FDFF_FFFF_FFF8, 8, W, 0, 0, 0, 0, 0, 0, 0, 0),
        ("misaligned-wrong-half", 0x1001, 2, W, 0, E, E, E, E, E, E, E),
    ]
)
def test_what_each_release_answers(
    kernel: str, address: int, length: int, kind: BpType, task: int, expected: int
) -> None:
    assert errno(kernel, address, length, kind, task) == expected


def test_memory_that_the_machine_needs_on_entry_is_refused() -> None:
    parser = AttrParser(switches("g-bare", {}), [range(KERNEL, KERNEL + 64)])

    with pytest.raises(KernelError) as caught:
        parser.parse(PerfEventAttr(KERNEL + 56, 8, W), task=0)

    assert caught.value.errno == EINVAL


def test_the_entry_area_is_looked_at_before_the_type() -> None:
    parser = AttrParser(switches("g-bare", {}))

    with pytest.raises(KernelError, match="entry"):
        parser.parse(PerfEventAttr(0xFFFF_FE00_0000_0000, 3, R), task=0)


@pytest.mark.parametrize(
    ("length", "kind", "encoded"),
    [
        (1, W, (0x40, 0x81)),
        (2, RW, (0x44, 0x83)),
        (4, W, (0x4C, 0x81)),
        (8, RW, (0x48, 0x83)),
        (8, X, (0x40, 0x80)),
    ],
)
def test_lengths_and_types_are_encoded_for_dr7(
    length: int, kind: BpType, encoded: tuple[int, int]
) -> None:
    info = AttrParser(switches("g-bare", {})).parse(
        PerfEventAttr(0x1000, length, kind), task=PID
    )

    assert (info.len, info.type) == encoded


def test_2_6_33_programs_an_execute_length_that_no_processor_defines() -> None:
    info = AttrParser(switches("d1", {})).parse(PerfEventAttr(0x1000, 4, X), task=PID)

    assert (info.len, info.type) == (0x4C, 0x80)


def test_any_set_of_switches_survives_length_0() -> None:
    ranges = {"parse_ranges": True}

    assert errno("d1", 0x1000, 0, W, **ranges) == EINVAL
