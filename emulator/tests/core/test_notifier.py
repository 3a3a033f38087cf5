"""Notifier chains."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator.core.notifier import (
    INT_MAX,
    NOTIFY_BAD,
    NOTIFY_DONE,
    NOTIFY_OK,
    NOTIFY_STOP,
    AtomicNotifierHead,
    NotifierBlock,
    notifier_from_errno,
)
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.tests.core.recording import Notes

ENOENT, EBUSY, EEXIST = 2, 16, 17


class Chain:
    """A head and the names of the blocks that were called."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.head = AtomicNotifierHead(self.notes.recorder)
        self.called: list[str] = []

    def block(
        self,
        name: str,
        priority: int = 0,
        ret: int = NOTIFY_DONE,
        then: Callable[[], None] = lambda: None,
    ) -> NotifierBlock:
        """Registered."""

        def call(_action: int, _data: object) -> int:
            self.called.append(name)
            then()
            return ret

        made = NotifierBlock(Callee.kgdb_notify, call, priority)
        self.head.register(made)
        return made


def test_an_empty_chain_is_done() -> None:
    assert Chain().head.call(1, None) == NOTIFY_DONE


def test_higher_priorities_are_called_first() -> None:
    chain = Chain()
    for name, priority in [("low", -INT_MAX), ("high", INT_MAX), ("middle", 0)]:
        chain.block(name, priority)

    chain.head.call(1, None)

    assert chain.called == ["high", "middle", "low"]


def test_among_equals_the_first_registered_is_called_first() -> None:
    chain = Chain()
    chain.block("first", 5)
    chain.block("second", 5)

    chain.head.call(1, None)

    assert chain.called == ["first", "second"]


@pytest.mark.parametrize("ret", [NOTIFY_STOP, NOTIFY_BAD])
def test_a_stop_ends_the_chain_and_is_returned(ret: int) -> None:
    chain = Chain()
    chain.block("first", ret=ret)
    chain.block("second")

    assert (chain.head.call(1, None), chain.called) == (ret, ["first"])


def test_the_last_return_value_counts() -> None:
    chain = Chain()
    chain.block("first", ret=NOTIFY_OK)
    chain.block("second", ret=NOTIFY_DONE)

    assert chain.head.call(1, None) == NOTIFY_DONE


def test_values_are_the_kernels() -> None:
    assert (NOTIFY_DONE, NOTIFY_OK, NOTIFY_BAD, NOTIFY_STOP) == (0, 1, 0x8002, 0x8001)


def test_a_block_twice_is_eexist() -> None:
    chain = Chain()
    block = chain.block("once")

    with pytest.raises(KernelError) as caught:
        chain.head.register(block)

    assert caught.value.errno == EEXIST


def test_a_unique_priority_that_is_taken_is_ebusy() -> None:
    chain = Chain()
    chain.block("first", 5)
    other = NotifierBlock(Callee.kgdb_notify, lambda *_: NOTIFY_OK, 5)

    with pytest.raises(KernelError) as caught:
        chain.head.register_unique_prio(other)

    assert caught.value.errno == EBUSY


def test_a_unique_priority_that_is_free_is_taken() -> None:
    chain = Chain()
    chain.block("first", 5)
    other = NotifierBlock(Callee.kgdb_notify, lambda *_: NOTIFY_OK, 6)
    chain.head.register_unique_prio(other)

    assert chain.head.call(1, None) == NOTIFY_DONE
    assert len(chain.notes.of(EventKind.NOTIFIER_CALL)) == 2


@pytest.mark.parametrize(("errno", "value"), [(0, 1), (22, 0x8017), (1, 0x8002)])
def test_an_errno_as_a_notifiers_value(errno: int, value: int) -> None:
    assert notifier_from_errno(errno) == value


def test_a_block_that_is_not_there_is_enoent() -> None:
    chain = Chain()
    block = chain.block("gone")
    chain.head.unregister(block)

    with pytest.raises(KernelError) as caught:
        chain.head.unregister(block)

    assert caught.value.errno == ENOENT


def test_a_block_may_remove_itself() -> None:
    chain = Chain()
    block = chain.block("self", then=lambda: chain.head.unregister(block))
    chain.block("next")

    chain.head.call(1, None)
    chain.head.call(1, None)

    assert chain.called == ["self", "next", "next"]


def test_a_block_removed_while_it_is_next_is_still_called() -> None:
    chain = Chain()
    chain.block("first", 1, then=lambda: chain.head.unregister(second))
    second = chain.block("second")

    chain.head.call(1, None)

    assert chain.called == ["first", "second"]


def test_what_follows_a_removed_next_is_still_called() -> None:
    chain = Chain()
    chain.block("first", 1, then=lambda: chain.head.unregister(second))
    second = chain.block("second")
    chain.block("third", -1)

    chain.head.call(1, None)

    assert chain.called == ["first", "second", "third"]


def test_a_block_registered_behind_is_seen_at_once() -> None:
    chain = Chain()
    chain.block("first", 1, then=lambda: chain.block("new", -1) and None)
    chain.block("second")

    chain.head.call(1, None)

    assert chain.called == ["first", "second", "new"]


def test_each_call_is_an_event_with_its_return() -> None:
    chain = Chain()
    chain.block("only", -7, NOTIFY_STOP)
    chain.head.call(3, None)

    (event,) = chain.notes.of(EventKind.NOTIFIER_CALL)

    assert (event["value"], event["ret"]) == (3, NOTIFY_STOP)
    assert event["addr"] == (1 << 64) - 7


def test_those_not_reached_are_events() -> None:
    chain = Chain()
    chain.block("first", ret=NOTIFY_STOP)
    chain.block("second", -1)
    chain.block("third", -2)
    chain.head.call(3, None)

    missed = chain.notes.of(EventKind.NOT_REACHED)

    assert [event["addr"] for event in missed] == [(1 << 64) - 1, (1 << 64) - 2]
