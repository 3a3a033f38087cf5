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
from sessions_app.api.counts import (
    BY,
    EXPRESSION,
    CountsOut,
    ValuePageOut,
    counts_json,
    query_of,
    values_json,
)
from sessions_app.api.fields import HexField
from sessions_app.api.query import whole_number
from sessions_app.api.unchanging import Recorded
from sessions_app.moments import MomentView, hit_row, moment_view
from sessions_app.queries import events_page, hits_page
from sessions_app.run_facts import run_facts
from sessions_app.selectors import (
    event_record,
    run_output,
    snapshot_at,
)
from sessions_app.trace import Record

MAX_LIMIT = 1000
_MAX_SEQ = 2**53 - 1

FILTERS = [
    OpenApiParameter("after", OpenApiTypes.INT, description="seq; events after it"),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MAX_LIMIT}"),
    OpenApiParameter("slot", OpenApiTypes.STR, description="0,1,2,3"),
    OpenApiParameter("cpu", OpenApiTypes.STR, description="0,1,…"),
    OpenApiParameter("addr", OpenApiTypes.STR, description="0x… or lo..hi or symbol"),
    OpenApiParameter("rip", OpenApiTypes.STR, description="0x… or lo..hi or symbol"),
    OpenApiParameter("t", OpenApiTypes.STR, description="retired instructions lo..hi"),
    OpenApiParameter("q", OpenApiTypes.STR, description="a query: docs/query.md"),
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
    task = serializers.IntegerField(help_text="pid")
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


def _cursor(request: Request) -> tuple[int, int]:
    after = whole_number(request, "after", 0, 0, _MAX_SEQ)
    return after, whole_number(request, "limit", 200, 1, MAX_LIMIT)


class EventViewSet(Recorded, viewsets.ViewSet):
    """Events of a run by seq."""

    permission_classes = [AllowAny]
    serializer_class = EventOut
    lookup_value_regex = "[0-9]{1,15}"

    @extend_schema(parameters=[*FILTERS, KIND], responses=EventPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Events after a cursor, filtered."""
        _, run = self.found
        after, limit = _cursor(request)
        records, cursor = events_page(run, query_of(request, run), after, limit)
        return Response({"next": cursor, "results": EventOut(records, many=True).data})

    @extend_schema(parameters=[BY, *FILTERS[2:], KIND], responses=CountsOut)
    @action(detail=False)
    def count(self, request: Request, run_pk: str) -> Response:
        """Events that pass, counted by one field."""
        _, run = self.found
        return Response(counts_json(request, run, hits_only=False))

    @extend_schema(responses=EventOut)
    def retrieve(self, request: Request, run_pk: str, pk: str) -> Response:
        """One event."""
        _, run = self.found
        record = event_record(run, int(pk))
        if record is None:
            raise Http404
        return Response(EventOut(record).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def snapshot(self, request: Request, run_pk: str, pk: str) -> Response:
        """All registers and the shadow state as of an event."""
        _, run = self.found
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


class HitViewSet(Recorded, viewsets.ViewSet):
    """Hits of a run by number."""

    permission_classes = [AllowAny]
    serializer_class = HitOut
    lookup_value_regex = "[0-9]{1,15}"

    @extend_schema(parameters=[*FILTERS, FROM], responses=HitPageOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Hits after a cursor, filtered; or from a hit_no on."""
        _, run = self.found
        after, limit = _cursor(request)
        first = whole_number(request, "from", 0, 0, _MAX_SEQ)
        facts = run_facts(run)
        pairs, cursor = hits_page(run, query_of(request, run), after, limit, first)
        rows = [hit_row(number, record, facts) for number, record in pairs]
        return Response({"next": cursor, "results": HitOut(rows, many=True).data})

    @extend_schema(parameters=[EXPRESSION, *FILTERS], responses=ValuePageOut)
    @action(detail=False)
    def values(self, request: Request, run_pk: str) -> Response:
        """What an expression comes to at each hit that passes."""
        _, run = self.found
        return Response(values_json(request, run, *_cursor(request)))

    @extend_schema(parameters=[BY, EXPRESSION, *FILTERS[2:]], responses=CountsOut)
    @action(detail=False)
    def count(self, request: Request, run_pk: str) -> Response:
        """Hits that pass, counted by one field."""
        _, run = self.found
        return Response(counts_json(request, run, hits_only=True))

    def _view(self, request: Request, run_pk: str, pk: str) -> MomentView:
        _, run = self.found
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


class OutputViewSet(Recorded, viewsets.ViewSet):
    """What the program wrote."""

    permission_classes = [AllowAny]
    serializer_class = OutputOut

    @extend_schema(responses=OutputOut(many=True))
    def list(self, request: Request, run_pk: str) -> Response:
        """stdout and stderr in order."""
        _, run = self.found
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
