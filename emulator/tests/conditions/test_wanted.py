"""Which hits are wanted: what CONDITION events say, and where they stand."""

from __future__ import annotations

import pytest

from emulator.errors import RecipeError
from emulator.events import EventKind
from emulator.recipe import parse
from emulator.tests.conditions.loops import (
    DATA,
    IGNORED,
    LOAD,
    STORE,
    UNWANTED,
    WANTED,
    bp,
    judged,
    ran,
    recipe_of,
    results,
)
from emulator.tests.engine.runs import EXIT, flat
from emulator.tests.runs.collect import run_recipe


def test_a_condition_holds_at_some_hits() -> None:
    assert judged(ran(bp(condition="value == 3"))) == [
        (1, 0, UNWANTED),
        (2, 0, UNWANTED),
        (3, 1, WANTED),
        (4, 0, UNWANTED),
        (5, 0, UNWANTED),
    ]


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        pytest.param("u32[data] > 3", [4, 5], id="memory"),
        pytest.param("u32[data + 4] == 0", [1, 2, 3, 4, 5], id="behind-a-symbol"),
        # dec ecx comes after the store.
        pytest.param("rcx == 4 || ecx == 1", [2, 5], id="registers"),
        pytest.param("hits & 1", [1, 3, 5], id="count"),
        pytest.param("hits == 1 || value == old + 1", [1, 2, 3, 4, 5], id="before"),
        pytest.param("task == 100 && cpu == 0", [1, 2, 3, 4, 5], id="who"),
        pytest.param("task == 101", [], id="somebody-else"),
        pytest.param("dr6 & 1 && dr0 == data", [1, 2, 3, 4, 5], id="debug-registers"),
        pytest.param("5", [1, 2, 3, 4, 5], id="any-number-is-true"),
    ],
)
def test_what_a_condition_may_ask(condition: str, hits: list[int]) -> None:
    found = judged(ran(bp(condition=condition)))

    assert [n for n, ret, _ in found if ret == 1] == hits
    assert len(found) == 5


def test_a_condition_of_an_execute_breakpoint() -> None:
    run = ran(bp(type="execute", length=1, at=hex(LOAD + STORE), condition="ecx == 2"))

    # Before the store, at the fourth turn.
    assert [n for n, ret, _ in judged(run) if ret] == [4]


def test_it_stands_directly_below_its_hit() -> None:
    run = ran(bp(condition="1"))

    places = [(e["seq"], e["cause"]) for e in run.of(EventKind.CONDITION)]
    assert places == [(h["seq"] + 1, h["seq"]) for h in run.hits()]


def test_the_slot_is_the_index_in_the_recipe() -> None:
    run = ran(bp(at="data+0x8"), bp(), bp(condition="value == 2"))

    # Two breakpoints match; the one that wants every hit has no condition.
    assert {e["slot"] for e in run.of(EventKind.CONDITION)} == {2}


def test_each_matched_breakpoint_has_its_own() -> None:
    run = ran(bp(condition="value < 3"), bp(length=2, condition="value > 1"), turns=3)

    found = [(e["slot"], e["value"], e["ret"]) for e in run.of(EventKind.CONDITION)]
    assert found == [(0, 1, 1), (1, 1, 0), (0, 2, 1), (1, 2, 1), (0, 3, 0), (1, 3, 1)]


def test_true_hits_are_ignored_first() -> None:
    run = ran(bp(condition="value > 1", ignore=2))

    assert results(run) == [UNWANTED, IGNORED, IGNORED, WANTED, WANTED]


def test_ignoring_needs_no_condition() -> None:
    assert judged(ran(bp(ignore=1), turns=2)) == [(1, 1, IGNORED), (2, 1, WANTED)]


@pytest.mark.parametrize(
    ("condition", "errno", "remark"),
    [
        pytest.param("u32[0] == 1", 14, b"cannot read 4 bytes at 0x0", id="unmapped"),
        pytest.param(
            "u64[-4] == 1",
            14,
            b"cannot read 8 bytes at 0xfffffffffffffffc",
            id="past-the-end",
        ),
        pytest.param(
            "1 / (value - 2)", 33, b"division by zero at character 3", id="zero"
        ),
        pytest.param("old == 0", 61, b"old is not known at this hit", id="first-hit"),
    ],
)
def test_no_value_is_an_error_and_not_wanted(
    condition: str, errno: int, remark: bytes
) -> None:
    run = ran(bp(condition=condition))

    wrong = next(e for e in run.of(EventKind.CONDITION) if e["ret"] < 0)
    assert (wrong["ret"], wrong["aux"]) == (-errno, UNWANTED)
    assert (wrong["seq"], 3, remark) in run.texts


def test_an_error_ends_nothing() -> None:
    run = ran(bp(condition="u32[0]"))

    assert len(run.hits()) == 5


def test_hits_are_counted_over_all_cpus_and_tasks() -> None:
    run = ran(
        bp("perf_wide", condition="hits == 7"), tasks=2, cpus=2, turns=5, quantum=4
    )

    assert [n for n, _, _ in judged(run)] == list(range(1, 11))
    assert [n for n, ret, _ in judged(run) if ret] == [7]


def test_a_condition_sees_the_memory_of_the_task_that_hit() -> None:
    run = ran(
        bp("perf_wide", condition="u32[data] == value && task == 101"),
        tasks=2,
        turns=2,
    )

    assert sorted((e["task"], e["ret"]) for e in run.of(EventKind.CONDITION)) == [
        (100, 0),
        (100, 0),
        (101, 1),
        (101, 1),
    ]


def test_hits_that_are_left_out_are_none() -> None:
    run = ran(bp(condition="1", exclude_user=True))

    assert (len(run.hits()), judged(run)) == (5, [])


@pytest.mark.parametrize("variant", ["a", "d4", "g-bare", "h-bare"])
def test_a_tracers_breakpoint(variant: str) -> None:
    run = ran(bp("ptrace", slot=2, condition="value == 2"), variant=variant)

    assert [n for n, ret, _ in judged(run) if ret] == [2]


def test_what_the_kernel_copies_for_the_task_is_a_hit_too() -> None:
    # write(1, data, 4) reads the watched bytes at CPL 0.
    arguments = "be" + DATA.to_bytes(4, "little").hex() + "bf01000000 ba04000000"
    recipe, images = flat(
        arguments + "b801000000 0f05" + EXIT,
        breakpoints=[bp(type="access", condition="rdx == 4 && task == 100")],
    )

    run = run_recipe(recipe, images)

    assert run.hits()
    assert [e["cause"] for e in run.of(EventKind.CONDITION) if e["ret"] == 1] == [
        hit["seq"] for hit in run.hits()
    ]


def test_an_inherited_breakpoint_counts_with_its_parent() -> None:
    recipe, images = recipe_of(bp(inherit=True, condition="hits > 5"), tasks=2)
    document = recipe.to_json()
    document["tasks"][1]["forked"] = True
    fork = {"do": "fork", "task": "task0", "child": "task1"}
    document["script"] = [{"at": {"start": True}, **fork}]

    assert judged(run_recipe(parse(document), images)) == [
        (n, int(n > 5), WANTED if n > 5 else UNWANTED) for n in range(1, 11)
    ]


def test_an_unknown_symbol_is_refused_with_its_place() -> None:
    with pytest.raises(RecipeError) as caught:
        run_recipe(*recipe_of(bp(condition="u32[dat] == 1")))

    assert caught.value.field == "breakpoints[0].condition"
    assert caught.value.detail == (
        'at character 5: unknown symbol "dat"; near names: data'
    )
