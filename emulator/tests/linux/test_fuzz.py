"""Whatever a program asks for, it gets a result: never an exception of Python."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.linux import SyscallResult
from emulator.linux.protocols import PAGE
from emulator.tests.linux.fake_machine import DATA, Started

KNOWN = [
    *(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 20, 21, 24, 25, 28, 34, 35),
    *(39, 60, 62, 63, 72, 79, 89, 95, 96, 97, 98, 102, 127, 131, 158, 186, 200, 201),
    *(202, 204, 218, 228, 229, 230, 231, 234, 257, 262, 267, 269, 273, 302, 309, 318),
    *(334, 439),
]
NUMBERS = st.sampled_from(KNOWN) | st.integers(0, (1 << 64) - 1)
ARGUMENTS = (
    st.sampled_from([0, 1, 2, 3, 8, 0x22, 0x32, 100, PAGE, DATA, DATA + 4090, 1 << 63])
    | st.integers(0, 64)
    | st.integers(0, (1 << 64) - 1)
)
CALLS = st.lists(
    st.tuples(NUMBERS, st.tuples(*[ARGUMENTS] * 6)), min_size=1, max_size=8
)


@given(CALLS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_calls_have_results(calls: list[tuple[int, tuple[int, ...]]]) -> None:
    started = Started(limit=64)

    results = [started.call(number, *arguments) for number, arguments in calls]

    assert all(isinstance(r, SyscallResult) for r in results)
    assert all(-4096 < r.value < 1 << 64 for r in results)
