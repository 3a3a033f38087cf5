"""Signals that a task sends to itself."""

from __future__ import annotations

import struct

import pytest

from emulator.linux.errno import Errno
from emulator.tests.linux.fake_machine import DATA, Started

SIGACTION, SIGPROCMASK, PAUSE, KILL, PENDING, ALTSTACK, TKILL, TGKILL = (
    *(13, 14, 34, 62, 127, 131, 200, 234),
)
SIGABRT, SIGKILL, SIGCHLD, SIGTSTP = 6, 9, 17, 20
IGNORE = 1


def act(started: Started, number: int, handler: int) -> int:
    """sigaction with this handler."""
    started.put(struct.pack("<4Q", handler, 0, 0, 0))
    return started.value(SIGACTION, number, DATA, 0, 8)


def mask(started: Started, how: int, bits: int) -> None:
    """sigprocmask; a delivery inside it is the caller's to see."""
    started.put(struct.pack("<Q", bits))
    assert started.value(SIGPROCMASK, how, DATA, 0, 8) == 0


def test_the_default_action_ends_the_task_with_the_signal() -> None:
    assert Started().call(KILL, 100, SIGABRT).exited == SIGABRT


@pytest.mark.parametrize("arguments", [(TKILL, 100, 6), (TGKILL, 100, 100, 6)])
def test_threads_can_be_addressed(arguments: tuple[int, ...]) -> None:
    assert Started().call(*arguments).exited == SIGABRT


def test_signal_zero_only_asks() -> None:
    assert Started().value(KILL, 100, 0) == 0


def test_an_ignored_signal_does_nothing() -> None:
    started = Started()
    act(started, SIGABRT, IGNORE)

    assert started.value(KILL, 100, SIGABRT) == 0


def test_some_signals_are_ignored_by_default() -> None:
    assert Started().value(KILL, 100, SIGCHLD) == 0


def test_a_blocked_signal_waits() -> None:
    started = Started()
    mask(started, 0, 1 << SIGABRT - 1)

    assert started.value(KILL, 100, SIGABRT) == 0


def test_a_waiting_signal_is_pending() -> None:
    started = Started()
    mask(started, 0, 1 << SIGABRT - 1)
    started.value(KILL, 100, SIGABRT)
    started.value(PENDING, DATA, 8)

    assert started.memory.read(DATA, 8) == struct.pack("<Q", 1 << SIGABRT - 1)


def test_unblocking_delivers() -> None:
    started = Started()
    mask(started, 0, 1 << SIGABRT - 1)
    started.value(KILL, 100, SIGABRT)
    started.put(struct.pack("<Q", 0))

    assert started.call(SIGPROCMASK, 2, DATA, 0, 8).exited == SIGABRT


def test_kill_cannot_be_blocked() -> None:
    started = Started()
    mask(started, 2, (1 << 64) - 1)

    assert started.call(KILL, 100, SIGKILL).exited == SIGKILL


def test_the_old_action_is_told() -> None:
    started = Started()
    act(started, SIGABRT, IGNORE)
    started.value(SIGACTION, SIGABRT, 0, DATA + 64, 8)

    assert started.memory.read(DATA + 64, 8) == struct.pack("<Q", IGNORE)


def test_a_signal_with_a_handler_is_an_unknown_call() -> None:
    started = Started()
    act(started, SIGABRT, 0x401234)

    assert started.call(KILL, 100, SIGABRT).unknown


def test_a_stopped_task_sleeps_for_ever() -> None:
    assert Started().call(KILL, 100, SIGTSTP).blocked


def test_pause_sleeps_for_ever() -> None:
    assert Started().call(PAUSE).blocked


def test_the_old_alternate_stack_is_told() -> None:
    started = Started()
    started.put(struct.pack("<QiIQ", 0x5000, 0, 0, 8192))
    started.value(ALTSTACK, DATA, 0)
    started.value(ALTSTACK, 0, DATA + 64)

    assert struct.unpack("<QiIQ", started.memory.read(DATA + 64, 24))[3] == 8192


@pytest.mark.parametrize(
    ("number", "arguments", "errno"),
    [
        pytest.param(KILL, (101, 6), Errno.ESRCH, id="another-process"),
        pytest.param(TKILL, (101, 6), Errno.ESRCH, id="another-thread"),
        pytest.param(TGKILL, (7, 100, 6), Errno.ESRCH, id="another-group"),
        pytest.param(KILL, (100, 65), Errno.EINVAL, id="no-such-signal"),
        pytest.param(SIGACTION, (6, 0, 0, 4), Errno.EINVAL, id="set-size"),
        pytest.param(SIGACTION, (9, DATA, 0, 8), Errno.EINVAL, id="kill-handler"),
        pytest.param(SIGPROCMASK, (3, DATA, 0, 8), Errno.EINVAL, id="how"),
    ],
)
def test_refusals(number: int, arguments: tuple[int, ...], errno: Errno) -> None:
    assert Started().value(number, *arguments) == -errno
