"""A row line by line."""

from __future__ import annotations

from emulator.events import Callee, EventFlag, EventKind
from emulator.tests.trace.compare.traces import Trace, compared, dr7_write, hits
from emulator.trace.compare.comparison import State
from emulator.trace.compare.detail import detail
from emulator.trace.compare.pairing import NONE


def row(left: Trace, right: Trace, index: int = 0, **limit: int):
    return detail(compared(left, right), index, **limit)


def test_an_equal_row_has_equal_lines() -> None:
    assert {line.state for line in row(hits(1), hits(1)).lines} == {State.same}


def test_lines_stand_under_what_caused_them() -> None:
    levels = [line.level for line in row(hits(1), hits(1)).lines]

    # HIT, do_debug, DR6, notify_die, hw_breakpoint_handler, perf_bp_event, iret
    assert levels == [1, 2, 3, 3, 4, 5, 2]


def test_a_line_of_right_stands_under_its_parent_too() -> None:
    lines = row(hits(1), hits(1, handler=[dr7_write(0)])).lines

    (alone,) = [line for line in lines if line.left is None]
    assert (alone.level, alone.state) == (5, State.only_right)


def test_both_sides_keep_their_own_records() -> None:
    right = Trace()
    right.event(EventKind.SYSCALL)
    right.hit(10, value=1, ret=0)

    found = compared(hits(1), right)
    line = detail(found, found.differences[-1]).lines[0]

    assert (line.left.record.seq, line.right.record.seq) == (1, 2)


def test_the_return_of_a_later_record_is_told_with_its_call() -> None:
    left, right = Trace(), Trace()
    for trace in (left, right):
        root = trace.event(EventKind.HIT)
        call = trace.event(
            EventKind.CALL, root, aux=Callee.notify_die, flags=int(EventFlag.OPEN)
        )
        trace.event(EventKind.RETURN, call, aux=Callee.notify_die, ret=0x8001)

    (_, line) = row(left, right).lines

    assert line.said.node.returned.text == "STOP"


def test_texts_stand_with_their_events() -> None:
    left = Trace()
    for text in (b"a", b"b"):
        left.texts.append((left.event(EventKind.OUTPUT, value=1, aux=1), 1, text))

    texts = [row(left, Trace(), n).lines[0].said.texts for n in (0, 1)]

    assert texts == [(b"a",), (b"b",)]


def test_a_tree_alone_is_told_whole() -> None:
    left = row(hits(1), Trace())
    right = row(Trace(), hits(1))

    assert {line.state for line in left.lines} == {State.only_left}
    assert {line.state for line in right.lines} == {State.only_right}
    assert len(left.lines) == len(right.lines) == 7


def test_a_long_tree_is_cut_and_says_so() -> None:
    found = row(hits(1), hits(1), limit=3)

    assert (len(found.lines), found.omitted) == (3, 4)


def test_a_pair_that_stands_further_apart_says_where() -> None:
    left, right = Trace(), Trace()
    left.hit(10)
    right.hit(12)

    (change,) = row(left, right).lines[0].changes

    assert (change.what, change.left, change.right) == ("retired", 10, 12)


def test_each_word_of_a_snapshot_that_differs_is_a_change() -> None:
    right = hits(1, after={"rax": 1, "dr7": 2, "cpu_dr7": 3})

    line = row(hits(1), right).first

    assert {change.what for change in line.changes} == {"rax", "dr7", "cpu_dr7"}


def test_registers_that_one_side_did_not_record_are_no_difference() -> None:
    right = hits(1)
    right.shots.pop()  # after IRET

    assert compared(hits(1), right).equal
    assert {line.state for line in row(hits(1), right).lines} == {State.same}


def test_the_writer_of_a_line_is_named() -> None:
    lines = row(hits(1), hits(1, handler=[dr7_write(0)])).lines

    assert [line.said.by for line in lines if line.left is None] == [
        "hw_breakpoint_handler"
    ]


def test_a_row_of_one_side_has_no_partner() -> None:
    found = compared(hits(2), hits(1))

    assert (found.left[1], found.right[1]) == (1, NONE)
