"""Ids, limits, thread pointers, randomness, time, and the end of a task."""

from __future__ import annotations

import struct

import pytest

from emulator.linux.clocks import BOOT_SECONDS
from emulator.linux.errno import Errno
from emulator.tests.linux.fake_machine import DATA, SPEC, Started

EXIT, UNAME, ARCH_PRCTL, FUTEX, AFFINITY, TID, CLOCK, EXIT_GROUP = (
    *(60, 63, 158, 202, 204, 218, 228, 231),
)
PRLIMIT, GETCPU, GETRANDOM, RSEQ = 302, 309, 318, 334


@pytest.mark.parametrize("number", [EXIT, EXIT_GROUP])
def test_the_exit_status_is_as_wait_gives_it(number: int) -> None:
    assert Started().call(number, 0x1FF).exited == 0xFF00


@pytest.mark.parametrize(
    ("number", "value"), [(39, 100), (186, 100), (110, 1), (102, 1000), (24, 0)]
)
def test_ids_are_those_of_the_recipe(number: int, value: int) -> None:
    assert Started().value(number) == value


def test_the_thread_id_is_the_pid() -> None:
    assert Started().value(TID, DATA) == SPEC.pid


def test_the_fs_base_is_set() -> None:
    started = Started()
    started.value(ARCH_PRCTL, 0x1002, 0x7000_0000)

    assert started.registers.get("fs_base") == 0x7000_0000


def test_the_gs_base_can_be_read_back() -> None:
    started = Started()
    started.value(ARCH_PRCTL, 0x1001, 0x7000_0000)
    started.value(ARCH_PRCTL, 0x1004, DATA)

    assert started.memory.read(DATA, 8) == struct.pack("<Q", 0x7000_0000)


def test_the_system_has_a_name() -> None:
    started = Started()
    started.value(UNAME, DATA)

    assert started.memory.read(DATA, 6) == b"Linux\0"


def test_random_bytes_follow_one_another() -> None:
    started = Started()
    started.value(GETRANDOM, DATA, 16, 0)
    first = started.memory.read(DATA, 16)
    started.value(GETRANDOM, DATA, 16, 0)

    assert started.memory.read(DATA, 16) != first


def test_random_bytes_are_the_same_in_each_run() -> None:
    one, other = Started(), Started()
    for started in (one, other):
        started.value(GETRANDOM, DATA, 40, 0)

    assert one.memory.read(DATA, 40) == other.memory.read(DATA, 40)


def test_the_stack_limit_is_that_of_the_recipe() -> None:
    started = Started()
    started.value(PRLIMIT, 0, 3, 0, DATA)

    assert started.memory.read(DATA, 8) == struct.pack("<Q", SPEC.stack)


def test_the_affinity_is_the_cpu_of_the_recipe() -> None:
    started = Started()
    started.value(AFFINITY, 0, 128, DATA)

    assert started.memory.read(DATA, 8) == struct.pack("<Q", 1 << SPEC.cpu)


def test_rseq_tells_the_cpu() -> None:
    started = Started()
    started.value(RSEQ, DATA, 32, 0, 0x53053053)

    assert started.memory.read(DATA, 8) == struct.pack("<II", SPEC.cpu, SPEC.cpu)


def test_a_futex_with_another_value_returns_at_once() -> None:
    assert Started().value(FUTEX, DATA, 0, 5) == -Errno.EAGAIN


def test_a_futex_with_this_value_sleeps_for_ever() -> None:
    assert Started().call(FUTEX, DATA, 0x80, 0).blocked


def test_waking_wakes_nobody() -> None:
    assert Started().value(FUTEX, DATA, 0x81, 1) == 0


@pytest.mark.parametrize(
    ("clock", "seconds"), [(0, BOOT_SECONDS + 3), (1, 3), (2, 3), (7, 3)]
)
def test_clocks_count_instructions_as_nanoseconds(clock: int, seconds: int) -> None:
    started = Started()
    started.now = 3_000_000_007
    started.value(CLOCK, clock, DATA)

    assert struct.unpack("<qq", started.memory.read(DATA, 16)) == (seconds, 7)


def test_time_of_day_has_microseconds() -> None:
    started = Started()
    started.now = 5_000
    started.value(96, DATA, 0)

    assert struct.unpack("<qq", started.memory.read(DATA, 16)) == (BOOT_SECONDS, 5)


def test_sleeping_returns_at_once() -> None:
    started = Started()

    assert started.value(35, started.put(struct.pack("<qq", 1000, 0))) == 0


@pytest.mark.parametrize(
    ("number", "arguments", "errno"),
    [
        pytest.param(ARCH_PRCTL, (0x1002, 1 << 63), Errno.EPERM, id="kernel-fs"),
        pytest.param(ARCH_PRCTL, (1, 0), Errno.EINVAL, id="prctl-code"),
        pytest.param(PRLIMIT, (7, 3, 0, DATA), Errno.ESRCH, id="limit-of-another"),
        pytest.param(PRLIMIT, (0, 16, 0, DATA), Errno.EINVAL, id="no-such-limit"),
        pytest.param(GETRANDOM, (DATA, 4, 8), Errno.EINVAL, id="random-flags"),
        pytest.param(GETRANDOM, (0x99_0000, 4, 0), Errno.EFAULT, id="random-fault"),
        pytest.param(RSEQ, (DATA + 1, 32, 0, 0), Errno.EINVAL, id="rseq-alignment"),
        pytest.param(AFFINITY, (0, 4, DATA), Errno.EINVAL, id="affinity-size"),
        pytest.param(CLOCK, (99, DATA), Errno.EINVAL, id="no-such-clock"),
        pytest.param(35, (DATA + 0x1000,), Errno.EFAULT, id="sleep-fault"),
    ],
)
def test_refusals(number: int, arguments: tuple[int, ...], errno: Errno) -> None:
    assert Started().value(number, *arguments) == -errno


def test_a_call_that_is_not_there_is_unknown() -> None:
    result = Started().call(9999)

    assert (result.value, result.unknown) == (-Errno.ENOSYS, True)
