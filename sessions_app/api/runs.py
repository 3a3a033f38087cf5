"""/runs/: executions of recipes, their state and the commands that change it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import (
    SAFE_METHODS,
    AllowAny,
    BasePermission,
    IsAuthenticated,
)
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import DebugSession, Run, StoredRecipe
from sessions_app.permissions import owner_access, run_access, runs_of, sessions_of
from sessions_app.run_facts import run_facts
from sessions_app.services.runs import run_command, run_create


class RunIn(StrictSerializer):
    """Which recipe runs in which session."""

    session = serializers.UUIDField()
    recipe = serializers.RegexField(
        "^[0-9a-f]{64}$", help_text="id of a stored recipe: 64 hex digits"
    )


class RunOut(serializers.ModelSerializer[Run]):
    """A run with its counters; all of them only grow."""

    recipe = serializers.CharField(source="recipe_id", read_only=True)
    session = serializers.UUIDField(source="session_id", read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "session",
            "number",
            "recipe",
            "state",
            "outcome",
            "detail",
            "events",
            "hits",
            "retired",
            "digest",
            "emulator_version",
            "epoch",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class SymbolsOut(serializers.Serializer[dict[str, Any]]):
    """Names of a run's images."""

    symbols = serializers.DictField(child=serializers.CharField())


class RunViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Run]):
    """Runs of the caller; one run also for the holder of its session's share link."""

    serializer_class = RunOut
    pagination_class = NewestFirst
    queryset = Run.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("list", "create") or self.request.method not in SAFE_METHODS:
            return [IsAuthenticated()]
        return [AllowAny()]

    def get_queryset(self) -> QuerySet[Run]:
        return runs_of(self.request.user)

    @extend_schema(request=RunIn, responses={201: RunOut})
    def create(self, request: Request) -> Response:
        form = RunIn(data=request.data)
        form.is_valid(raise_exception=True)
        session = self._session(request, str(form.validated_data["session"]))
        recipe = StoredRecipe.objects.filter(pk=form.validated_data["recipe"]).first()
        if recipe is None:
            allowed = "the id of a recipe posted to /recipes/"
            wrong = form.validated_data["recipe"]
            raise InvalidFields(
                [FieldError("recipe", wrong, "no such recipe", allowed)]
            )
        run = run_create(session=session, recipe=recipe)
        return Response(RunOut(run).data, status=201)

    def _session(self, request: Request, pk: str) -> DebugSession:
        session = sessions_of(request.user).filter(pk=pk).first()
        if session is None:
            allowed = "the id of a session that you own"
            raise InvalidFields([FieldError("session", pk, "no such session", allowed)])
        return session

    @extend_schema(responses=RunOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(RunOut(run_access(request, pk)[1]).data)

    def _command(self, request: Request, pk: str, command: str) -> Response:
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        run_command(run=run, command=command)
        run.refresh_from_db()
        return Response(RunOut(run).data, status=202)

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End the run; what it recorded stays."""
        return self._command(request, pk, "cancel")

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Hold the run at the next event boundary."""
        return self._command(request, pk, "pause")

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a paused run go on."""
        return self._command(request, pk, "resume")

    @extend_schema(responses=SymbolsOut)
    @action(detail=True)
    def symbols(self, request: Request, pk: str) -> Response:
        """Names of the addresses in this run."""
        _, run = run_access(request, pk)
        table = run_facts(run).table
        return Response({"symbols": {name: f"{a:#x}" for name, a in table.items()}})
