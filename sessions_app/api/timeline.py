"""/runs/<id>/timeline/ and hits/found/: a span to be drawn; what a query finds, by place."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.counts import KEYS, query_of
from sessions_app.api.errors import FieldError, InvalidFields
from sessions_app.api.events import FILTERS, HitOut
from sessions_app.api.fields import HexField
from sessions_app.api.query import whole_number
from sessions_app.api.unchanging import Recorded
from sessions_app.models import Run
from sessions_app.moments import MomentView, hit_row
from sessions_app.notes import session_notes
from sessions_app.run_facts import run_facts
from sessions_app.timeline import Found, Span, find_hits, nearest_hit, timeline

MAX_WIDTH = 8192
MAX_LIMIT = 1000
#: A verdict is read off the whole tree of a hit.
MAX_JUDGED = 100
_AXES = ("time", "events")
_MOST = 2**53 - 1

AXIS = OpenApiParameter(
    "axis", OpenApiTypes.STR, enum=_AXES, description="time of the CPU, or seq"
)
SPAN = [
    AXIS,
    OpenApiParameter("from", OpenApiTypes.INT, description="first ns, or seq"),
    OpenApiParameter("to", OpenApiTypes.INT, description="behind the last; 0: the end"),
    OpenApiParameter(
        "width", OpenApiTypes.INT, description=f"columns, 1 to {MAX_WIDTH}"
    ),
]
PLACE = [
    AXIS,
    OpenApiParameter("at", OpenApiTypes.INT, required=True, description="ns, or seq"),
    OpenApiParameter("cpu", OpenApiTypes.INT, required=True),
    OpenApiParameter("slot", OpenApiTypes.INT, description="any, if not given"),
]
PAGE = [
    OpenApiParameter(
        "offset", OpenApiTypes.INT, description="place in the list, from 0"
    ),
    OpenApiParameter(
        "around", OpenApiTypes.INT, description="hit_no instead of offset"
    ),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MAX_LIMIT}"),
    OpenApiParameter(
        "verdict", OpenApiTypes.INT, description=f"1: judge each, at most {MAX_JUDGED}"
    ),
]


class LaneOut(serializers.Serializer[Any]):
    """Hits of one CPU and slot, or accesses there that should have fired: one by one where
    width allows seven columns for each, else how many stand in each column."""

    cpu = serializers.IntegerField()
    slot = serializers.IntegerField(allow_null=True)
    fired = serializers.BooleanField()
    count = serializers.IntegerField()
    numbers = serializers.ListField(
        allow_null=True, help_text="hit_no; seq if not fired"
    )
    places = serializers.ListField(allow_null=True)
    density = serializers.ListField(allow_null=True)


class BandOut(serializers.Serializer[Any]):
    """A task on a CPU, a CPU in kgdb, a guest on it."""

    sort = serializers.ChoiceField(choices=["task", "kgdb", "vm"])
    cpu = serializers.IntegerField()
    start = serializers.IntegerField()
    end = serializers.IntegerField(allow_null=True)
    seq = serializers.IntegerField()
    task = serializers.IntegerField()
    slave = serializers.BooleanField()
    drawn = serializers.IntegerField(help_text="how many this one stands for")


class PointOut(serializers.Serializer[Any]):
    """One event."""

    kind = serializers.CharField()
    cpu = serializers.IntegerField()
    at = serializers.IntegerField()
    seq = serializers.IntegerField()
    hit = serializers.IntegerField(allow_null=True, help_text="the last up to it")
    name = serializers.CharField()


class TimelineOut(serializers.Serializer[Any]):
    """A span as it is drawn; ``from`` and ``to`` as they came to be."""

    axis = serializers.CharField()
    first = serializers.IntegerField()
    last = serializers.IntegerField(help_text="the first place behind the run")
    columns = serializers.IntegerField()
    through = serializers.IntegerField(help_text="events up to this one are in it")
    hits = serializers.IntegerField(help_text="of the whole run so far")
    lanes = LaneOut(many=True)
    bands = BandOut(many=True)
    problems = PointOut(many=True, help_text="of the whole run")
    faults = PointOut(many=True)
    faults_hidden = serializers.IntegerField()
    pins = PointOut(many=True, help_text="hits with remarks, of the whole run")


class NearestOut(serializers.Serializer[Any]):
    """null, null: this CPU has no hit."""

    hit_no = serializers.IntegerField(allow_null=True)
    at = serializers.IntegerField(allow_null=True)


class FoundHitOut(HitOut):
    """A hit with the value before it."""

    was = HexField(allow_null=True, help_text="value at the slot's previous hit")
    verdict = serializers.CharField(required=False)
    severity = serializers.CharField(required=False)


class FoundOut(serializers.Serializer[Any]):
    """A page by place. ``complete`` false: ask again, the rest is not looked at yet."""

    total = serializers.IntegerField()
    offset = serializers.IntegerField()
    complete = serializers.BooleanField()
    through = serializers.IntegerField(help_text="events up to this one were looked at")
    results = FoundHitOut(many=True)


def _axis(request: Request) -> str:
    axis = request.query_params.get("axis", "time")
    if axis not in _AXES:
        raise InvalidFields([FieldError("axis", axis, "not allowed", "time, events")])
    return axis


def _span(request: Request) -> Span:
    start = whole_number(request, "from", 0, 0, _MOST)
    end = whole_number(request, "to", 0, 0, _MOST)
    if end and end <= start:
        allowed = f"0, or more than from = {start}"
        raise InvalidFields([FieldError("to", str(end), "not allowed", allowed)])
    return Span(
        _axis(request), start, end, whole_number(request, "width", 1024, 1, MAX_WIDTH)
    )


class TimelineViewSet(Recorded, viewsets.ViewSet):
    """What a timeline draws."""

    permission_classes = [AllowAny]
    serializer_class = TimelineOut

    def is_unchanging(self, request: Request) -> bool:
        """A span has the pins of remarks, which go on when the run is over."""
        return self.action != "list"

    @extend_schema(parameters=SPAN, responses=TimelineOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """A span of a run."""
        access, run = self.found
        span = _span(request)
        notes = session_notes(access.session)
        pins = {n.hit_number for n in notes if n.run_number == run.number}
        made = timeline(
            run, span, run_facts(run).cpus, [n for n in pins if n is not None]
        )
        body = TimelineOut(made).data
        return Response({"from": made.start, "to": made.end, **body})

    @extend_schema(parameters=PLACE, responses=NearestOut)
    @action(detail=False)
    def nearest(self, request: Request, run_pk: str) -> Response:
        """The hit of a CPU that is nearest to a place."""
        _, run = self.found
        at = whole_number(request, "at", 0, 0, _MOST)
        cpu = whole_number(request, "cpu", 0, 0, 255)
        slot = (
            whole_number(request, "slot", 0, 0, 3)
            if "slot" in request.query_params
            else None
        )
        number, place = nearest_hit(run, _axis(request), at, cpu, slot) or (None, None)
        return Response({"hit_no": number, "at": place})


class FoundViewSet(Recorded, viewsets.ViewSet):
    """Hits that a query finds, by their place among them."""

    permission_classes = [AllowAny]
    serializer_class = FoundOut

    @extend_schema(parameters=[*PAGE, *FILTERS[2:]], responses=FoundOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """A page of the list and how long it is."""
        _, run = self.found
        judged = whole_number(request, "verdict", 0, 0, 1)
        most = MAX_JUDGED if judged else MAX_LIMIT
        around = (
            whole_number(request, "around", 0, 0, _MOST)
            if "around" in request.query_params
            else None
        )
        found = find_hits(
            run,
            query_of(request, run),
            _text(request),
            offset=whole_number(request, "offset", 0, 0, _MOST),
            limit=whole_number(request, "limit", min(200, most), 1, most),
            around=around,
        )
        return Response(_found_json(run, found, judged=bool(judged)))


def _text(request: Request) -> str:
    """What tells two queries apart."""
    given = request.query_params
    return "&".join(f"{key}={given[key]}" for key in (*KEYS, "q") if key in given)


def _found_json(run: Run, found: Found, *, judged: bool) -> dict[str, Any]:
    facts = run_facts(run)
    results = []
    for hit in found.rows:
        row = HitOut(hit_row(hit.number, hit.record, facts)).data
        row["was"] = None if hit.was is None else f"{hit.was:#x}"
        if judged:
            verdict = MomentView(run, hit.number, hit.record, facts).verdict
            row |= {"verdict": verdict.title, "severity": verdict.severity}
        results.append(row)
    return {
        "total": found.total,
        "offset": found.offset,
        "complete": found.complete,
        "through": found.through,
        "results": results,
    }
