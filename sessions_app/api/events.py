"""/runs/<id>/events/, hits/ and output/: the trace, page by page."""

from __future__ import annotations

import base64
from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import trace
from sessions_app.api.errors import FieldError, InvalidFields
from sessions_app.api.fields import HexField
from sessions_app.filters import EventFilter, parse_filter, split_line
from sessions_app.models import Run
from sessions_app.moments import MomentView, hit_row, moment_view
from sessions_app.permissions import run_access
from sessions_app.run_facts import run_facts
from sessions_app.selectors import (
    event_record,
    events_page,
    hits_page,
    run_output,
    snapshot_at,
)
from sessions_app.trace import Record

MAX_LIMIT = 1000
_KEYS = ("kind", "slot", "cpu", "addr", "rip", "t")
_MAX_SEQ = 2**53 - 1
_MAX_DIGITS = 16

FILTERS = [
    OpenApiParameter("after", OpenApiTypes.INT, description="seq; events after it"),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MAX_LIMIT}"),
    OpenApiParameter("slot", OpenApiTypes.STR, description="0,1,2,3"),
    OpenApiParameter("cpu", OpenApiTypes.STR, description="0,1,…"),
    OpenApiParameter("addr", OpenApiTypes.STR, description="0x… or lo..hi or symbol"),
    OpenApiParameter("rip", OpenApiTypes.STR, description="0x… or lo..hi or symbol"),
    OpenApiParameter("t", OpenApiTypes.STR, description="retired instructions lo..hi"),
    OpenApiParameter("q", OpenApiTypes.STR, description="the same terms as key:value"),
]
KIND = OpenApiParameter("kind", OpenApiTypes.STR, description="HIT,CALL,…")
FROM = OpenApiParameter("from", OpenApiTypes.INT, description="first hit_no instead")


class EventOut(serializers.Serializer[Any]):
    """One record; docs/events.md says what each field means for each kind."""

    seq = serializers.IntegerField()
    kind = serializers.SerializerMethodField()
    retired = serializers.IntegerField()
    cause = serializers.IntegerField()
    rip = HexField()
    addr = HexField()
    value = HexField()
    task = serializers.IntegerField()
    ret = serializers.IntegerField()
    cpu = serializers.IntegerField()
    slot = serializers.SerializerMethodField()
    flags = serializers.IntegerField()
    aux = serializers.IntegerField()

    def get_kind(self, record: Record) -> str:
        return trace.kind_name(record.kind)

    def get_slot(self, record: Record) -> int | None:
        return trace.slot_of(record)


class HitOut(serializers.Serializer[Any]):
    """A breakpoint that fired."""

    hit_no = serializers.IntegerField(source="number")
    seq = serializers.IntegerField()
    retired = serializers.IntegerField()
    cpu = serializers.IntegerField()
    slot = serializers.IntegerField()
    rip = HexField()
    at = serializers.CharField(help_text="rip as symbol+offset")
    addr = HexField()
    place = serializers.CharField(help_text="addr as the recipe names it")
    value = HexField(help_text="the watched bytes after the access")
    kind = serializers.CharField(source="letters")
    flags = serializers.IntegerField()


class EventPageOut(serializers.Serializer[dict[str, Any]]):
    """A page; ``next`` is the cursor for ``after``, null at the end of what is stored."""

    next = serializers.IntegerField(allow_null=True)
    results = EventOut(many=True)


class HitPageOut(serializers.Serializer[dict[str, Any]]):
    """A page of hits; ``next`` is the cursor for ``after``."""

    next = serializers.IntegerField(allow_null=True)
    results = HitOut(many=True)


class OutputOut(serializers.Serializer[dict[str, Any]]):
    """What the program wrote with one write."""

    seq = serializers.IntegerField()
    stream = serializers.ChoiceField(choices=["stdout", "stderr"])
    text = serializers.CharField(help_text="UTF-8 with replacement characters")
    base64 = serializers.CharField(help_text="the bytes themselves")


def _whole(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    digits = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not digits or not low <= int(text) <= high:
        allowed = f"a whole number from {low} to {high}"
        raise InvalidFields([FieldError(name, text, "not allowed", allowed)])
    return int(text)


def _filter(request: Request, run: Run) -> EventFilter:
    given = request.query_params
    terms = [(key, given[key]) for key in _KEYS if key in given]
    terms += split_line(given.get("q", ""))
    return parse_filter(terms, run_facts(run).table) if terms else EventFilter()


def _cursor(request: Request) -> tuple[int, int]:
    after = _whole(request, "after", 0, 0, _MAX_SEQ)
    return after, _whole(request, "limit", 200, 1, MAX_LIMIT)


class EventViewSet(viewsets.ViewSet):
    """Events of a run by seq."""

    permission_classes = [AllowAny]
    serializer_class = EventOut
    lookup_value_regex = "[0-9]{1,15}"

    @extend_schema(parameters=[*FILTERS, KIND], responses=EventPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Events after a cursor, filtered."""
        _, run = run_access(request, run_pk)
        after, limit = _cursor(request)
        records, cursor = events_page(run, _filter(request, run), after, limit)
        return Response({"next": cursor, "results": EventOut(records, many=True).data})

    @extend_schema(responses=EventOut)
    def retrieve(self, request: Request, run_pk: str, pk: str) -> Response:
        """One event."""
        _, run = run_access(request, run_pk)
        record = event_record(run, int(pk))
        if record is None:
            raise Http404
        return Response(EventOut(record).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def snapshot(self, request: Request, run_pk: str, pk: str) -> Response:
        """All registers and the shadow state as of an event."""
        _, run = run_access(request, run_pk)
        record = event_record(run, int(pk))
        found = snapshot_at(run, record) if record is not None else None
        if found is None:
            raise Http404
        return Response(snapshot_json(found))


def snapshot_json(snapshot: trace.Snapshot) -> dict[str, Any]:
    """A snapshot with its registers by name."""
    return {
        "seq": snapshot.seq,
        "cpu": snapshot.cpu,
        "task": snapshot.task,
        "moment": trace.moment_name(snapshot.moment),
        "registers": {name: f"{value:#x}" for name, value in snapshot.words.items()},
        "words": {
            "dr6": trace.dr6_in_words(snapshot.words["dr6"]),
            "dr7": [
                trace.slot_in_words(snapshot.words["dr7"], slot) for slot in range(4)
            ],
            "cpu_dr7": [
                trace.slot_in_words(snapshot.words["cpu_dr7"], slot)
                for slot in range(4)
            ],
            "rflags": trace.rflags_in_words(snapshot.words["rflags"]),
        },
    }


def tree_json(node: trace.Node) -> dict[str, Any]:
    """A node of the causal tree with what it caused."""
    returned = node.returned
    return {
        "seq": node.seq,
        "kind": node.kind,
        "name": node.name,
        "text": node.text,
        "priority": node.priority or None,
        "reached": node.reached,
        "fault": node.fault or None,
        "effects": [
            {"op": e.op, "name": e.name, "old": f"{e.old:#x}", "new": f"{e.new:#x}"}
            for e in node.effects
        ],
        "returned": returned.text if returned else None,
        "children": [tree_json(child) for child in node.children],
    }


def _verdict_json(view: MomentView) -> dict[str, Any]:
    return {
        "severity": view.verdict.severity,
        "title": view.verdict.title,
        "sentence": view.verdict.sentence,
        "checks": [{"text": c.text, "holds": c.holds} for c in view.verdict.checks],
    }


class HitViewSet(viewsets.ViewSet):
    """Hits of a run by number."""

    permission_classes = [AllowAny]
    serializer_class = HitOut
    lookup_value_regex = "[0-9]{1,15}"

    @extend_schema(parameters=[*FILTERS, FROM], responses=HitPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Hits after a cursor, filtered; or from a hit_no on."""
        _, run = run_access(request, run_pk)
        after, limit = _cursor(request)
        first = _whole(request, "from", 0, 0, _MAX_SEQ)
        facts = run_facts(run)
        pairs, cursor = hits_page(run, _filter(request, run), after, limit, first)
        rows = [hit_row(number, record, facts) for number, record in pairs]
        return Response({"next": cursor, "results": HitOut(rows, many=True).data})

    def _view(self, request: Request, run_pk: str, pk: str) -> MomentView:
        _, run = run_access(request, run_pk)
        view = moment_view(run, int(pk))
        if view is None:
            raise Http404
        return view

    @extend_schema(responses=HitOut)
    def retrieve(self, request: Request, run_pk: str, pk: str) -> Response:
        """One hit."""
        return Response(HitOut(self._view(request, run_pk, pk).hit).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def tree(self, request: Request, run_pk: str, pk: str) -> Response:
        """The verdict on a hit and the causal tree behind it."""
        view = self._view(request, run_pk, pk)
        return Response(
            {
                "hit": HitOut(view.hit).data,
                "verdict": _verdict_json(view),
                "tree": tree_json(view.tree),
            }
        )


class OutputViewSet(viewsets.ViewSet):
    """What the program wrote."""

    permission_classes = [AllowAny]
    serializer_class = OutputOut

    @extend_schema(responses=OutputOut(many=True))
    def list(self, request: Request, run_pk: str) -> Response:
        """stdout and stderr in order."""
        _, run = run_access(request, run_pk)
        return Response(
            [
                {
                    "seq": piece.seq,
                    "stream": "stderr" if piece.stream == 2 else "stdout",
                    "text": piece.text,
                    "base64": base64.b64encode(piece.data).decode(),
                }
                for piece in run_output(run)
            ]
        )
