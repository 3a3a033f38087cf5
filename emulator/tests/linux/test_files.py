"""Descriptors 0, 1 and 2, and a file system without files."""

from __future__ import annotations

import struct

import pytest

from emulator.linux.errno import Errno
from emulator.tests.linux.fake_machine import DATA, Started

READ, WRITE, OPEN, CLOSE, FSTAT, POLL, LSEEK = 0, 1, 2, 3, 5, 7, 8
IOCTL, WRITEV, FCNTL, GETCWD, READLINK, NEWFSTATAT = 16, 20, 72, 79, 89, 262
BEYOND = 0x40_2000


def test_standard_input_is_at_its_end() -> None:
    assert Started().value(READ, 0, DATA, 10) == 0


def test_output_arrives_with_its_descriptor() -> None:
    started = Started()
    started.value(WRITE, 2, started.put(b"hello"), 5)

    assert started.output == [(2, b"hello")]


def test_output_over_a_page_arrives_whole() -> None:
    started = Started()
    started.put(b"ab", DATA - 1)

    started.value(WRITE, 1, DATA - 1, 2)

    assert started.output == [(1, b"ab")]


def test_a_fault_in_the_middle_gives_a_short_count() -> None:
    assert Started().value(WRITE, 1, BEYOND - 3, 10) == 3


def test_a_fault_at_the_start_is_an_error() -> None:
    assert Started().value(WRITE, 1, BEYOND, 10) == -Errno.EFAULT


def test_a_huge_count_ends_where_memory_ends() -> None:
    assert Started().value(WRITE, 1, BEYOND - 3, 1 << 62) == 3


def test_vectors_are_one_output_in_order() -> None:
    started = Started()
    started.put(b"abcd", DATA + 100)
    started.put(struct.pack("<4Q", DATA + 102, 2, DATA + 100, 2))
    started.value(WRITEV, 1, DATA, 2)

    assert started.output == [(1, b"cdab")]


def test_vectors_stop_at_a_fault() -> None:
    started = Started()
    started.put(struct.pack("<4Q", DATA, 2, BEYOND, 2))

    assert started.value(WRITEV, 1, DATA, 2) == 2


@pytest.mark.parametrize(
    ("number", "arguments", "errno"),
    [
        pytest.param(READ, (1, DATA, 1), Errno.EBADF, id="read-output"),
        pytest.param(WRITE, (0, DATA, 1), Errno.EBADF, id="write-input"),
        pytest.param(WRITE, (3, DATA, 1), Errno.EBADF, id="write-unopened"),
        pytest.param(WRITEV, (1, DATA, 1025), Errno.EINVAL, id="vectors"),
        pytest.param(CLOSE, (9,), Errno.EBADF, id="close"),
        pytest.param(LSEEK, (1, 0, 0), Errno.ESPIPE, id="seek"),
        pytest.param(IOCTL, (1, 0x5401, DATA), Errno.ENOTTY, id="terminal"),
        pytest.param(FCNTL, (1, 1024, 0), Errno.EINVAL, id="fcntl"),
        pytest.param(GETCWD, (DATA, 1), Errno.ERANGE, id="cwd"),
        pytest.param(POLL, (DATA, 1025, 0), Errno.EINVAL, id="poll"),
    ],
)
def test_refusals(number: int, arguments: tuple[int, ...], errno: Errno) -> None:
    assert Started().value(number, *arguments) == -errno


@pytest.mark.parametrize("number", [2, 4, 6, 21])
def test_no_path_exists(number: int) -> None:
    started = Started()

    assert started.value(number, started.put(b"/etc/passwd\0")) == -Errno.ENOENT


def test_a_path_outside_memory_faults() -> None:
    assert Started().value(OPEN, BEYOND) == -Errno.EFAULT


def test_a_closed_descriptor_is_gone() -> None:
    started = Started()
    started.value(CLOSE, 1)

    assert started.value(WRITE, 1, DATA, 1) == -Errno.EBADF


def test_output_is_a_pipe() -> None:
    started = Started()
    started.value(FSTAT, 1, DATA)

    (mode,) = struct.unpack_from("<I", started.memory.read(DATA, 144), 24)
    assert mode == 0o010600


def test_the_empty_path_means_the_descriptor() -> None:
    started = Started()

    assert started.value(NEWFSTATAT, 1, started.put(b"\0"), DATA + 8, 0x1000) == 0


def test_the_program_knows_its_own_path() -> None:
    started = Started()
    path = started.put(b"/proc/self/exe\0")
    length = started.value(READLINK, path, DATA + 64, 100)

    assert started.memory.read(DATA + 64, length) == b"/prog"


def test_poll_says_what_is_ready() -> None:
    started = Started()
    started.put(struct.pack("<ihhihhihh", 0, 1, 0, 1, 4, 0, 7, 1, 0))

    ready = started.value(POLL, DATA, 3, 0)
    found = struct.unpack("<ihhihhihh", started.memory.read(DATA, 24))
    assert (ready, found[2::3]) == (3, (1, 4, 0x20))


def test_the_flags_of_a_descriptor_can_be_asked_for() -> None:
    started = Started()

    assert [started.value(FCNTL, fd, 3, 0) for fd in (0, 1)] == [0, 1]


def test_the_working_directory_is_the_root() -> None:
    started = Started()

    assert (started.value(GETCWD, DATA, 10), started.memory.read(DATA, 2)) == (
        2,
        b"/\0",
    )
