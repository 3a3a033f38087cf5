"""What versions of a patch do, beside what they say: cells of the matrix that moved.

The text of a patch is not executed. Somebody says which kernel of the model stands for a
version; the table is that kernel's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from sessions_app import runner
from sessions_app.errors import UnknownKernel
from sessions_app.kernels import Kernel, kernel_for
from sessions_app.matrix_table import Cell, Column, Table, kernel_column, matrix_table
from sessions_app.models import SeriesVersion


@dataclass(frozen=True, slots=True)
class Bound:
    """A version and the kernel that stands for it."""

    version: SeriesVersion
    kernel: Kernel | None
    """None: nobody has said, or the switch set is gone."""

    @property
    def certainty(self) -> str:
        """How sure the model is of it: ``recorded``, ``read``, ``derived`` …; a switch
        set of somebody's own is ``ours``."""
        if self.kernel is None:
            return ""
        variant = runner.variant(self.kernel.base)
        own = self.kernel.set_id is not None
        return "ours" if own or variant is None else variant.certainty


@dataclass(frozen=True, slots=True)
class Moved:
    """A row of the matrix whose word is not the same on all versions."""

    row: runner.MatrixRow
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Versions with kernels, and what differs between them."""

    bound: Sequence[Bound]
    columns: Sequence[Column]
    moved: Sequence[Moved]
    same: int
    """Rows on which all agree."""
    unknown: int
    """Cells that are not computed yet."""
    table: Table

    @property
    def versions(self) -> list[Bound]:
        """Those with a kernel, in the order of the columns."""
        return [bound for bound in self.bound if bound.kernel is not None]


def behaviour_of(request: HttpRequest, versions: Sequence[SeriesVersion]) -> Behaviour:
    """The difference in behaviour, as far as it is computed."""
    bound = [Bound(version, _kernel(request, version)) for version in versions]
    columns = [kernel_column(b.kernel) for b in bound if b.kernel is not None]
    table = matrix_table(runner.matrix_rows(), columns)
    moved = [
        Moved(row, cells)
        for row, cells in table.rows
        if len({cell.word for cell in cells if cell.word}) > 1
    ]
    unknown = sum(not cell.word for _, cells in table.rows for cell in cells)
    same = len(table.rows) - len(moved) if columns else 0
    return Behaviour(bound, columns, moved, same, unknown, table)


def _kernel(request: HttpRequest, version: SeriesVersion) -> Kernel | None:
    if not version.variant:
        return None
    try:
        return kernel_for(request, version.variant)
    except UnknownKernel:
        return None
