"""A select() that another thread ends."""

from __future__ import annotations

import select
import threading

from sessions_app.runner import Waker


def test_it_wakes_from_another_thread() -> None:
    waker = Waker()
    end = waker.open()
    threading.Timer(0.05, waker.wake).start()

    woken, _, _ = select.select([end], [], [], 5)
    waker.close()

    assert woken == [end]


def test_it_sleeps_again_when_it_was_drained() -> None:
    waker = Waker()
    end = waker.open()
    waker.wake()
    waker.drain()

    woken, _, _ = select.select([end], [], [], 0)
    waker.close()

    assert woken == []


def test_waking_is_safe_before_and_after() -> None:
    waker = Waker()
    waker.wake()
    end = waker.open()
    woken, _, _ = select.select([end], [], [], 0)
    waker.close()

    waker.wake()

    # What was said before nobody was there to hear it is not said later.
    assert woken == []


def test_waking_often_does_not_block() -> None:
    waker = Waker()
    end = waker.open()

    for _ in range(100_000):
        waker.wake()
    woken, _, _ = select.select([end], [], [], 0)
    waker.close()

    assert woken == [end]
