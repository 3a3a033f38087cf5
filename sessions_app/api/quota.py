"""/quota/: what the caller has, and may have."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app.permissions import person_of
from sessions_app.services.quotas import usage_of


class RunsUsedOut(serializers.Serializer[Any]):
    """Runs that wait or go on."""

    used = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True, help_text="null: none")


class BytesUsedOut(serializers.Serializer[Any]):
    """Bytes of what is kept."""

    used = serializers.IntegerField(help_text="traces and images")
    traces = serializers.IntegerField(help_text="of runs in your sessions")
    images = serializers.IntegerField(help_text="of programs that you brought")
    limit = serializers.IntegerField(allow_null=True, help_text="null: none")


class QuotaOut(serializers.Serializer[Any]):
    """The caller's."""

    runs = RunsUsedOut()
    bytes = BytesUsedOut()


class QuotaView(APIView):
    """What counts, and the limits."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=QuotaOut)
    def get(self, request: Request) -> Response:
        usage = usage_of(person_of(request))
        told = {
            "runs": {"used": usage.runs, "limit": usage.max_runs or None},
            "bytes": {
                "used": usage.bytes,
                "traces": usage.traces,
                "images": usage.images,
                "limit": usage.max_bytes or None,
            },
        }
        return Response(QuotaOut(told).data)
