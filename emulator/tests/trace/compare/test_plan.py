"""Which lines of two trees are one line."""

from __future__ import annotations

import random

import pytest

from emulator.events import Callee, EventKind, ShadowField
from emulator.tests.trace.compare.traces import Trace, compared, first_row
from emulator.trace.compare.comparison import State
from emulator.trace.compare.plan import common_rows

HW7 = {"slot": 7}


def rows(left: Trace, right: Trace) -> list[tuple[str, str]]:
    """(state, name or register) of each line of the first difference."""
    out = []
    for line in first_row(compared(left, right)).lines:
        node = line.said.node
        name = node.effects[0].name if node.effects else node.name
        out.append((line.state.name, name))
    return out


def trees(
    left: list[tuple[EventKind, int, int]], right: list[tuple[EventKind, int, int]]
) -> tuple[Trace, Trace]:
    """Two hits with these children: (kind, aux, slot)."""
    made = Trace(), Trace()
    for trace, children in zip(made, (left, right), strict=True):
        root = trace.event(EventKind.HIT)
        for kind, aux, slot in children:
            trace.event(kind, root, aux=aux, slot=slot)
    return made


CALL, NOTIFIER, MISSED, WRITE, SHADOW = (
    EventKind.CALL,
    EventKind.NOTIFIER_CALL,
    EventKind.NOT_REACHED,
    EventKind.DR_WRITE,
    EventKind.SHADOW_WRITE,
)


def test_a_line_more_in_the_middle_moves_no_other() -> None:
    one = [(CALL, Callee.notify_die, 255), (CALL, Callee.send_sigtrap, 255)]
    more = [one[0], (CALL, Callee.local_db_save, 255), one[1]]

    assert [state for state, _ in rows(*trees(one, more))] == [
        "same",
        "same",
        "only_right",
        "same",
    ]


def test_a_callee_that_was_not_reached_is_the_one_that_was_called() -> None:
    left = [(NOTIFIER, Callee.kgdb_notify, 255)]
    right = [(MISSED, Callee.kgdb_notify, 255)]

    assert rows(*trees(left, right))[1] == ("changed", "kgdb_notify")


def test_another_notifier_is_another_line() -> None:
    left = [(NOTIFIER, Callee.kgdb_notify, 255)]
    right = [(NOTIFIER, Callee.kprobe_exceptions_notify, 255)]

    states = [state for state, _ in rows(*trees(left, right))]
    assert states == ["same", "only_left", "only_right"]


def test_the_same_function_for_another_slot_is_one_line() -> None:
    left, right = [(CALL, Callee.perf_bp_event, 0)], [(CALL, Callee.perf_bp_event, 2)]

    assert rows(*trees(left, right))[1] == ("changed", "perf_bp_event")


def test_a_breakpoint_in_another_slot_is_one_line() -> None:
    left, right = [(WRITE, 12, 0)], [(WRITE, 12, 2)]

    assert rows(*trees(left, right))[1] == ("changed", "DR0")


def test_dr6_and_dr7_are_two_lines() -> None:
    left, right = [(WRITE, 12, 6)], [(WRITE, 12, 7)]

    states = [state for state, _ in rows(*trees(left, right))]
    assert states == ["same", "only_left", "only_right"]


def test_two_shadow_fields_are_two_lines() -> None:
    left = [(SHADOW, 12, ShadowField.cpu_dr7)]
    right = [(SHADOW, 12, ShadowField.virtual_dr6)]

    states = [state for state, _ in rows(*trees(left, right))]
    assert states == ["same", "only_left", "only_right"]


def door(trace: Trace, callee: Callee, inner: Callee) -> None:
    root = trace.event(EventKind.HIT)
    call = trace.event(CALL, root, aux=callee)
    trace.event(CALL, call, aux=inner)
    trace.event(WRITE, call, slot=7, aux=callee)


def test_a_function_under_another_name_is_one_line_when_it_did_the_same() -> None:
    left, right = Trace(), Trace()
    door(left, Callee.do_debug, Callee.notify_die)
    door(right, Callee.exc_debug_user, Callee.notify_die)

    states = [state for state, _ in rows(left, right)]
    assert states == ["same", "renamed", "same", "same"]


def test_a_function_that_did_nothing_the_same_is_another_line() -> None:
    left, right = trees(
        [(CALL, Callee.local_db_save, 255)], [(CALL, Callee.send_sigtrap, 255)]
    )

    states = [state for state, _ in rows(left, right)]
    assert states == ["same", "only_left", "only_right"]


def test_another_writer_of_one_register_is_a_change() -> None:
    left = [(WRITE, Callee.hw_breakpoint_handler, 7)]
    right = [(WRITE, Callee.local_db_restore, 7)]

    assert rows(*trees(left, right))[1] == ("changed", "HW7")


def test_an_unknown_kind_of_event_is_aligned_like_any_other() -> None:
    left, right = Trace(), Trace()
    for trace, value in ((left, 1), (right, 2)):
        root = trace.event(EventKind.HIT)
        trace.event(999, root, value=value)

    assert rows(left, right)[1][0] == "changed"


def test_what_stands_under_a_lone_line_is_alone_too() -> None:
    left, right = Trace(), Trace()
    door(left, Callee.do_debug, Callee.notify_die)
    right.event(EventKind.HIT)

    lines = first_row(compared(left, right)).lines
    assert [(line.state, line.level) for line in lines[1:]] == [
        (State.only_left, 2),
        (State.only_left, 3),
        (State.only_left, 3),
    ]


def wrote_dr7(before: Callee | None, after: Callee | None) -> Trace:
    """A hit with notify_die, and a function that writes DR7 before or after it."""
    trace = Trace()
    root = trace.event(EventKind.HIT)
    for callee in (before, Callee.notify_die, after):
        if callee is None:
            continue
        call = trace.event(CALL, root, aux=callee)
        if callee is not Callee.notify_die:
            trace.event(WRITE, call, slot=7, aux=callee)
    return trace


def elsewhere(left: Trace, right: Trace) -> list[bool]:
    """Of each line of one side: whether the other has it at another point."""
    lines = first_row(compared(left, right)).lines
    return [line.elsewhere for line in lines if line.state >= State.only_left]


def test_a_function_at_another_point_is_elsewhere() -> None:
    left = wrote_dr7(Callee.local_db_save, None)
    right = wrote_dr7(None, Callee.local_db_save)

    assert elsewhere(left, right) == [True] * 4


def test_the_same_register_written_by_another_function_is_not() -> None:
    left = wrote_dr7(Callee.local_db_save, None)
    right = wrote_dr7(None, Callee.kgdb_disable_hw_debug)

    assert elsewhere(left, right) == [False] * 4


# --- Longest common subsequence


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [
        ("", "", ""),
        ("abc", "abc", "abc"),
        ("abc", "", ""),
        ("abcd", "acd", "acd"),
        ("xaby", "zabw", "ab"),
        ("abcbdab", "bdcaba", None),  # several of length 4
    ],
)
def test_common_rows(left: str, right: str, common: str | None) -> None:
    found = common_rows([(ord(c), 0, 0) for c in left], [(ord(c), 0, 0) for c in right])

    text = "".join(left[i] for i, _ in found)
    assert text == "".join(right[j] for _, j in found)
    assert text == common if common is not None else len(text) == 4


def longest(left: str, right: str) -> int:
    """The length by the textbook's recursion, for short texts."""
    if not left or not right:
        return 0
    if left[0] == right[0]:
        return 1 + longest(left[1:], right[1:])
    return max(longest(left[1:], right), longest(left, right[1:]))


def test_common_rows_are_as_many_as_can_be() -> None:
    chance = random.Random(1)
    for _ in range(200):
        left, right = (
            "".join(chance.choices("abc", k=chance.randint(0, 7))) for _ in range(2)
        )
        keys = [[(ord(c), 0, 0) for c in text] for text in (left, right)]

        assert len(common_rows(*keys)) == longest(left, right)


def test_very_long_lists_are_aligned_in_linear_time() -> None:
    """Thousands of packets on both sides, one more on the right at the start."""
    packets = [(5, 0, 0)] * 3000
    left, right = [(1, 0, 0), *packets, (2, 0, 0)], [(3, 0, 0), *packets, (4, 0, 0)]

    found = common_rows(left, right)

    assert found == [(n, n) for n in range(1, 3001)]
