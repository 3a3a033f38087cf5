"""The behaviour matrix: rows by kernels, each cell a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sessions_app import runner
from sessions_app.errors import BadFilter, DomainError, JobFailed, UnknownKernel
from sessions_app.kernels import kernel_for, set_kernel, set_name
from sessions_app.matrix_table import (
    Cell,
    Column,
    Table,
    kernel_column,
    matrix_table,
    shipped_columns,
)
from sessions_app.models import Run
from sessions_app.permissions import person_of, public_switch_sets, switch_sets_of
from sessions_app.services.matrix import matrix_request, matrix_run
from sessions_app.views.pages import wait_url, wants_fragment

#: Columns of switch sets that one page holds.
_MOST_SETS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A row or a column that can be shown."""

    name: str
    title: str
    chosen: bool


def chosen_names(request: HttpRequest, key: str, known: list[str]) -> list[str]:
    """Names of the query string, repeated or with commas; none means all. Raises
    BadFilter for one that is not known."""
    wanted = [n for part in request.GET.getlist(key) for n in part.split(",") if n]
    for name in wanted:
        if name not in known:
            raise BadFilter(
                f"{key}: “{name[:40]}” is not known; known: {', '.join(known)}",
                field=key,
            )
    return [name for name in known if name in wanted]


def chosen_sets(request: HttpRequest) -> list[Column]:
    """Columns of the switch sets of the query string. Raises UnknownKernel."""
    wanted = [n for part in request.GET.getlist("set") for n in part.split(",") if n]
    kernels = [kernel_for(request, f"set:{name}") for name in wanted[:_MOST_SETS]]
    return [kernel_column(kernel) for kernel in kernels]


def _set_choices(request: HttpRequest, own: list[Column]) -> list[Choice]:
    person = person_of(request)
    sets = {
        set_name(s): set_kernel(s)
        for found in (switch_sets_of(person), public_switch_sets(person))
        for s in found
    }
    chosen = {column.name: column.kernel for column in own}
    return [
        Choice(str(k.set_id), k.title, k.name in chosen)
        for k in (sets | chosen).values()
    ]


@login_required
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """The table; what is missing is computed by a worker and fills in."""
    rows, columns, error = runner.matrix_rows(), shipped_columns(), ""
    row_names: list[str] = []
    column_names: list[str] = []
    own: list[Column] = []
    try:
        row_names = chosen_names(request, "row", [r.id for r in rows])
        column_names = chosen_names(request, "variant", [c.name for c in columns])
        own = chosen_sets(request)
    except DomainError as refused:
        error = str(refused)
    shown = [c for c in columns if not column_names or c.name in column_names]
    table = matrix_table(
        [r for r in rows if not row_names or r.id in row_names], shown + own
    )
    context = {
        "page": "matrix",
        "table": table,
        "row_choices": [Choice(r.id, r.title, r.id in row_names) for r in rows],
        "column_choices": [
            Choice(c.name, c.title, c.name in column_names) for c in columns
        ],
        "set_choices": _set_choices(request, own),
        "filtered": bool(row_names or column_names or own),
        "filter_error": error,
        "problem": _have_computed(table),
        "build": runner.build_id(),
    }
    name = "matrix/_table.html" if wants_fragment(request) else "matrix/table.html"
    return render(request, name, context, status=422 if error else 200)


def _have_computed(table: Table) -> str:
    """Ask for what is missing; why it cannot be, or empty."""
    try:
        matrix_request({key: column.request for key, column in table.missing.items()})
    except JobFailed as error:
        return str(error)
    return ""


def _row(name: str) -> runner.MatrixRow:
    row = runner.matrix_row(name)
    if row is None:
        raise Http404("no such row")
    return row


def _column(request: HttpRequest, name: str) -> Column:
    try:
        kernel = kernel_for(request, name)
    except UnknownKernel as error:
        raise Http404("no such kernel") from error
    if kernel.name != name:
        raise Http404("short names have no cells")
    return kernel_column(kernel)


def _cell(row: runner.MatrixRow, column: Column) -> Cell:
    return matrix_table([row], [column]).rows[0][1][0]


@login_required
@require_safe
def cell(request: HttpRequest, row: str, column: str) -> HttpResponse:
    """One cell: its word, the recipe that shows it, its digest."""
    chosen, kernel = _row(row), _column(request, column)
    table = matrix_table([chosen], [kernel])
    recipe = runner.matrix_recipe(chosen, kernel.kernel.base, kernel.kernel.changes)
    context: dict[str, Any] = {
        "page": "matrix",
        "row": chosen,
        "column": kernel,
        "cell": table.rows[0][1][0],
        "problem": _have_computed(table),
        "recipe": json.dumps(recipe, indent=2, ensure_ascii=False),
        "before": _before(request, chosen, kernel),
    }
    return render(request, "matrix/cell.html", context)


def _before(request: HttpRequest, row: runner.MatrixRow, column: Column) -> Cell | None:
    return _cell(row, _column(request, column.base)) if column.base else None


@login_required
@require_POST
def cell_run(request: HttpRequest, row: str, column: str) -> HttpResponse:
    """Go to the run of a cell; make it if there is none."""
    try:
        run = _run(request, _row(row), _column(request, column))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("matrix-cell", row, column)
    return redirect(f"{reverse('session', args=[run.session_id])}?run={run.number}")


@login_required
@require_POST
def cell_compare(request: HttpRequest, row: str, column: str) -> HttpResponse:
    """Run a cell and the same row on the kernel before it, and compare both."""
    chosen, kernel = _row(row), _column(request, column)
    if not kernel.base:
        raise Http404("nothing before it")
    try:
        left = _run(request, chosen, _column(request, kernel.base))
        right = _run(request, chosen, kernel)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("matrix-cell", row, column)
    return redirect(wait_url(left, right))


def _run(request: HttpRequest, row: runner.MatrixRow, column: Column) -> Run:
    run, _ = matrix_run(
        owner=person_of(request),
        row=row,
        variant=column.kernel.base,
        changes=column.kernel.changes,
        label=column.kernel.label,
    )
    return run
