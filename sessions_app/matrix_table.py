"""The behaviour matrix as a page or a script sees it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from sessions_app import runner
from sessions_app.kernels import Kernel, shipped_kernel
from sessions_app.models import MatrixCell


@dataclass(frozen=True, slots=True)
class Column:
    """A kernel: a shipped variant, or one with other switches."""

    kernel: Kernel
    base: str
    """The kernel that it is told as a difference to, or empty."""

    name = property(lambda self: self.kernel.name)
    title = property(lambda self: self.kernel.title)

    @property
    def short(self) -> str:
        """What stands above a narrow column."""
        return self.name if self.kernel.set_id is None else "set"

    @property
    def url(self) -> str:
        """The page that says what it is."""
        if self.kernel.set_id is None:
            return reverse("variant", args=[self.name])
        return reverse("switch-set", args=[self.kernel.set_id])

    @property
    def key(self) -> str:
        """Under which its cells are kept."""
        return runner.column_key(self.kernel.base, self.kernel.changes)

    @property
    def request(self) -> dict[str, Any]:
        """As a job takes it."""
        return {"base": self.kernel.base, "set": dict(self.kernel.changes)}


@dataclass(frozen=True, slots=True)
class Cell:
    """Row and column, with their word once it is known."""

    row: runner.MatrixRow
    column: Column
    stored: MatrixCell | None
    moved: bool = False
    """Another word than the kernel has that the column is told as a difference to."""

    @property
    def word(self) -> str:
        """Empty while it is not known."""
        return self.stored.word if self.stored else ""

    @property
    def severity(self) -> str:
        """``holds``, ``caution``, ``fault``, ``na``; empty while it is not known."""
        return self.row.severity(self.word) if self.word else ""

    @property
    def in_words(self) -> str:
        """The word as a statement."""
        return runner.word_in_words(self.word) if self.word else ""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells by row, in the order of the columns."""

    columns: Sequence[Column]
    rows: Sequence[tuple[runner.MatrixRow, Sequence[Cell]]]
    missing: Mapping[str, Column]
    """Columns by key of which some cell is not known."""

    @property
    def known(self) -> int:
        """How many cells are."""
        return sum(1 for _, cells in self.rows for cell in cells if cell.word)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.rows) * len(self.columns)


def shipped_columns() -> list[Column]:
    """The shipped variants in their order."""
    return [kernel_column(shipped_kernel(variant)) for variant in runner.variants()]


def kernel_column(kernel: Kernel) -> Column:
    """A kernel as a column: a shipped one beside its base, a set beside the variant that
    it is made from."""
    variant = runner.variant(kernel.base)
    assert variant is not None
    return Column(kernel, variant.base if kernel.set_id is None else variant.id)


def matrix_table(rows: Iterable[runner.MatrixRow], columns: Sequence[Column]) -> Table:
    """The table as far as it is computed by this build of the emulator."""
    wanted = list(rows)
    stored = _stored(columns)
    missing = {
        column.key: column
        for column in columns
        for row in wanted
        if (row.id, column.key) not in stored
    }
    lines = [
        (row, [_cell(row, column, stored) for column in columns]) for row in wanted
    ]
    return Table(columns, lines, missing)


def _stored(columns: Sequence[Column]) -> dict[tuple[str, str], MatrixCell]:
    # With the kernels that they are told as differences to: a cell may have moved.
    keys = {column.key for column in columns} | {column.base for column in columns}
    found = MatrixCell.objects.filter(emulator=runner.build_id(), column__in=keys)
    return {(cell.row, cell.column): cell for cell in found}


def _cell(
    row: runner.MatrixRow,
    column: Column,
    stored: Mapping[tuple[str, str], MatrixCell],
) -> Cell:
    own = stored.get((row.id, column.key))
    before = stored.get((row.id, column.base))
    moved = bool(own and before and own.word != before.word)
    return Cell(row, column, own, moved)
