"""/scenarios/: the library of recipes that each teach something."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import runner
from sessions_app.api.sessions import SessionOut
from sessions_app.permissions import person_of
from sessions_app.services.launch import launch_scenario

_SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)


class ScenarioOut(serializers.Serializer[Any]):
    """A scenario."""

    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()


class ScenarioViewSet(viewsets.ViewSet):
    """The library; running one makes a session of the caller."""

    permission_classes = [IsAuthenticated]
    serializer_class = ScenarioOut
    lookup_field = "slug"

    @extend_schema(responses=ScenarioOut(many=True))
    def list(self, request: Request) -> Response:
        return Response(ScenarioOut(runner.scenarios(), many=True).data)

    @extend_schema(parameters=[_SLUG], request=None, responses={201: SessionOut})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, slug: str) -> Response:
        """A session of this scenario with its run queued."""
        scenario = runner.scenario(slug)
        if scenario is None:
            raise Http404
        session = launch_scenario(owner=person_of(request), scenario=scenario)
        return Response(SessionOut(session).data, status=201)
