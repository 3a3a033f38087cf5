"""The list of the compared page: what is shown whole, in short, and folded."""

from __future__ import annotations

from emulator.events import Callee, EventKind
from emulator.tests.trace.compare.traces import Trace, compared, dr7_write, hits
from sessions_app.compared_rows import MAX_LINES, OPENED, Item, Listing
from sessions_app.trace import Names, Teller


def listing(left: Trace, right: Trace, number: int = 1, **more: object) -> list[Item]:
    teller = Teller(compared(left, right), Names("A", "B"))
    return Listing(teller, number, **more).items()


def kinds(items: list[Item]) -> list[str]:
    return [item.kind for item in items]


def long_tree(value: int) -> Trace:
    """Thirty equal calls, then an IRET with this value."""
    trace = Trace()
    root = trace.event(EventKind.HIT)
    for _ in range(30):
        trace.event(EventKind.CALL, root, aux=Callee.notify_die)
    trace.event(EventKind.IRET, root, value=value)
    return trace


def test_the_chosen_difference_is_shown_with_its_equal_lines() -> None:
    items = listing(hits(1), hits(1, ret=0))

    assert kinds(items) == ["head"] + ["line"] * 7


def test_other_differences_are_shown_in_short() -> None:
    """Two returns differ; the other five lines are a link."""
    items = listing(hits(2), hits(2, ret=0))

    assert kinds(items)[8:] == ["head", "line", "line", "rest"]
    assert items[-1].count == 5


def test_a_tree_of_one_side_is_its_root_in_short() -> None:
    left = hits(3)

    items = listing(left, hits(1))

    assert kinds(items)[-3:] == ["head", "line", "rest"]
    assert items[-1].count == 6


def test_the_line_where_they_part_is_marked_once() -> None:
    items = listing(hits(2), hits(2, handler=[dr7_write(0)]))

    assert [item.css for item in items].count("first") == 1


def test_the_mark_is_on_the_first_divergence_only() -> None:
    """At the second difference no line is the first divergence."""
    items = listing(hits(3), hits(3, ret=0), 2)

    assert "first" not in [item.css for item in items]


def test_a_long_equal_stretch_is_left_out() -> None:
    items = listing(long_tree(1), long_tree(2))

    (gap,) = [item for item in items if item.kind == "gap"]
    assert gap.count == 28


def test_a_long_equal_stretch_can_be_shown() -> None:
    items = listing(long_tree(1), long_tree(2), all_lines=True)

    assert kinds(items) == ["head"] + ["line"] * 32


def test_a_page_ends_and_says_how_much_is_left() -> None:
    items = listing(hits(200), hits(200, ret=0))

    lines = [item for item in items if item.kind == "line"]
    assert MAX_LINES // 2 < len(lines) <= MAX_LINES + 7
    assert items[-1].kind == "more"
    assert items[-1].number + items[-1].count == 201


def test_a_list_begins_after_the_difference_before() -> None:
    left, right = hits(9), Trace()
    for number in range(1, 10):
        right.hit(10 * number, value=number, ret=0 if number in (3, 7) else 0x8001)

    items = listing(left, right, 2)

    assert items[0].kind == "fold"
    assert items[0].fold.hits == 3  # 4, 5 and 6


def test_an_opened_fold_shows_some_trees_and_folds_the_rest() -> None:
    left, right = hits(50), hits(49)
    right.hit(500, value=50, ret=0)

    items = listing(left, right, opened=20)

    folds = [item.fold for item in items if item.kind == "fold"]
    assert [(fold.start, fold.stop) for fold in folds] == [
        (0, 20),
        (20 + OPENED, 49),
    ]


def test_registers_that_differ_are_noted_debug_registers_first() -> None:
    after = {"rax": 1, "rbx": 2, "dr7": 3, "cpu_dr7": 4}

    items = listing(hits(1), hits(1, after=after))

    (line,) = [item for item in items if item.css == "first"]
    assert [subject for subject, _ in line.left.noted] == [
        "DR7 after IRET",
        "cpu_dr7 after IRET",
        "and 2 more registers",
    ]


def test_a_line_of_one_side_has_no_other_cell() -> None:
    items = listing(hits(1), hits(1, handler=[dr7_write(0)]))

    (line,) = [item for item in items if item.kind == "line" and item.left is None]
    assert (line.word, line.right.node.effects[0].name) == ("only B", "HW7")


def test_the_return_that_differs_is_marked() -> None:
    items = listing(hits(1), hits(1, ret=0))

    marked = [
        item.left.node.name
        for item in items
        if item.left is not None and item.left.returned_differs
    ]
    assert marked == ["notify_die", "hw_breakpoint_handler"]


def test_equal_runs_have_one_fold() -> None:
    teller = Teller(compared(hits(3), hits(3)))

    assert kinds(Listing(teller, 1).items()) == ["fold"]
