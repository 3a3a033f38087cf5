"""Where trees begin and end, and reading a recording in pieces."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.errors import CodecError
from emulator.events import Callee, EventKind, Outcome
from emulator.snapshot import Moment
from emulator.tests.trace.compare.traces import Trace, hits
from emulator.trace.compare.lines import tree_heads
from emulator.trace.compare.outline import ended_whole, outline
from emulator.trace.compare.recording import Piece, Recording
from emulator.trace.dtype import RECORD_DTYPE


def heads(*causes: int, before: int = 0) -> list[int]:
    """The rows that begin a tree; the events are numbered from 10."""
    records = np.zeros(len(causes), RECORD_DTYPE)
    records["seq"] = np.arange(10, 10 + len(causes))
    records["cause"] = causes
    return np.flatnonzero(tree_heads(records, before)).tolist()


def test_a_root_begins_a_tree() -> None:
    assert heads(0, 10, 11, 0, 13) == [0, 3]


def test_an_event_caused_by_an_earlier_tree_stands_alone() -> None:
    assert heads(0, 10, 0, 10, 12) == [0, 2, 3, 4]


def test_a_tree_goes_on_over_the_end_of_a_piece() -> None:
    assert heads(9, 8, 0, before=8) == [2]


def test_a_cause_that_is_not_before_its_event_makes_a_root() -> None:
    assert heads(0, 99) == [0, 1]


def test_a_tree_has_its_place_and_its_number_of_hit() -> None:
    trees = outline(hits(3).recording()).trees

    assert trees["retired"].tolist() == [10, 20, 30]
    assert trees["hit"].tolist() == [1, 2, 3]
    assert trees["first"].tolist() == [1, 8, 15]


@pytest.mark.parametrize("block", [1, 2, 5, 7, 100])
def test_the_outline_does_not_depend_on_the_blocks(block: int) -> None:
    whole, cut = outline(hits(4).recording()), outline(hits(4).recording(block))

    assert whole.trees.tobytes() == cut.trees.tobytes()
    assert (whole.returns, whole.parted) == (cut.returns, cut.parted)


def test_hits_of_one_form_share_it() -> None:
    assert len(outline(hits(50).recording()).shapes) == 1


def test_a_hit_inside_a_tree_counts_as_a_hit() -> None:
    """A slave that hits while another CPU is stopped: caused by the stop."""
    trace = Trace()
    root = trace.event(EventKind.HIT)
    trace.event(EventKind.HIT, root, cpu=1)
    trace.event(EventKind.HIT, retired=5)

    assert outline(trace.recording()).trees["hit"].tolist() == [1, 3]


def test_a_tree_may_be_longer_than_a_block() -> None:
    trace = Trace()
    root = trace.event(EventKind.HIT)
    for _ in range(50):
        trace.event(EventKind.CALL, root, aux=Callee.notify_die)
    trace.event(EventKind.HIT, retired=1)

    assert outline(trace.recording(4)).trees["events"].tolist() == [51, 1]


def test_lines_of_some_trees() -> None:
    lines = outline(hits(4).recording(5)).lines(1, 2)

    assert (lines.seq[0], lines.seq[-1], lines.starts.tolist()) == (8, 21, [0, 7, 14])


def test_the_snapshots_stand_with_their_lines() -> None:
    lines = outline(hits(4).recording(5)).lines(2, 3)

    assert lines.shots["seq"].tolist() == [0, 6, 0, 6]
    assert lines.shots["moment"].tolist() == [1, Moment.after_iret] * 2


def test_a_piece_from_the_middle_of_blocks() -> None:
    piece = hits(4).recording(5).between(9, 16)

    assert piece.records["seq"].tolist() == list(range(9, 17))
    assert piece.snapshots["seq"].tolist() == [14, 15]


def test_texts_go_with_their_events() -> None:
    trace = hits(1)
    for number in range(3):
        seq = trace.event(EventKind.OUTPUT, value=1, aux=1)
        trace.texts.append((seq, 1, bytes([number])))

    piece = trace.recording(2).between(9, 9)

    assert piece.texts == [(9, 1, b"\1")]


def test_blocks_are_read_again_only_when_they_must() -> None:
    loaded: list[int] = []
    one = hits(4).recording(7)

    def load(index: int) -> Piece:
        loaded.append(index)
        return one.between(7 * index + 1, 7 * index + 7)

    recording = Recording([1, 8, 15, 22], 28, load)
    for _ in range(3):
        recording.between(8, 16)

    assert loaded == [1, 2]


def test_a_damaged_block_is_refused() -> None:
    def load(index: int) -> Piece:
        return Piece.of_chunk(b"nothing", b"", b"")

    with pytest.raises(CodecError):
        outline(Recording([1], 1, load))


@pytest.mark.parametrize(
    ("outcome", "whole"),
    [
        (Outcome.completed, True),
        (Outcome.livelock, True),
        (Outcome.deadlock, True),
        (Outcome.wall_limit, False),
        (Outcome.cancelled, False),
        (0, False),
    ],
)
def test_a_run_is_whole_when_its_recipe_ended_it(outcome: int, whole: bool) -> None:
    assert ended_whole(outcome) == whole
