"""perf_bp_event: counting, exclusion, the overflow handler."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import (
    BpType,
    PerfCore,
    PerfEvent,
    PerfEventAttr,
    PerfEventState,
)
from emulator.events import Callee, EventKind
from emulator.tests.core.recording import Notes


def hit(
    *, needs_active: bool = False, user: bool = True, **attr: object
) -> tuple[PerfEvent, Notes, list[PerfEvent]]:
    """One hit of one event."""
    notes, handled = Notes(), []
    state = attr.pop("state", PerfEventState.ACTIVE)
    event = PerfEvent(
        3, PerfEventAttr(0x1000, 4, BpType.W, **attr), 0, 0, handled.append, state
    )
    PerfCore(notes.recorder, overflow_needs_active=needs_active).perf_bp_event(
        event, 2, user_mode=user
    )
    return event, notes, handled


def test_a_hit_is_counted_and_handled() -> None:
    event, _, handled = hit()

    assert (event.count, handled) == (1, [event])


@pytest.mark.parametrize(
    ("user", "excluded"), [(True, "exclude_user"), (False, "exclude_kernel")]
)
def test_an_excluded_hit_is_neither(user: bool, excluded: str) -> None:
    event, _, handled = hit(user=user, **{excluded: True})

    assert (event.count, handled) == (0, [])


@pytest.mark.parametrize(
    ("user", "excluded"), [(False, "exclude_user"), (True, "exclude_kernel")]
)
def test_the_other_mode_is_not_excluded(user: bool, excluded: str) -> None:
    assert hit(user=user, **{excluded: True})[0].count == 1


def test_without_a_period_it_is_only_counted() -> None:
    event, _, handled = hit(sample_period=0)

    assert (event.count, handled) == (1, [])


@pytest.mark.parametrize(("needs_active", "times"), [(False, 1), (True, 0)])
def test_an_event_that_is_off_overflows_unless_it_must_be_active(
    needs_active: bool, times: int
) -> None:
    _, _, handled = hit(needs_active=needs_active, state=PerfEventState.OFF)

    assert len(handled) == times


def test_an_active_event_overflows_when_it_must_be_active() -> None:
    assert len(hit(needs_active=True)[2]) == 1


def test_the_calls_are_nested_events() -> None:
    assert hit()[1].story() == ["perf_bp_event", "  overflow_handler"]


def test_an_excluded_hit_shows_no_overflow() -> None:
    _, notes, _ = hit(exclude_user=True)

    assert [e["aux"] for e in notes.of(EventKind.CALL)] == [Callee.perf_bp_event]
