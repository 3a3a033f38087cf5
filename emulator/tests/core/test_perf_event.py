"""perf_bp_event: counting, exclusion, periods, the overflow handler."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from emulator.core.notifier import NOTIFY_DONE, NOTIFY_STOP
from emulator.core.perf_event import (
    BpType,
    PerfCore,
    PerfEvent,
    PerfEventAttr,
    PerfEventState,
    start_period,
)
from emulator.events import Callee, EventFlag, EventKind
from emulator.tests.core.recording import Notes


@dataclass
class Frame:
    """Of the interrupted code."""

    user_mode: bool = True


@dataclass
class Hits:
    """An event and what its handler was told."""

    attr: dict[str, object] = field(default_factory=dict)
    ret: int = NOTIFY_DONE
    needs_active: bool = False
    returns_value: bool = False
    state: PerfEventState = PerfEventState.ACTIVE
    with_handler: bool = True

    def __post_init__(self) -> None:
        self.notes, self.handled = Notes(), []
        attr = PerfEventAttr(0x1000, 4, BpType.W, **self.attr)
        handler = self._handle if self.with_handler else None
        self.event = PerfEvent(3, attr, 0, 0, handler, self.state)
        self.core = PerfCore(
            self.notes.recorder,
            overflow_needs_active=self.needs_active,
            returns_value=self.returns_value,
        )

    def _handle(self, event: PerfEvent, frame: object) -> int:
        self.handled.append((event, frame))
        return self.ret

    def hit(self, times: int = 1, *, user: bool = True) -> int:
        """Hit it; what the last one returned."""
        return [
            self.core.perf_bp_event(self.event, 2, Frame(user)) for _ in range(times)
        ][-1]


def test_a_hit_is_counted_and_handled() -> None:
    hits = Hits()
    hits.hit()

    assert (hits.event.count, hits.handled) == (1, [(hits.event, Frame())])


@pytest.mark.parametrize(
    ("user", "excluded"), [(True, "exclude_user"), (False, "exclude_kernel")]
)
def test_an_excluded_hit_is_neither(user: bool, excluded: str) -> None:
    hits = Hits({excluded: True})
    hits.hit(user=user)

    assert (hits.event.count, hits.handled) == (0, [])


@pytest.mark.parametrize(
    ("user", "excluded"), [(False, "exclude_user"), (True, "exclude_kernel")]
)
def test_the_other_mode_is_not_excluded(user: bool, excluded: str) -> None:
    hits = Hits({excluded: True})
    hits.hit(user=user)

    assert hits.event.count == 1


def test_without_a_period_it_is_only_counted() -> None:
    hits = Hits({"sample_period": 0})
    hits.hit(5)

    assert (hits.event.count, hits.handled) == (5, [])


def test_a_period_overflows_at_every_nth_hit() -> None:
    hits = Hits({"sample_period": 3})
    start_period(hits.event)  # as pmu->add does

    told = []
    for _ in range(7):
        hits.hit()
        told.append(len(hits.handled))

    assert told == [0, 0, 1, 1, 1, 2, 2]


def test_a_period_that_was_never_begun_overflows_twice_at_once() -> None:
    # 2.6.33: the period is left whole, and one more hit ends two of them.
    hits = Hits({"sample_period": 3})
    hits.hit()

    assert (len(hits.handled), hits.event.period_left) == (2, -2)


def test_beginning_a_period_twice_changes_nothing() -> None:
    event = Hits({"sample_period": 3}).event
    start_period(event)
    start_period(event)

    assert event.period_left == -3


@pytest.mark.parametrize(("needs_active", "times"), [(False, 1), (True, 0)])
def test_an_event_that_is_off_overflows_unless_it_must_be_active(
    needs_active: bool, times: int
) -> None:
    hits = Hits(needs_active=needs_active, state=PerfEventState.OFF)
    hits.hit()

    assert len(hits.handled) == times


def test_an_event_that_is_off_is_counted_all_the_same() -> None:
    hits = Hits(needs_active=True, state=PerfEventState.OFF)
    hits.hit()

    assert hits.event.count == 1


def test_an_active_event_overflows_when_it_must_be_active() -> None:
    hits = Hits(needs_active=True)
    hits.hit()

    assert len(hits.handled) == 1


def test_the_handlers_value_is_the_functions() -> None:
    assert Hits(ret=NOTIFY_STOP).hit() == NOTIFY_STOP


@pytest.mark.parametrize(
    "hits",
    [
        pytest.param(Hits({"exclude_user": True}, NOTIFY_STOP), id="excluded"),
        pytest.param(Hits({"sample_period": 0}, NOTIFY_STOP), id="counting"),
        pytest.param(
            Hits(ret=NOTIFY_STOP, needs_active=True, state=PerfEventState.OFF),
            id="not-active",
        ),
        pytest.param(Hits(with_handler=False), id="no-handler"),
    ],
)
def test_a_handler_that_is_not_called_says_done(hits: Hits) -> None:
    assert hits.hit() == NOTIFY_DONE


@pytest.mark.parametrize(
    ("returns_value", "ret", "void"),
    [(False, 0, EventFlag.VOID), (True, NOTIFY_STOP, 0)],
)
def test_the_value_is_shown_where_it_means_something(
    returns_value: bool, ret: int, void: int
) -> None:
    hits = Hits(ret=NOTIFY_STOP, returns_value=returns_value)
    hits.hit()

    calls = hits.notes.of(EventKind.CALL)
    assert [(e["ret"], e["flags"]) for e in calls] == [(ret, void)] * 2


def test_the_calls_are_nested_events() -> None:
    hits = Hits()
    hits.hit()

    assert hits.notes.story() == ["perf_bp_event", "  overflow_handler"]


def test_an_excluded_hit_shows_no_overflow() -> None:
    hits = Hits({"exclude_user": True})
    hits.hit()

    called = [e["aux"] for e in hits.notes.of(EventKind.CALL)]
    assert called == [Callee.perf_bp_event]


def test_an_event_limit_ends_the_event_when_it_is_used_up() -> None:
    hits = Hits()
    hits.event.event_limit = 2

    hits.hit()
    before = list(hits.core.pending_disable)
    hits.hit()

    assert (before, hits.core.pending_disable) == ([], [hits.event])


@pytest.mark.parametrize(
    ("hits", "alike"),
    [
        pytest.param(Hits(with_handler=False), True, id="plain"),
        pytest.param(Hits({"sample_period": 0}, with_handler=False), True, id="count"),
        pytest.param(Hits(), False, id="handler"),
        pytest.param(
            Hits({"sample_period": 2}, with_handler=False), False, id="period"
        ),
    ],
)
def test_what_may_be_told_from_memory(hits: Hits, alike: bool) -> None:
    assert hits.event.every_hit_is_alike is alike


def test_a_limit_is_not_told_from_memory() -> None:
    hits = Hits(with_handler=False)
    hits.event.event_limit = 1

    assert not hits.event.every_hit_is_alike
