"""/runs/<id>/breakpoint/, settings/, symbol-table/ and /recipes/check/: a run with a change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.fields import HexField
from sessions_app.api.recipes import WatchIn, watch_of
from sessions_app.api.runs import RunOut
from sessions_app.api.unchanging import Recorded
from sessions_app.models import Run, StoredRecipe
from sessions_app.permissions import (
    owner_access,
    person_of,
    recipe_is_readable,
    run_access,
)
from sessions_app.recipe_texts import CheckedText, check_text, difference, pretty
from sessions_app.services.variations import (
    LIMITS,
    breakpoint_label,
    run_vary,
    settings_label,
    with_breakpoint,
    with_settings,
)
from sessions_app.symbol_lists import matching, run_symbols

MAX_TEXT = 1_000_000
_MOST_SYMBOLS = 1000


class SettingsIn(StrictSerializer):
    """What is to be another; what is left out stays."""

    seed = serializers.IntegerField(min_value=0, max_value=2**53 - 1, required=False)
    instructions = serializers.IntegerField(
        min_value=1, max_value=100_000_000_000, required=False
    )
    events = serializers.IntegerField(min_value=1, max_value=10_000_000, required=False)
    wall_ms = serializers.IntegerField(min_value=1, max_value=3_600_000, required=False)


class SymbolOut(serializers.Serializer[Any]):
    """A name of the run's programs."""

    name = serializers.CharField()
    address = HexField()
    size = serializers.IntegerField(help_text="bytes; 0 where it is not said")
    kind = serializers.CharField(help_text="data, code, or empty")
    type = serializers.CharField(help_text="the breakpoint that one wants there")
    length = serializers.IntegerField(help_text="the longest that fits")


class SymbolTableOut(serializers.Serializer[Any]):
    """Symbols by address; total counts those beyond the first thousand too."""

    total = serializers.IntegerField()
    results = SymbolOut(many=True)


class TextIn(StrictSerializer):
    """A recipe as text, and the id of one to hold it against."""

    text = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False)
    against = serializers.RegexField("^[0-9a-f]{64}$", required=False)


class FaultOut(serializers.Serializer[Any]):
    """What is wrong, and where in the text."""

    field = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField()


class CheckedRecipeOut(serializers.Serializer[Any]):
    """``id`` of the recipe that the text is, or ``fault``; the difference in lines."""

    id = serializers.CharField(allow_null=True)
    fault = FaultOut(allow_null=True)
    difference = serializers.ListField(child=serializers.CharField())


def _own(request: Request, run_pk: UUID) -> Run:
    run = run_access(request, run_pk)[1]
    owner_access(request, run.session_id)
    return run


class BreakpointView(APIView):
    """The same and one more breakpoint."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=WatchIn, responses={201: RunOut})
    def post(self, request: Request, run_pk: UUID) -> Response:
        run = _own(request, run_pk)
        form = WatchIn(data=request.data)
        form.is_valid(raise_exception=True)
        watch = watch_of(form.validated_data)
        recipe = with_breakpoint(run.recipe.body, watch)
        label = breakpoint_label(watch)
        made = run_vary(run=run, recipe=recipe, label=label, by=person_of(request))
        return Response(RunOut(made).data, status=201)


class SettingsView(APIView):
    """The same with another seed or other limits."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=SettingsIn, responses={201: RunOut})
    def post(self, request: Request, run_pk: UUID) -> Response:
        run = _own(request, run_pk)
        form = SettingsIn(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        if not changes:
            known = ", ".join(("seed", *LIMITS))
            raise InvalidFields([FieldError("seed", None, "say what changes", known)])
        recipe = with_settings(run.recipe.body, changes)
        label = settings_label(changes)
        made = run_vary(run=run, recipe=recipe, label=label, by=person_of(request))
        return Response(RunOut(made).data, status=201)


class SymbolTableView(Recorded):
    """Names of the run's programs with sizes and types."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="part of a name"),
            OpenApiParameter("kind", OpenApiTypes.STR, enum=["data", "code"]),
        ],
        responses=SymbolTableOut,
    )
    def get(self, request: Request, run_pk: UUID) -> Response:
        run = self.found[1]
        kind = request.query_params.get("kind", "")
        if kind not in ("", "data", "code"):
            raise InvalidFields([FieldError("kind", kind, "unknown", "data, code")])
        found = matching(run_symbols(run), request.query_params.get("q", ""), kind)
        shown = SymbolOut(found[:_MOST_SYMBOLS], many=True).data
        return Response({"total": len(found), "results": shown})


class RecipeCheckView(APIView):
    """What a text is: a recipe, or what keeps it from being one. Nothing is stored."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=TextIn, responses=CheckedRecipeOut)
    def post(self, request: Request) -> Response:
        form = TextIn(data=request.data)
        form.is_valid(raise_exception=True)
        text = form.validated_data["text"]
        checked = check_text(text)
        told: list[str] = []
        if "against" in form.validated_data:
            old = self._against(request, form.validated_data["against"])
            new = text if checked.fault else pretty(checked.body)
            told = [line.text for line in difference(pretty(old), new)]
        return Response(
            {"id": checked.id or None, "fault": _fault(checked), "difference": told}
        )

    def _against(self, request: Request, recipe_id: str) -> str:
        stored = StoredRecipe.objects.filter(pk=recipe_id).first()
        if stored is None or not recipe_is_readable(request, stored):
            allowed = "the id of a recipe that a run of yours used"
            problem = FieldError("against", recipe_id, "no such recipe", allowed)
            raise InvalidFields([problem])
        return stored.body


def _fault(checked: CheckedText) -> dict[str, Any] | None:
    fault = checked.fault
    if fault is None:
        return None
    line, column = (
        (fault.place.line, fault.place.column) if fault.place else (None, None)
    )
    return {
        "field": fault.field,
        "line": line,
        "column": column,
        "detail": fault.detail,
    }
