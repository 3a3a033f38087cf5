"""/runs/: executions of recipes, their state and the commands that change it."""

from __future__ import annotations

from typing import Any, cast

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
from sessions_app.api.guests import PersonOrGuest
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.pagination import NewestFirst
from sessions_app.kernels import kernel_for
from sessions_app.live.presence import present
from sessions_app.models import DebugSession, Run, StoredRecipe
from sessions_app.permissions import (
    access_for,
    controlled_run,
    owner_access,
    person_of,
    restorable_run,
    run_access,
    runs_of,
)
from sessions_app.run_facts import run_facts
from sessions_app.run_queue import queue_places
from sessions_app.services.deletion import run_delete, run_restore
from sessions_app.services.launch import run_fork
from sessions_app.services.run_commands import run_command
from sessions_app.services.runs import run_create, run_replay
from sessions_app.services.verification import run_verify

#: Where a serializer keeps the queue.
_PLACES = "places"


class RunIn(StrictSerializer):
    """Which recipe runs in which session."""

    session = serializers.UUIDField()
    recipe = serializers.RegexField(
        "^[0-9a-f]{64}$", help_text="id of a stored recipe: 64 hex digits"
    )
    paused = serializers.BooleanField(
        default=False, help_text="hold it before its first instruction, for a debugger"
    )


class RunOut(serializers.ModelSerializer[Run]):
    """A run with its counters; all of them only grow."""

    recipe = serializers.CharField(source="recipe_id", read_only=True)
    session = serializers.UUIDField(source="session_id", read_only=True)
    paused = serializers.BooleanField(
        source="hold", read_only=True, help_text="held before its first instruction"
    )
    played_from = serializers.UUIDField(
        source="played_from_id",
        read_only=True,
        allow_null=True,
        help_text="the run whose debugger's commands it plays back",
    )
    debugger = serializers.DictField(
        read_only=True, help_text="who controls it and how it stands; {} for nobody"
    )

    violations = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        allow_null=True,
        help_text="invariants that did not hold; null: not known",
    )
    imported = serializers.DictField(
        read_only=True, allow_null=True, help_text="where it came from; null: from here"
    )
    verified = serializers.DictField(
        read_only=True, allow_null=True, help_text="what doing it again came to"
    )

    place = serializers.SerializerMethodField(
        help_text="in the queue while it waits, from 1: how many come before it and one"
    )

    def get_place(self, run: Run) -> int | None:
        """The queue is looked at once for a whole list."""
        if run.state != Run.State.QUEUED:
            return None
        # The whole answer has one context, which is a dict and says to be less.
        context = cast(dict[str, Any], self.context)
        if _PLACES not in context:
            context[_PLACES] = queue_places()
        place: int | None = context[_PLACES].get(run.pk)
        return place

    class Meta:
        model = Run
        fields = [
            "id",
            "session",
            "number",
            "recipe",
            "label",
            "state",
            "place",
            "outcome",
            "detail",
            "events",
            "hits",
            "retired",
            "digest",
            "violations",
            "emulator_version",
            "epoch",
            "paused",
            "parked_at",
            "played_from",
            "debugger",
            "imported",
            "pruned_at",
            "verifies",
            "verified",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class ForkIn(StrictSerializer):
    """Another kernel: a shipped variant, or a switch set."""

    variant = serializers.CharField(max_length=60, required=False)
    set = serializers.UUIDField(required=False)


class SymbolsOut(serializers.Serializer[dict[str, Any]]):
    """Names of a run's images."""

    symbols = serializers.DictField(child=serializers.CharField())


class PersonOut(serializers.Serializer[dict[str, Any]]):
    """Somebody with an account."""

    name = serializers.CharField()
    pages = serializers.IntegerField(help_text="pages and scripts that follow the run")


class ViewersOut(serializers.Serializer[dict[str, Any]]):
    """Who looks at a run now."""

    count = serializers.IntegerField(help_text="people and guests")
    people = PersonOut(many=True)
    guests = serializers.IntegerField(help_text="pages of people without an account")


def _kernel_name(request: Request) -> str:
    form = ForkIn(data=request.data)
    form.is_valid(raise_exception=True)
    given = form.validated_data
    if len(given) != 1:
        detail = "say which kernel" if not given else "one kernel, not two"
        raise InvalidFields([FieldError("variant", None, detail, "variant, or set")])
    return given.get("variant") or f"set:{given['set']}"


class RunViewSet(Idempotent, mixins.ListModelMixin, viewsets.GenericViewSet[Run]):
    """Runs of the caller's sessions and their teams'; one also for whoever else may read
    its session."""

    serializer_class = RunOut
    pagination_class = NewestFirst
    queryset = Run.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("list", "create") or self.request.method not in SAFE_METHODS:
            guests = self.action in ("pause", "resume", "park")
            return [PersonOrGuest() if guests else IsAuthenticated()]
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
        hold = form.validated_data["paused"]
        run = run_create(
            session=session, recipe=recipe, by=person_of(request), hold=hold
        )
        return Response(RunOut(run).data, status=201)

    def _session(self, request: Request, pk: str) -> DebugSession:
        access = access_for(request.user, {}, pk)
        if access is None or not access.can_write:
            allowed = "the id of a session that you may change"
            raise InvalidFields([FieldError("session", pk, "no such session", allowed)])
        return access.session

    @extend_schema(responses=RunOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(RunOut(run_access(request, pk)[1]).data)

    def _command(self, run: Run, command: str) -> Response:
        run_command(run=run, command=command)
        run.refresh_from_db()
        return Response(RunOut(run).data, status=202)

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End the run; what it recorded stays."""
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        return self._command(run, "cancel")

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Hold the run at the next event boundary."""
        return self._command(controlled_run(request, pk)[1], "pause")

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a paused run go on."""
        return self._command(controlled_run(request, pk)[1], "resume")

    @extend_schema(request=None, responses={202: RunOut})
    @action(detail=True, methods=["post"])
    def park(self, request: Request, pk: str) -> Response:
        """Give its worker back, if it stands: paused, or held by a debugger. One that
        runs keeps it."""
        return self._command(controlled_run(request, pk)[1], "park")

    @extend_schema(request=ForkIn, responses={201: RunOut})
    @action(detail=True, methods=["post"])
    def fork(self, request: Request, pk: str) -> Response:
        """The same recipe on another kernel, as the next run of the session."""
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        kernel = kernel_for(request, _kernel_name(request))
        made = run_fork(
            run=run,
            base=kernel.base,
            changes=kernel.changes,
            label=kernel.label,
            by=person_of(request),
        )
        return Response(RunOut(made).data, status=201)

    @extend_schema(request=None, responses={201: RunOut})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """A run of the same recipe that plays back what a debugger did to this one."""
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        made = run_replay(run=run, by=person_of(request))
        return Response(RunOut(made).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Hide it at once; it can be restored for some days."""
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        run_delete(run=run)
        return Response(status=204)

    @extend_schema(request=None, responses=RunOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring a deleted run back."""
        run = restorable_run(request, pk)
        run_restore(run=run)
        run.refresh_from_db()
        return Response(RunOut(run).data)

    @extend_schema(request=None, responses={201: RunOut})
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Run it again and compare; the answer stands in the run's verified."""
        _, run = run_access(request, pk)
        owner_access(request, run.session_id)
        made = run_verify(run=run, by=person_of(request))
        return Response(RunOut(made).data, status=201)

    @extend_schema(responses=SymbolsOut)
    @action(detail=True)
    def symbols(self, request: Request, pk: str) -> Response:
        """Names of the addresses in this run."""
        _, run = run_access(request, pk)
        table = run_facts(run).table
        return Response({"symbols": {name: f"{a:#x}" for name, a in table.items()}})

    @extend_schema(responses=ViewersOut)
    @action(detail=True)
    def viewers(self, request: Request, pk: str) -> Response:
        """Who looks at this run now; for whoever may read its session."""
        _, run = run_access(request, pk)
        return Response(present(run.pk).as_json())
