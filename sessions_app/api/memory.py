"""/runs/<id>/memory/: what stood in a task's memory as of an event."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.query import whole_number
from sessions_app.api.unchanging import Recorded
from sessions_app.memory import read_memory
from sessions_app.memory.address import address_of
from sessions_app.memory.reading import MAX_LENGTH
from sessions_app.run_facts import run_facts
from sessions_app.selectors import event_record, snapshot_at

_DEFAULT = 256
_MOST = 2**53 - 1
_MOST_PID = 2**32 - 1


class PieceOut(serializers.Serializer[Any]):
    """Bytes that are mapped."""

    address = serializers.CharField(help_text="0x…")
    data = serializers.CharField(  # type: ignore[assignment]  # a field, not DRF's
        help_text="hexadecimal digits"
    )


class RangeOut(serializers.Serializer[Any]):
    """A mapped range of the task."""

    start = serializers.CharField()
    end = serializers.CharField(help_text="the first address behind it")
    protection = serializers.CharField(help_text="rwx with dashes")


class MemoryOut(serializers.Serializer[Any]):
    """What is mapped of the range that was asked for, and all that the task has."""

    seq = serializers.IntegerField(help_text="the last event that had happened")
    task = serializers.IntegerField()
    address = serializers.CharField()
    pieces = PieceOut(many=True)
    maps = RangeOut(many=True)


class MemoryView(Recorded):
    """Memory is not recorded: the run is done again up to the event."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("event", OpenApiTypes.INT, required=True),
            OpenApiParameter(
                "address",
                OpenApiTypes.STR,
                description="0x…, a symbol, a register, sums of these",
                required=True,
            ),
            OpenApiParameter(
                "length", OpenApiTypes.INT, description=f"1 to {MAX_LENGTH}"
            ),
            OpenApiParameter("task", OpenApiTypes.INT, description="else the event's"),
        ],
        responses=MemoryOut,
    )
    def get(self, request: Request, run_pk: str) -> Response:
        """Bytes at an address as of an event and all of its causal tree."""
        _, run = self.found
        record = event_record(run, whole_number(request, "event", 0, 1, _MOST))
        if record is None:
            raise Http404("no such event")
        length = whole_number(request, "length", _DEFAULT, 1, MAX_LENGTH)
        task = whole_number(request, "task", record.task, 0, _MOST_PID)
        given = request.query_params.get("address", "")
        address = address_of(given, run_facts(run), snapshot_at(run, record))
        found = read_memory(run, record.seq, task, address, length)
        pieces = found.between(address, length)
        return Response(
            {
                "seq": found.seq,
                "task": task,
                "address": f"{address:#x}",
                "pieces": [
                    {"address": f"{start:#x}", "data": data.hex()}
                    for start, data in pieces
                ],
                "maps": [
                    {
                        "start": f"{each.start:#x}",
                        "end": f"{each.end:#x}",
                        "protection": each.protection,
                    }
                    for each in found.maps
                ],
            }
        )
