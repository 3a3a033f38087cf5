"""Two runs: which trees pair, what is equal, what differs, and where first."""

from __future__ import annotations

import pytest

from emulator.events import Callee, EventFlag, EventKind, Outcome
from emulator.tests.trace.compare.traces import (
    ELSEWHERE,
    OTHER,
    STORE,
    Trace,
    compared,
    dr7_write,
    first_row,
    hits,
)
from emulator.trace.compare.comparison import State, compare, compare_with_itself
from emulator.trace.compare.outline import outline


def states(left: Trace, right: Trace) -> list[str]:
    """The state of each row."""
    return [State(int(s)).name for s in compared(left, right).state]


def pairs(left: Trace, right: Trace) -> list[tuple[int, int]]:
    """The rows as (left tree, right tree)."""
    found = compared(left, right)
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


# --- Equal


def test_a_run_is_equal_to_itself() -> None:
    assert compared(hits(5), hits(5)).equal


def test_equal_hits_are_counted() -> None:
    found = compared(hits(5), hits(5))

    assert (found.hits.same, found.trees.same, found.events.same) == (5, 5, 35)


def test_two_empty_runs_are_equal() -> None:
    assert compared(Trace(), Trace()).equal


def test_seq_and_cause_do_not_count() -> None:
    """An event more before the hits moves all numbers; the hits stay equal."""
    right = Trace()
    right.event(EventKind.SYSCALL, value=1)
    for number in range(1, 4):
        right.hit(10 * number, value=number)

    found = compared(hits(3), right)

    assert (found.hits.same, found.trees.only_right) == (3, 1)


@pytest.mark.parametrize("block", [1, 3, 7, 8, 20])
def test_the_cutting_into_blocks_does_not_count(block: int) -> None:
    left, right = outline(hits(6).recording()), outline(hits(6).recording(block))

    assert compare(left, right).equal


def test_a_return_that_came_as_a_record_of_its_own_does_not_count() -> None:
    left, right = Trace(), Trace()
    root = left.event(EventKind.HIT)
    left.event(EventKind.CALL, root, aux=Callee.notify_die, ret=5)
    root = right.event(EventKind.HIT)
    call = right.event(
        EventKind.CALL, root, aux=Callee.notify_die, flags=int(EventFlag.OPEN)
    )
    right.event(EventKind.RETURN, call, aux=Callee.notify_die, ret=5)

    assert compared(left, right).equal


def test_a_return_record_with_another_value_counts() -> None:
    left, right = Trace(), Trace()
    for trace, ret in ((left, 5), (right, 6)):
        root = trace.event(EventKind.HIT)
        call = trace.event(
            EventKind.CALL, root, aux=Callee.notify_die, flags=int(EventFlag.OPEN)
        )
        trace.event(EventKind.RETURN, call, aux=Callee.notify_die, ret=ret)

    changes = first_row(compared(left, right)).first.changes

    assert [(c.what, c.left, c.right) for c in changes] == [("ret", 5, 6)]


def test_the_shortcut_for_equal_digests_says_the_same() -> None:
    run = outline(hits(5).recording())

    short, long = compare_with_itself(run), compared(hits(5), hits(5))

    assert (short.equal, short.hits, short.events) == (True, long.hits, long.events)


# --- Pairing


def test_hits_at_one_place_pair_although_their_trees_are_of_different_length() -> None:
    right = hits(3, handler=[dr7_write(0), dr7_write(0xD0602, old=0)])

    assert pairs(hits(3), right) == [(0, 0), (1, 1), (2, 2)]


def test_a_hit_on_one_side_only_is_a_difference() -> None:
    right = Trace()
    for number in (1, 3):
        right.hit(10 * number, value=number)

    assert states(hits(3), right) == ["same", "only_left", "same"]


def test_the_count_of_lone_hits() -> None:
    right = Trace()
    right.hit(30, value=3)

    assert compared(hits(3), right).hits.only_left == 2


def test_hits_that_drifted_apart_pair_by_their_count() -> None:
    """Right needs 5 instructions more to begin with; its loop is the same."""
    right = Trace()
    for number in range(1, 4):
        right.hit(10 * number + 5, value=number)

    assert pairs(hits(3), right) == [(0, 0), (1, 1), (2, 2)]


def test_a_drift_is_a_difference_once() -> None:
    right = Trace()
    for number in range(1, 4):
        right.hit(10 * number + 5, value=number)

    assert states(hits(3), right) == ["changed", "same", "same"]


def test_hits_of_different_addresses_do_not_pair_by_count() -> None:
    left, right = Trace(), Trace()
    left.hit(10)
    right.hit(15, addr=OTHER)

    assert states(left, right) == ["only_left", "only_right"]


def test_the_count_begins_anew_after_a_common_place() -> None:
    """Left has one hit more before retired 20; after it the drifted ones pair in order."""
    left, right = Trace(), Trace()
    for retired in (10, 20, 33):
        left.hit(retired)
    for retired in (20, 35):
        right.hit(retired)

    assert pairs(left, right) == [(0, -1), (1, 0), (2, 1)]


def test_a_repeated_hit_pairs_with_no_later_one() -> None:
    """Left hits again and again with nothing retired; right goes on to the next call."""
    left, right = Trace(), Trace()
    for _ in range(3):
        left.hit(10)
    for retired in (10, 20, 30):
        right.hit(retired)

    assert states(left, right) == ["same"] + ["only_left"] * 2 + ["only_right"] * 2


def test_several_hits_at_one_place_pair_in_order() -> None:
    left, right = Trace(), Trace()
    for trace, count in ((left, 3), (right, 2)):
        for _ in range(count):
            trace.hit(10)

    assert pairs(left, right) == [(0, 0), (1, 1), (2, -1)]


def test_a_hit_pairs_by_the_place_that_did_it() -> None:
    """Two watches of one instant: rip tells them apart, not the order."""
    left, right = Trace(), Trace()
    left.hit(10, rip=STORE)
    left.hit(10, rip=ELSEWHERE, addr=OTHER)
    right.hit(10, rip=ELSEWHERE, addr=OTHER)
    right.hit(10, rip=STORE)

    assert compared(left, right).hits.same == 2


def test_cpus_are_paired_apart() -> None:
    left, right = Trace(), Trace()
    left.hit(10, cpu=0)
    right.hit(10, cpu=1)

    assert states(left, right) == ["only_left", "only_right"]


def test_another_order_of_the_cpus_is_no_difference() -> None:
    left, right = Trace(), Trace()
    for trace, cpus in ((left, (0, 1)), (right, (1, 0))):
        for cpu in cpus:
            trace.hit(10, cpu=cpu)

    assert compared(left, right).equal


def test_rows_keep_the_order_of_both_sides() -> None:
    left, right = Trace(), Trace()
    for retired in (10, 30):
        left.hit(retired)
    for retired in (20, 40):
        right.hit(retired, addr=OTHER)

    assert pairs(left, right) == [(0, -1), (-1, 0), (1, -1), (-1, 1)]


# --- What differs


def test_a_value_in_a_register_only_is_found() -> None:
    """No event differs; DR7 after IRET does."""
    left, right = hits(2), Trace()
    right.hit(10, value=1)
    right.hit(20, value=2, after={"dr7": 0x90602})

    (change,) = first_row(compared(left, right)).first.changes

    assert (change.what, change.left, change.right) == ("dr7", 0xD0602, 0x90602)


def test_hits_whose_hardware_and_shadow_part_are_counted() -> None:
    right = Trace()
    right.hit(10)
    right.hit(20, after={"dr7": 0x90602})

    run = compared(hits(2), right).right_run

    assert (run.returns, run.parted) == (2, 1)


def test_a_text_beside_an_event_counts() -> None:
    left, right = Trace(), Trace()
    for trace, text in ((left, b"one\n"), (right, b"two\n")):
        seq = trace.event(EventKind.OUTPUT, value=4, aux=1)
        trace.texts.append((seq, 1, text))

    changes = first_row(compared(left, right)).first.changes

    assert [change.what for change in changes] == ["text"]


def test_a_return_value_counts() -> None:
    found = compared(hits(1), hits(1, ret=0))

    changed = [line.said.node.name for line in first_row(found).lines if line.changes]

    assert changed == ["notify_die", "hw_breakpoint_handler"]


def test_lines_of_one_side_are_counted() -> None:
    found = compared(hits(3), hits(3, handler=[dr7_write(0)]))

    assert (found.events.same, found.events.only_right) == (21, 3)


def test_the_first_divergence_is_the_first_row_that_differs() -> None:
    right = hits(2)
    right.hit(30, value=3, ret=0)
    right.hit(40, value=4)

    found = compared(hits(4), right)

    assert (found.first, found.differences.tolist()) == (2, [2])


def test_another_name_for_the_same_function_is_no_divergence() -> None:
    right = hits(1, entry=Callee.exc_debug_user)
    right.hit(20, value=2, entry=Callee.exc_debug_user, ret=0)

    assert states(hits(2), right) == ["renamed", "changed"]


def test_names_alone_are_a_difference_when_there_is_no_other() -> None:
    found = compared(hits(2), hits(2, entry=Callee.exc_debug_user))

    assert (found.equal, found.differences.tolist()) == (False, [0, 1])


def test_the_outcome_is_a_difference() -> None:
    left, right = Trace(), Trace()
    left.end(10, Outcome.completed)
    right.end(10, Outcome.livelock)

    assert states(left, right) == ["changed"]


# --- Facts


def test_a_sort_of_difference_is_one_fact_with_its_count() -> None:
    found = compared(hits(9), hits(9, handler=[dr7_write(0)]))

    assert [fact.count for fact in found.facts] == [9]


def test_what_hangs_under_a_line_of_one_side_is_no_fact_of_its_own() -> None:
    left, right = Trace(), Trace()
    left.event(EventKind.HIT)
    root = right.event(EventKind.HIT)
    call = right.event(EventKind.CALL, root, aux=Callee.local_db_save)
    right.event(EventKind.DR_WRITE, call, slot=7, aux=Callee.local_db_save)

    assert len(compared(left, right).facts) == 1


def stop(trace: Trace, number: int, cause: int = 0) -> None:
    trace.event(EventKind.DEBUGGER_STOP, cause, value=number, addr=0x401000, aux=5)


def test_a_stop_under_a_line_of_one_side_is_a_fact_of_its_own() -> None:
    left, right = Trace(), Trace()
    root = left.event(EventKind.HIT)
    stop(left, 1, left.event(EventKind.CALL, root, aux=Callee.kgdb_notify))
    right.event(EventKind.HIT)

    kinds = [fact.key[2] for fact in compared(left, right).facts]
    assert kinds == [EventKind.CALL, EventKind.DEBUGGER_STOP]


def test_a_stop_inside_a_hit_of_one_side_is_a_fact_of_its_own() -> None:
    left = Trace()
    stop(left, 1, left.event(EventKind.HIT))

    kinds = [fact.key[2] for fact in compared(left, Trace()).facts]
    assert kinds == [EventKind.HIT, EventKind.DEBUGGER_STOP]


def test_the_running_number_of_a_stop_does_not_count() -> None:
    """Left has one stop more at first; the later ones are equal all the same."""
    left, right = Trace(), Trace()
    for number, retired in ((1, 5), (2, 10)):
        stop(left, number, left.event(EventKind.INT3, retired=retired))
    stop(right, 1, right.event(EventKind.INT3, retired=10))

    assert states(left, right) == ["only_left", "same"]


def condition(trace: Trace, number: int, **fields: int) -> None:
    hit = trace.event(EventKind.HIT, retired=10 * number)
    trace.event(EventKind.CONDITION, hit, slot=0, value=number, **fields)


def test_the_running_number_of_a_condition_does_not_count() -> None:
    left, right = Trace(), Trace()
    for number in (1, 2):
        condition(left, number)
    right.event(EventKind.HIT, retired=20)
    right.event(EventKind.CONDITION, 1, slot=0, value=1)

    assert states(left, right) == ["only_left", "same"]


def test_what_a_condition_comes_to_counts() -> None:
    left, right = Trace(), Trace()
    condition(left, 1, ret=1, aux=1)
    condition(right, 1, ret=0, aux=0)

    assert states(left, right) == ["changed"]


def test_a_seq_inside_an_event_does_not_count() -> None:
    """The aux of KGDB_LEAVE is taken from the seq of its KGDB_ENTER."""
    left, right = Trace(), Trace()
    for trace, enter in ((left, 7), (right, 9)):
        root = trace.event(EventKind.INT3)
        trace.event(EventKind.KGDB_LEAVE, root, aux=enter)

    assert compared(left, right).equal


def test_whether_an_invariant_broke_before_does_not_count() -> None:
    left, right = Trace(), Trace()
    left.event(EventKind.INVARIANT, aux=1, flags=int(EventFlag.REPEAT))
    right.event(EventKind.INVARIANT, aux=1)

    assert compared(left, right).equal


def test_another_priority_alone_is_no_divergence() -> None:
    left, right = Trace(), Trace()
    for trace, priority in ((left, 0), (right, 7)):
        root = trace.event(EventKind.HIT)
        trace.event(
            EventKind.NOTIFIER_CALL, root, aux=Callee.kgdb_notify, addr=priority
        )

    assert states(left, right) == ["renamed"]


# --- Wrong in both


def livelock(trace: Trace, count: int = 8) -> Trace:
    trace.event(EventKind.LIVELOCK, value=count, retired=99)
    return trace


def test_a_fault_of_both_sides_is_said() -> None:
    (wrong,) = compared(livelock(hits(1)), livelock(hits(1))).wrong

    assert (wrong.left, wrong.right, wrong.together) == (1, 1, 1)


def test_a_fault_of_one_side_is_not() -> None:
    assert compared(livelock(hits(1)), hits(1)).wrong == []


def invariant(trace: Trace, number: int) -> Trace:
    root = trace.hit(1000)
    trace.event(EventKind.INVARIANT, root, aux=number, retired=1000)
    return trace


def test_the_same_invariant_in_paired_hits() -> None:
    (wrong,) = compared(invariant(hits(2), 1), invariant(hits(2), 1)).wrong

    assert (wrong.aux, wrong.together) == (1, 1)


def test_different_invariants_are_not_the_same() -> None:
    assert compared(invariant(hits(2), 1), invariant(hits(2), 2)).wrong == []


# --- Runs that are not whole


def cut_off(left: Trace, right: Trace) -> list[str]:
    """States when left goes on or was cancelled."""
    found = compare(outline(left.recording(), whole=False), outline(right.recording()))
    return [State(int(s)).name for s in found.state]


def test_what_the_other_side_did_later_is_no_difference() -> None:
    assert cut_off(hits(3), hits(9)) == ["same", "same"]


def test_the_last_tree_of_a_side_that_is_cut_off_is_not_judged() -> None:
    left = hits(2)
    left.event(EventKind.HIT, retired=30, rip=STORE, addr=0x402000, slot=0)

    assert cut_off(left, hits(9)) == ["same", "same"]


def test_what_differs_before_the_cut_is_a_difference() -> None:
    assert cut_off(hits(3), hits(9, ret=0)) == ["changed", "changed"]


def test_the_end_of_a_run_that_was_cancelled_is_no_difference() -> None:
    left, right = hits(3), hits(3)
    left.end(31, Outcome.cancelled)
    right.end(31)

    assert cut_off(left, right) == ["same"] * 3


def test_the_time_at_which_a_run_was_cancelled_is_not_that_of_its_first_cpu() -> None:
    """RUN_END carries the time of the furthest CPU; CPU 0 may be far behind."""
    left = Trace()
    left.hit(10)
    left.hit(900, cpu=1)
    left.end(900, Outcome.cancelled)
    right = Trace()
    for cpu, retired in ((0, 10), (1, 900), (0, 20)):
        right.hit(retired, cpu=cpu)

    assert cut_off(left, right) == ["same", "same"]
