"""Signals that a task sends to itself."""

from __future__ import annotations

import struct

import pytest

from emulator.linux.errno import Errno
from emulator.linux.signal_state import (
    SA_NODEFER,
    SA_RESETHAND,
    Action,
    Fate,
    SignalInfo,
)
from emulator.tests.linux.fake_machine import DATA, Started

SIGACTION, SIGPROCMASK, PAUSE, KILL, PENDING, ALTSTACK, TKILL, TGKILL = (
    *(13, 14, 34, 62, 127, 131, 200, 234),
)
SIGABRT, SIGKILL, SIGSEGV, SIGCHLD, SIGTSTP = 6, 9, 11, 17, 20
IGNORE = 1


def act(started: Started, number: int, handler: int) -> int:
    """sigaction with this handler."""
    started.put(struct.pack("<4Q", handler, 0, 0, 0))
    return started.value(SIGACTION, number, DATA, 0, 8)


def mask(started: Started, how: int, bits: int) -> None:
    """sigprocmask; a delivery inside it is the caller's to see."""
    started.put(struct.pack("<Q", bits))
    assert started.value(SIGPROCMASK, how, DATA, 0, 8) == 0


def taken(started: Started) -> tuple[int, Fate] | None:
    """The signal that is taken next, and what it does."""
    signals = started.process.signals
    info = signals.take()
    return None if info is None else (info.number, signals.fate(info.number))


def test_the_default_action_ends_the_task() -> None:
    started = Started()
    started.value(KILL, 100, SIGABRT)

    assert taken(started) == (SIGABRT, Fate.ENDS)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((KILL, 100, 6), 0), ((TKILL, 100, 6), -6), ((TGKILL, 100, 100, 6), -6)],
)
def test_who_sends_is_told(arguments: tuple[int, ...], code: int) -> None:
    started = Started()
    started.value(*arguments)

    assert started.process.signals.take() == SignalInfo(SIGABRT, code, pid=100)


def test_signal_zero_only_asks() -> None:
    assert Started().value(KILL, 100, 0) == 0


@pytest.mark.parametrize(("number", "handler"), [(SIGABRT, IGNORE), (SIGCHLD, 0)])
def test_an_ignored_signal_does_nothing(number: int, handler: int) -> None:
    started = Started()
    act(started, number, handler)
    started.value(KILL, 100, number)

    assert taken(started) == (number, Fate.IGNORED)


def test_a_blocked_signal_waits() -> None:
    started = Started()
    mask(started, 0, 1 << SIGABRT - 1)
    started.value(KILL, 100, SIGABRT)

    assert taken(started) is None


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
    mask(started, 2, 0)

    assert taken(started) == (SIGABRT, Fate.ENDS)


def test_kill_cannot_be_blocked() -> None:
    started = Started()
    mask(started, 2, (1 << 64) - 1)
    started.value(KILL, 100, SIGKILL)

    assert taken(started) == (SIGKILL, Fate.ENDS)


def test_the_old_action_is_told() -> None:
    started = Started()
    act(started, SIGABRT, IGNORE)
    started.value(SIGACTION, SIGABRT, 0, DATA + 64, 8)

    assert started.memory.read(DATA + 64, 8) == struct.pack("<Q", IGNORE)


def test_a_signal_with_a_handler_is_handled() -> None:
    started = Started()
    act(started, SIGABRT, 0x401234)
    started.value(KILL, 100, SIGABRT)

    assert taken(started) == (SIGABRT, Fate.HANDLED)


def test_some_signals_stop() -> None:
    started = Started()
    started.value(KILL, 100, SIGTSTP)

    assert taken(started) == (SIGTSTP, Fate.STOPS)


def test_an_exception_comes_before_what_was_sent() -> None:
    signals = Started().process.signals
    signals.send(SignalInfo(1, 0))
    signals.force(SignalInfo(SIGSEGV, 1, 0x10))

    assert [signals.take().number for _ in range(2)] == [SIGSEGV, 1]


def test_among_those_sent_the_lowest_comes_first() -> None:
    signals = Started().process.signals
    for number in (12, 10, 15):
        signals.send(SignalInfo(number, 0))

    assert [signals.take().number for _ in range(3)] == [10, 12, 15]


def test_a_second_one_of_a_number_is_lost() -> None:
    signals = Started().process.signals
    for pid in (1, 2):
        signals.send(SignalInfo(10, 0, pid=pid))

    assert (signals.take().pid, signals.take()) == (1, None)


@pytest.mark.parametrize("how", ["blocked", "ignored"])
def test_an_exception_can_be_neither_blocked_nor_ignored(how: str) -> None:
    started = Started()
    if how == "blocked":
        act(started, SIGSEGV, 0x401234)
        mask(started, 0, 1 << SIGSEGV - 1)
    else:
        act(started, SIGSEGV, IGNORE)

    started.process.signals.force(SignalInfo(SIGSEGV, 1))

    assert taken(started) == (SIGSEGV, Fate.ENDS)


def test_a_handler_blocks_its_signal_and_its_mask() -> None:
    signals = Started().process.signals
    signals.actions[10] = Action(0x401234, mask=1 << 3)
    signals.begin_handler(10)

    assert signals.blocked == 1 << 9 | 1 << 3


def test_nodefer_does_not_block_it() -> None:
    signals = Started().process.signals
    signals.actions[10] = Action(0x401234, flags=SA_NODEFER)
    signals.begin_handler(10)

    assert signals.blocked == 0


def test_resethand_uses_the_action_up() -> None:
    signals = Started().process.signals
    signals.actions[10] = Action(0x401234, flags=SA_RESETHAND)
    signals.begin_handler(10)

    assert signals.fate(10) is Fate.ENDS


def test_sigreturn_is_left_to_the_kernel() -> None:
    assert Started().call(15).sigreturn


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
