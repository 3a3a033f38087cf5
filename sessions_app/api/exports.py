"""/runs/<id>/export/: a run in the format of another program (docs/export.md)."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from sessions_app import trace
from sessions_app.api.unchanging import Recorded
from sessions_app.exports import FORMATS, WHOLE, run_export
from sessions_app.filters import parse_line
from sessions_app.run_facts import run_facts
from sessions_app.streamed import streamed

_PARAMETERS = [
    OpenApiParameter(
        "format", OpenApiTypes.STR, required=True, description=", ".join(FORMATS)
    ),
    OpenApiParameter("q", OpenApiTypes.STR, description="a query: docs/query.md"),
    OpenApiParameter(
        "clock", OpenApiTypes.STR, description=", ".join(list(trace.Clock))
    ),
]


class _AnyAccept(DefaultContentNegotiation):
    """The header decides nothing: a browser's link has none to set; ?format= is ours."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, str(first.media_type)


class ExportView(Recorded):
    """A run as a file."""

    permission_classes = [AllowAny]
    content_negotiation_class = _AnyAccept

    def is_unchanging(self, request: Request) -> bool:
        """A bundle says who took it and when, and has remarks, which go on."""
        return request.query_params.get("format") != WHOLE

    @extend_schema(
        parameters=_PARAMETERS,
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, run_pk: str) -> StreamingHttpResponse:
        """What is stored of the run, sent as it is read."""
        access, run = self.found
        given = request.query_params
        if given.get("format") == WHOLE and not access.can_write:
            raise PermissionDenied("only the owner of a run may take its bundle")
        line = given.get("q", "")
        query = parse_line(line, run_facts(run).table) if line else trace.EVERYTHING
        export = run_export(
            run,
            given.get("format", ""),
            query,
            given.get("clock", "retired"),
            where=request.get_host(),
            who=request.user.get_username(),
        )
        return streamed(request._request, export)
