"""/runs/<id>/packets/ and commands/: what was said to a run's debugger, and when it acted."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.query import whole_number
from sessions_app.api.unchanging import Recorded
from sessions_app.models import RunCommand
from sessions_app.packet_lists import packet_page
from sessions_app.services.debugger import command_page

MAX_LIMIT = 1000
_DEFAULT = 200
_MOST = 2**53 - 1
PAGE = [
    OpenApiParameter("after", OpenApiTypes.INT, description="the last one seen"),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MAX_LIMIT}"),
]


class PacketOut(serializers.Serializer[Any]):
    """A packet without its frame, or the stop that a kernel's debugger announces."""

    seq = serializers.IntegerField()
    cpu = serializers.IntegerField()
    retired = serializers.IntegerField()
    hit = serializers.IntegerField(allow_null=True, help_text="the last hit before it")
    stop = serializers.IntegerField(allow_null=True, help_text="number of the stop")
    to_debugger = serializers.BooleanField()
    text = serializers.CharField(help_text="bytes that are no text as \\x…")
    words = serializers.CharField()


class PacketPageOut(serializers.Serializer[Any]):
    """A page; ``next`` is the cursor for ``after``, null at the end."""

    next = serializers.IntegerField(allow_null=True)
    results = PacketOut(many=True)


class CommandOut(serializers.Serializer[Any]):
    """A line of the command log (docs/debugging.md)."""

    number = serializers.IntegerField()
    cpu = serializers.IntegerField()
    retired = serializers.IntegerField()
    seq = serializers.IntegerField(help_text="the event after which it acts")
    do = serializers.ChoiceField(choices=RunCommand.Do.values)
    who = serializers.CharField(required=False)
    face = serializers.CharField(required=False)
    data = serializers.CharField(  # type: ignore[assignment]  # a field, not DRF's
        required=False, help_text="bytes as hexadecimal digits"
    )


class CommandPageOut(serializers.Serializer[Any]):
    """A page; ``next`` is the cursor for ``after``, null at the end."""

    next = serializers.IntegerField(allow_null=True)
    results = CommandOut(many=True)


def _page(request: Request) -> tuple[int, int]:
    after = whole_number(request, "after", 0, 0, _MOST)
    return after, whole_number(request, "limit", _DEFAULT, 1, MAX_LIMIT)


class PacketViewSet(Recorded, viewsets.ViewSet):
    """Packets of a run's debuggers, in words where that is easy."""

    permission_classes = [AllowAny]
    serializer_class = PacketOut

    @extend_schema(parameters=PAGE, responses=PacketPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Packets after a seq."""
        _, run = self.found
        page = packet_page(run, *_page(request))
        results = PacketOut(page.rows, many=True).data
        return Response({"next": page.after, "results": results})


class CommandViewSet(Recorded, viewsets.ViewSet):
    """The command log of a run: what debuggers did to it, with positions."""

    permission_classes = [AllowAny]
    serializer_class = CommandOut

    @extend_schema(parameters=PAGE, responses=CommandPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Lines after a number."""
        _, run = self.found
        after, limit = _page(request)
        lines, cursor = command_page(run, after, limit)
        results = [{"number": after + n, **line} for n, line in enumerate(lines, 1)]
        return Response({"next": cursor, "results": results})
