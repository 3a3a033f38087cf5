"""/compare/: two runs held side by side (docs/compare.md)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app import trace
from sessions_app.api.query import run_id, whole_number
from sessions_app.api.runs import RunOut
from sessions_app.comparisons import Extent, RunComparison, compare_runs
from sessions_app.permissions import run_access

MAX_LIMIT = 100
_DEFAULT_LIMIT = 20
_MOST = 2**53 - 1

PARAMETERS = [
    OpenApiParameter("left", OpenApiTypes.UUID, required=True, description="a run"),
    OpenApiParameter(
        "right", OpenApiTypes.UUID, required=True, description="another run"
    ),
    OpenApiParameter(
        "after", OpenApiTypes.INT, description="number of the last difference seen"
    ),
    OpenApiParameter(
        "limit",
        OpenApiTypes.INT,
        description=f"differences to tell: 1 to {MAX_LIMIT}, default {_DEFAULT_LIMIT}",
    ),
]


class ExtentOut(serializers.Serializer[dict[str, Any]]):
    """How far a run was read."""

    events = serializers.IntegerField()
    whole = serializers.BooleanField(help_text="to an end that its recipe made")
    short = serializers.CharField(help_text="why it is not whole, or empty")


class CompareExtentsOut(serializers.Serializer[dict[str, Any]]):
    """How far both runs were read; what one did beyond the other's end does not count."""

    left = ExtentOut()
    right = ExtentOut()


class TallyOut(serializers.Serializer[dict[str, Any]]):
    """How many are in which state."""

    same = serializers.IntegerField()
    renamed = serializers.IntegerField()
    changed = serializers.IntegerField()
    only_left = serializers.IntegerField()
    only_right = serializers.IntegerField()


class ComparedCountsOut(serializers.Serializer[dict[str, Any]]):
    """Root events with what they caused, hits among them, and single events."""

    trees = TallyOut()
    hits = TallyOut()
    events = TallyOut()


class FactOut(serializers.Serializer[dict[str, Any]]):
    """One sort of difference and how often there is one."""

    sort = serializers.ChoiceField(
        choices=["only_left", "only_right", "field", "word", "place"]
    )
    subject = serializers.CharField()
    left = serializers.CharField()
    right = serializers.CharField()
    sentence = serializers.CharField()
    count = serializers.IntegerField()
    difference = serializers.IntegerField(
        allow_null=True, help_text="number of the first one"
    )


class FirstOut(serializers.Serializer[dict[str, Any]]):
    """Where the runs part first."""

    sentence = serializers.CharField()
    at = serializers.DictField(help_text="place: CPU, hits, retired, seq of both sides")
    left_seq = serializers.IntegerField(allow_null=True)
    right_seq = serializers.IntegerField(allow_null=True)


class ComparisonOut(serializers.Serializer[dict[str, Any]]):
    """A comparison; ``next`` is the cursor for ``after``, null at the end."""

    left = RunOut()
    right = RunOut()
    compared = CompareExtentsOut()
    same_digest = serializers.BooleanField()
    equal = serializers.BooleanField()
    differences = serializers.IntegerField()
    first = FirstOut(allow_null=True)
    counts = ComparedCountsOut()
    after_iret = serializers.DictField(
        help_text="of each side: returns, and after how many DR7 and cpu_dr7 part"
    )
    facts = FactOut(many=True)
    more_facts = serializers.IntegerField()
    wrong_in_both = serializers.ListField(child=serializers.CharField())
    next = serializers.IntegerField(allow_null=True)
    results = serializers.ListField(
        child=serializers.DictField(), help_text="differences and equal stretches"
    )


class CompareView(APIView):
    """Two runs that the caller may read, aligned by position and meaning."""

    permission_classes = [AllowAny]
    serializer_class = ComparisonOut

    @extend_schema(
        operation_id="compare_retrieve", parameters=PARAMETERS, responses=ComparisonOut
    )
    def get(self, request: Request) -> Response:
        """Where two runs part, which sorts of differences there are, and each of them."""
        left_id, right_id = run_id(request, "left"), run_id(request, "right")
        after = whole_number(request, "after", 0, 0, _MOST)
        limit = whole_number(request, "limit", _DEFAULT_LIMIT, 1, MAX_LIMIT)
        _, left = run_access(request, left_id)
        _, right = run_access(request, right_id)
        return Response(_json(compare_runs(left, right), after, limit))


def _json(comparison: RunComparison, after: int, limit: int) -> dict[str, Any]:
    teller = comparison.teller()
    results, cursor = trace.comparison_rows(teller, after, limit)
    left, right = (_extent(extent) for extent in comparison.extents)
    return {
        "left": RunOut(comparison.left).data,
        "right": RunOut(comparison.right).data,
        "compared": {"left": left, "right": right},
        "same_digest": comparison.same_digest,
        **trace.comparison_summary(teller),
        "next": cursor,
        "results": results,
    }


def _extent(extent: Extent) -> dict[str, Any]:
    return {"events": extent.events, "whole": extent.whole, "short": extent.short}
