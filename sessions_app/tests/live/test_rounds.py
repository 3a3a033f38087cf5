"""What a tail holds, and when it storms: no server, no clock."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from emulator.events import EventKind
from emulator.trace.record import pack_records, unpack_records
from sessions_app.live import rounds
from sessions_app.live.counts import LATEST, counts_in, joined
from sessions_app.live.pace import BURST, STEADY, Pace
from sessions_app.live.rounds import Ring
from sessions_app.stream import HEADER, Entry
from sessions_app.tests.live.follower import hits


def entry(first: int, last: int, epoch: int = 1) -> Entry:
    """Hits first..last, six events each."""
    records = pack_records(hits(first, last))
    return Entry(epoch, 6 * (first - 1) + 1, first - 1, records)


def seqs(ring: Ring, after: int) -> list[int]:
    """What a follower gets, frame by frame."""
    found: list[int] = []
    while after < ring.newest:
        made = ring.after(after)[0].frame_after(after)
        found += [r.seq for r in unpack_records(made.data[HEADER.size :])]
        after = made.last_seq
    return found


def test_entries_that_come_together_are_one_round() -> None:
    ring = Ring()

    assert ring.take([entry(1, 2), entry(3, 3)]) == 18
    assert len(ring.after(0)) == 1


@pytest.mark.parametrize("after", [0, 1, 5, 6, 11, 12, 17])
def test_every_cursor_gets_what_follows_it(after: int) -> None:
    ring = Ring()
    ring.take([entry(1, 2)])
    ring.take([entry(3, 3)])

    assert seqs(ring, after) == list(range(after + 1, 19))


def test_long_rounds_are_cut_into_frames(monkeypatch: Any) -> None:
    monkeypatch.setattr(rounds, "FRAME_EVENTS", 4)
    ring = Ring()
    ring.take([entry(1, 3)])

    sizes = [f.last_seq - f.first_seq + 1 for f in ring.after(0)[0].frames]
    before = [HEADER.unpack_from(f.data)[-1] for f in ring.after(0)[0].frames]

    assert sizes == [4, 4, 4, 4, 2]
    # Hits are events 1, 7 and 13.
    assert before == [0, 1, 2, 2, 3]


def test_a_hole_empties_the_ring() -> None:
    ring = Ring()
    ring.take([entry(1, 2), entry(5, 5)])

    assert (ring.oldest, ring.newest) == (25, 30)


def test_an_older_epoch_is_not_taken() -> None:
    ring = Ring()
    ring.take([entry(1, 1, epoch=2)])

    assert ring.take([entry(2, 2, epoch=1)]) == 0
    assert ring.newest == 6


def test_the_oldest_rounds_are_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(rounds, "RING_EVENTS", 12)
    ring = Ring()
    for number in range(1, 6):
        ring.take([entry(number, number)])

    assert (ring.oldest, ring.newest) == (19, 30)


def test_counts_inside_a_round_are_not_made() -> None:
    ring = Ring()
    ring.take([entry(1, 2)])

    assert ring.counts_after(3) is None


def test_joined_counts_are_those_of_the_whole() -> None:
    one = counts_in(pack_records(hits(1, 30)), 0)
    other = counts_in(pack_records(hits(31, 75)), 30)
    whole = counts_in(pack_records(hits(1, 75)), 0)

    assert joined([one, other]) == whole


def test_counts_carry_the_last_hits() -> None:
    counts = counts_in(pack_records(hits(1, 75)), 0)

    numbers = [record.value for record in unpack_records(counts.latest)]
    assert numbers == list(range(76 - LATEST, 76))


def test_counts_of_events_without_a_hit_carry_none() -> None:
    counts = counts_in(pack_records(hits(1, 1)[1:]), 1)

    assert (counts.hits, counts.latest) == (0, b"")
    assert counts.table == Counter(
        {
            EventKind.CALL << 16 | 0xFF: 2,
            EventKind.NOTIFIER_CALL << 16 | 0xFF: 1,
            EventKind.DR_WRITE << 16 | 0xFF: 1,
            EventKind.IRET << 16 | 0xFF: 1,
        }
    )


def test_a_burst_is_no_storm() -> None:
    pace = Pace()
    pace.spend(BURST, 100.0)

    assert not pace.storm


def test_more_than_a_burst_at_once_is_a_storm() -> None:
    pace = Pace()
    pace.spend(BURST + 1, 100.0)

    assert pace.storm


def test_a_steady_rate_is_no_storm() -> None:
    pace = Pace()
    for tick in range(1000):
        pace.spend(STEADY // 25, 100.0 + tick / 25)

    assert not pace.storm


@pytest.mark.parametrize(("seconds", "storm"), [(1.0, True), (2.0, False)])
def test_a_storm_ends_when_the_bucket_holds_some_again(
    seconds: float, storm: bool
) -> None:
    pace = Pace()
    pace.spend(10 * BURST, 100.0)
    pace.spend(0, 100.0 + seconds)

    assert pace.storm is storm
