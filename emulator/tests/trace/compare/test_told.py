"""A comparison told: places, facts, folds, what is wrong in both; and the same as JSON."""

from __future__ import annotations

import json

from emulator.events import Callee, EventKind, Outcome
from emulator.tests.trace.compare.traces import Trace, compared, dr7_write, hits
from emulator.trace.compare.as_json import rows, summary
from emulator.trace.compare.told import Teller, folded


def teller(left: Trace, right: Trace) -> Teller:
    return Teller(compared(left, right))


def one_changed(count: int, number: int) -> Trace:
    """Hits of which one returns DONE."""
    made = Trace()
    for n in range(1, count + 1):
        made.hit(10 * n, value=n, ret=0 if n == number else 0x8001)
    return made


def test_a_place_names_the_hit_of_each_side() -> None:
    right = Trace()
    right.hit(10, value=1)
    right.hit(15, value=1, addr=0x402008)
    right.hit(20, value=2, ret=0)

    place = teller(hits(2), right).place(2)

    assert (place.words, place.left_hit, place.right_hit) == ("hit 2 on CPU 0", 2, 3)
    assert (place.left_seq, place.right_seq) == (8, 15)


def test_a_place_of_no_hit_names_the_event() -> None:
    right = Trace()
    right.end(5)

    assert teller(Trace(), right).place(0).words == "run ended on CPU 0"


def test_facts_stand_in_the_order_of_the_run() -> None:
    right = Trace()
    right.hit(10, value=1, after={"dr7": 1})
    right.hit(20, value=2, ret=0)

    subjects = [fact.phrase.subject for fact in teller(hits(2), right).facts(9)]

    assert subjects == [
        "DR7 after IRET",
        "Return of hw_breakpoint_handler",
        "Return of notify_die",
    ]


def test_a_fact_leads_to_its_first_difference() -> None:
    facts = teller(hits(9), one_changed(9, 4)).facts(9)

    assert [fact.difference for fact in facts] == [1, 1]


def test_a_register_is_told_beside_the_event_that_differs() -> None:
    right = hits(1, rflags=0x10202, after={"dr7": 1})

    subjects = [fact.phrase.subject for fact in teller(hits(1), right).facts(9)]

    assert subjects == ["RF in the return image", "DR7 after IRET"]


def test_the_hits_whose_dr7_parts_are_told() -> None:
    right = Trace()
    right.hit(10, value=1)
    right.hit(20, value=2, after={"dr7": 0x90602})

    told = teller(hits(2), right).parted()

    assert told is not None
    assert (told.left, told.right) == ("yes", "no, 1 of 2 returns")


def test_nothing_is_told_of_dr7_while_it_agrees() -> None:
    assert teller(hits(2), hits(2, ret=0)).parted() is None


def invariant(times: int) -> Trace:
    trace = Trace()
    for number in range(times):
        root = trace.hit(10 * number)
        trace.event(EventKind.INVARIANT, root, aux=1, retired=10 * number)
    return trace


def test_wrong_in_both_as_often() -> None:
    assert teller(invariant(2), invariant(2)).wrong_in_both() == [
        "DR7 and cpu_dr7 part after IRET, 2 times in both"
    ]


def test_wrong_in_both_but_not_as_often() -> None:
    assert teller(invariant(3), invariant(1)).wrong_in_both() == [
        "DR7 and cpu_dr7 part after IRET: left 3 times, right once, together once"
    ]


def test_a_fold_counts_what_it_hides() -> None:
    fold = teller(hits(9), one_changed(9, 4)).fold(0, 3)

    assert (fold.trees, fold.hits, fold.events) == (3, 3, 21)


def test_long_equal_stretches_are_left_out() -> None:
    left, right = Trace(), Trace()
    for trace, value in ((left, 1), (right, 2)):
        root = trace.event(EventKind.HIT)
        for _ in range(20):
            trace.event(EventKind.CALL, root, aux=Callee.notify_die)
        trace.event(EventKind.IRET, root, value=value)

    shown = folded(teller(left, right).row(0).lines)

    assert [p if isinstance(p, int) else p.left.record.seq for p in shown] == [
        1,
        18,
        20,
        21,
        22,
    ]


def test_short_equal_stretches_are_shown() -> None:
    shown = folded(teller(hits(1), hits(1, ret=0)).row(0).lines)

    assert len(shown) == 7


# --- JSON


def test_the_summary_is_json() -> None:
    told = summary(teller(hits(9), one_changed(9, 4)))

    assert json.loads(json.dumps(told)) == told
    assert (told["equal"], told["differences"]) == (False, 1)
    assert told["counts"]["hits"] == {
        "same": 8,
        "renamed": 0,
        "changed": 1,
        "only_left": 0,
        "only_right": 0,
    }


def test_the_first_divergence_has_both_seqs() -> None:
    first = summary(teller(hits(9), one_changed(9, 4)))["first"]

    assert (first["left_seq"], first["right_seq"]) == (26, 26)
    assert first["sentence"] == (
        "Return of hw_breakpoint_handler: left STOP, right DONE"
    )


def test_a_side_without_the_event_has_no_seq() -> None:
    right = hits(1, handler=[dr7_write(0)])

    first = summary(teller(hits(1), right))["first"]

    assert (first["left_seq"], first["right_seq"]) == (None, 6)


def test_equal_runs_have_no_first_divergence() -> None:
    assert summary(teller(hits(3), hits(3)))["first"] is None


def test_equal_stretches_stand_between_the_differences() -> None:
    told, after = rows(teller(hits(9), one_changed(9, 4)), 0, 10)

    assert [row.get("hits", row["type"]) for row in told] == [3, "difference", 5]
    assert after is None


def test_a_page_says_where_to_go_on() -> None:
    told, after = rows(teller(hits(9), hits(9, ret=0)), 2, 3)

    assert [row["number"] for row in told] == [3, 4, 5]
    assert after == 5


def test_a_page_after_the_last_difference_is_empty() -> None:
    assert rows(teller(hits(2), hits(2, ret=0)), 7, 3) == ([], None)


def test_wide_values_are_hex_strings() -> None:
    right = hits(1, rflags=0x10202, after={"dr7": 1 << 63})

    (row,), _ = rows(teller(hits(1), right), 0, 1)

    changes = {
        c["what"]: c["right"] for line in row["lines"] for c in line.get("changes", [])
    }
    assert changes == {
        "value": "0x10202",
        "rflags": "0x10202",
        "dr7": "0x8000000000000000",
    }


def test_a_changed_text_is_given_as_text() -> None:
    left, right = Trace(), Trace()
    for trace, text in ((left, b"one"), (right, b"two\xff")):
        trace.texts.append((trace.event(EventKind.OUTPUT, value=3, aux=1), 1, text))

    (row,), _ = rows(teller(left, right), 0, 1)

    (change,) = row["lines"][0]["changes"]
    assert (change["left"], change["right"]) == ("one", "two\ufffd")


def test_the_outcome_is_a_difference_in_json_too() -> None:
    left, right = Trace(), Trace()
    left.end(5)
    right.end(5, Outcome.livelock)

    (row,), _ = rows(teller(left, right), 0, 1)

    assert row["sentence"] == "Run ended: left completed, right livelock"
