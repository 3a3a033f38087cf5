"""/matrix/: what each scenario comes to on each kernel, as computed by this build."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app import runner
from sessions_app.api.errors import FieldError, InvalidFields
from sessions_app.api.runs import RunOut
from sessions_app.errors import UnknownKernel
from sessions_app.kernels import Kernel, kernel_for
from sessions_app.matrix_table import (
    Cell,
    Column,
    kernel_column,
    matrix_table,
    shipped_columns,
)
from sessions_app.permissions import person_of
from sessions_app.services.matrix import matrix_request, matrix_run

MAX_SETS = 8
PARAMETERS = [
    OpenApiParameter(
        "row", OpenApiTypes.STR, description="only these rows: W1,W5; may be repeated"
    ),
    OpenApiParameter(
        "variant",
        OpenApiTypes.STR,
        description="only these kernels: d4,g-bare; may be repeated",
    ),
    OpenApiParameter(
        "set",
        OpenApiTypes.STR,
        description="ids of switch sets, as columns beside; may be repeated",
    ),
    OpenApiParameter(
        "full",
        OpenApiTypes.STR,
        enum=["0", "1"],
        description="1: with severity, recipe id and digest",
    ),
]


class MatrixOut(serializers.Serializer[Any]):
    """The table; null is a cell that is being computed: ask again."""

    emulator = serializers.CharField(help_text="the build that computed it")
    missing = serializers.IntegerField(help_text="cells that are not known yet")
    cells = serializers.DictField(
        help_text="row → variant → word; with full=1 an object with word, severity, "
        "recipe and digest"
    )


def _names(request: Request, key: str, known: list[str]) -> list[str]:
    wanted = [n for part in request.query_params.getlist(key) for n in part.split(",")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        allowed = ", ".join(known)
        raise InvalidFields([FieldError(key, unknown[0], "not known", allowed)])
    return wanted or known


def _full(request: Request) -> bool:
    text = request.query_params.get("full", "0")
    if text not in ("0", "1"):
        raise InvalidFields([FieldError("full", text, "not allowed", "0, 1")])
    return text == "1"


def _told(cell: Cell, full: bool) -> Any:
    if cell.stored is None:
        return None
    if not full:
        return cell.word
    return {
        "word": cell.word,
        "severity": cell.severity,
        "recipe": cell.stored.recipe_id,
        "digest": cell.stored.digest or None,
    }


class MatrixView(APIView):
    """Rows by kernels."""

    permission_classes = [IsAuthenticated]
    serializer_class = MatrixOut

    @extend_schema(
        operation_id="matrix_retrieve", parameters=PARAMETERS, responses=MatrixOut
    )
    def get(self, request: Request) -> Response:
        """The words that are known; what is missing is computed meanwhile."""
        full = _full(request)
        rows, columns = runner.matrix_rows(), shipped_columns()
        row_names = _names(request, "row", [r.id for r in rows])
        column_names = _names(request, "variant", [c.name for c in columns])
        shown = [c for c in columns if c.name in column_names]
        table = matrix_table(
            [r for r in rows if r.id in row_names], shown + _sets(request)
        )
        matrix_request({key: c.request for key, c in table.missing.items()})
        cells = {
            row.id: {cell.column.name: _told(cell, full) for cell in line}
            for row, line in table.rows
        }
        return Response(
            {
                "emulator": runner.build_id(),
                "missing": table.total - table.known,
                "cells": cells,
            }
        )


class MatrixRunView(APIView):
    """The run that shows a cell."""

    permission_classes = [IsAuthenticated]
    serializer_class = RunOut

    @extend_schema(
        operation_id="matrix_run",
        request=None,
        responses={200: RunOut, 201: RunOut},
    )
    def post(self, request: Request, row: str, column: str) -> Response:
        """The caller's run of this cell; 201 when it was made now."""
        chosen, kernel = runner.matrix_row(row), _kernel(request, column)
        if chosen is None or kernel is None:
            raise Http404
        run, made = matrix_run(
            owner=person_of(request),
            row=chosen,
            variant=kernel.base,
            changes=kernel.changes,
            label=kernel.label,
        )
        return Response(RunOut(run).data, status=201 if made else 200)


def _kernel(request: Request, name: str) -> Kernel | None:
    try:
        return kernel_for(request, name)
    except UnknownKernel:
        return None


def _sets(request: Request) -> list[Column]:
    wanted = [
        n for part in request.query_params.getlist("set") for n in part.split(",")
    ]
    if len(wanted) > MAX_SETS:
        allowed = f"at most {MAX_SETS} ids of switch sets"
        raise InvalidFields([FieldError("set", len(wanted), "too many", allowed)])
    return [kernel_column(kernel_for(request, f"set:{name}")) for name in wanted]
