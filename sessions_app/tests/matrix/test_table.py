"""The table as it is read: what is known, what is missing, what moved."""

from __future__ import annotations

import pytest

from sessions_app import runner
from sessions_app.matrix_table import Column, matrix_table, shipped_columns
from sessions_app.tests.matrix.cells import RIGHT, WRONG, store_cell

pytestmark = pytest.mark.django_db


def row(name: str) -> runner.MatrixRow:
    found = runner.matrix_row(name)
    assert found is not None
    return found


def column(name: str) -> Column:
    return next(c for c in shipped_columns() if c.name == name)


def test_columns_are_the_kernels_in_their_order() -> None:
    assert [c.name for c in shipped_columns()] == [v.id for v in runner.variants()]


def test_a_cell_says_its_word_and_how_bad_it_is() -> None:
    store_cell("W6", "d1", WRONG)

    cell = matrix_table([row("W6")], [column("d1")]).rows[0][1][0]

    assert (cell.word, cell.severity, cell.in_words) == (
        "stale",
        "fault",
        "the hardware has something else armed than is wanted",
    )


def test_a_cell_of_another_build_is_not_known() -> None:
    store_cell("W6", "d1", WRONG, emulator="0.0.1+000000000000")

    table = matrix_table([row("W6")], [column("d1")])

    assert (table.known, table.total, list(table.missing)) == (0, 1, ["d1"])


def test_a_column_with_one_cell_missing_is_missing() -> None:
    store_cell("W6", "d1")

    table = matrix_table([row("W6"), row("W7")], [column("d1"), column("d2")])

    assert (table.known, list(table.missing)) == (1, ["d1", "d2"])


@pytest.mark.parametrize(
    ("before", "moved"), [(RIGHT, True), (WRONG, False), (None, False)]
)
def test_a_cell_has_moved_against_the_kernel_before_it(
    before: str | None, moved: bool
) -> None:
    """d2 is told as a difference to d1, which need not be shown."""
    store_cell("W6", "d2", WRONG)
    if before:
        store_cell("W6", "d1", before)

    cell = matrix_table([row("W6")], [column("d2")]).rows[0][1][0]

    assert cell.moved is moved


def test_one_query_reads_the_table(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        matrix_table(runner.matrix_rows(), shipped_columns())


# --- Keys of columns


def test_a_shipped_kernel_is_its_own_key() -> None:
    assert runner.column_key("g-bare", {}) == "g-bare"


def test_the_same_switches_have_the_same_key() -> None:
    one = {"rf_by": "none", "early": True}

    assert runner.column_key("a", one) == runner.column_key(
        "a", dict(reversed(one.items()))
    )


@pytest.mark.parametrize(
    ("base", "changes"),
    [("b-real", {"rf_by": "none"}), ("a", {"rf_by": "handler"}), ("a", {})],
)
def test_another_kernel_has_another_key(base: str, changes: dict[str, str]) -> None:
    assert runner.column_key(base, changes) != runner.column_key("a", {"rf_by": "none"})
