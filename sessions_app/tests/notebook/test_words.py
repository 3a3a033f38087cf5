"""What is copied into the notebook when a moment is kept."""

from __future__ import annotations

import pytest

from sessions_app.errors import MomentNotStored
from sessions_app.models import Run
from sessions_app.notebook import kept_moment
from sessions_app.tests.factories import EVENTS_PER_HIT


def first_event(hit: int) -> int:
    return (hit - 1) * EVENTS_PER_HIT + 1


def test_a_hit_is_kept_with_its_number(run: Run) -> None:
    assert kept_moment(run, first_event(42)).hit_no == 42


def test_an_event_of_a_tree_keeps_the_hit(run: Run) -> None:
    kept = kept_moment(run, first_event(42) + 3)

    assert (kept.seq, kept.hit_no) == (first_event(42), 42)


def test_the_place_names_cpu_slot_symbol_and_time(run: Run) -> None:
    assert kept_moment(run, first_event(7)).place == (
        "CPU 0, slot 0, write 4 bytes, counter by again+0x7, 0.000000070 s"
    )


@pytest.mark.parametrize("moment", ["entry", "iret"])
def test_a_snapshot_that_the_hit_has_is_kept(run: Run, moment: str) -> None:
    assert kept_moment(run, 1, moment).moment == moment


def test_a_snapshot_that_the_hit_has_not_is_not_kept(run: Run) -> None:
    assert kept_moment(run, 1, "stub").moment == ""


@pytest.mark.parametrize("seq", [1501, 2**53])
def test_an_event_that_is_not_stored_is_refused(run: Run, seq: int) -> None:
    with pytest.raises(MomentNotStored) as refused:
        kept_moment(run, seq)

    assert (refused.value.field, refused.value.value) == ("seq", seq)
