"""/runs/<id>/control/ and listen/: the run's debugger for scripts (docs/debugging.md)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import (
    SAFE_METHODS,
    AllowAny,
    BasePermission,
    IsAuthenticated,
)
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.guests import PersonOrGuest
from sessions_app.control_requests import COMMANDS, control_request
from sessions_app.permissions import controlled_run, owner_access, run_access
from sessions_app.services.control import control_ask, port_open


class ControlIn(serializers.Serializer[Any]):
    """A command; which fields it takes stands in docs/debugging.md."""

    do = serializers.ChoiceField(choices=list(COMMANDS))
    at = serializers.CharField(required=False, help_text="0x…, symbol, symbol+0x…")
    length = serializers.IntegerField(required=False)
    breakpoint = serializers.IntegerField(required=False)
    thread = serializers.IntegerField(required=False, help_text="of threads")
    names = serializers.ListField(child=serializers.CharField(), required=False)
    registers = serializers.DictField(child=serializers.CharField(), required=False)
    data = serializers.CharField(  # type: ignore[assignment]  # a field, not DRF's
        required=False, help_text="bytes as hexadecimal digits"
    )
    wait = serializers.BooleanField(required=False, help_text="answer at the next stop")


class ControlOut(serializers.Serializer[Any]):
    """What came of it, and who controls the run now."""

    result = serializers.DictField()
    debugger = serializers.DictField(
        help_text="who, face, via, state, reason, breakpoints; {} when nobody controls"
    )


class ListenIn(StrictSerializer):
    """Which stub answers at the port."""

    face = serializers.ChoiceField(choices=["full", "faithful"], default="full")


class ListenOut(serializers.Serializer[Any]):
    """Where, on the worker's machine."""

    host = serializers.CharField()
    port = serializers.IntegerField()


class ControlViewSet(viewsets.ViewSet):
    """Who controls a run, for all who may read it; commands, for whoever may control."""

    serializer_class = ControlOut

    def get_permissions(self) -> list[BasePermission]:
        reading = self.request.method in SAFE_METHODS
        return [AllowAny()] if reading else [PersonOrGuest()]

    @extend_schema(responses=ControlOut)
    def list(self, request: Request, run_pk: str) -> Response:
        """Who controls the run, and how the machine stands."""
        _, run = run_access(request, run_pk)
        return Response({"result": {}, "debugger": run.debugger})

    @extend_schema(request=ControlIn, responses=ControlOut)
    def create(self, request: Request, run_pk: str) -> Response:
        """Do something to the machine. The first command attaches, under your name."""
        access, run = controlled_run(request, run_pk)
        asked = control_request(run, request.data)
        return Response(control_ask(run=run, who=access.name, request=asked))


class ListenViewSet(viewsets.ViewSet):
    """A TCP port for gdb on the worker's loopback, as long as the run goes on. It asks
    nobody who they are and outlives a link, so that only the owner opens it."""

    permission_classes = [IsAuthenticated]
    serializer_class = ListenOut

    @extend_schema(request=ListenIn, responses=ListenOut)
    def create(self, request: Request, run_pk: str) -> Response:
        """Open it; a run has one, so asking again tells the same."""
        _, run = run_access(request, run_pk)
        access = owner_access(request, run.session_id)
        form = ListenIn(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(port_open(run=run, who=access.name, **form.validated_data))
