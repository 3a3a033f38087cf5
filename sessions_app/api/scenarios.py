"""/scenarios/: the library of recipes that each teach something, and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import runner
from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.runs import RunOut
from sessions_app.api.sessions import SessionOut
from sessions_app.permissions import person_of
from sessions_app.services.launch import launch_scenario

_SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)
_MOST_VERSIONS = 100


class VersionOut(serializers.Serializer[Any]):
    """A scenario on one kernel."""

    index = serializers.IntegerField()
    role = serializers.ChoiceField(choices=["buggy", "fixed"])
    label = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not DRF's
    variant = serializers.CharField(source="variant.id")
    certainty = serializers.CharField(source="variant.certainty")
    changes = serializers.DictField(help_text="switches that it changes of its variant")
    recipe = serializers.CharField(source="recipe_id")
    expect = serializers.DictField(help_text="facts that its run must come to")
    expect_words = serializers.ListField(child=serializers.CharField())


class ScenarioOut(serializers.Serializer[Any]):
    """A scenario."""

    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    versions = VersionOut(many=True)


class ScenarioTextOut(ScenarioOut):
    """A scenario with its text and its recipe."""

    text = serializers.CharField(help_text="Markdown with code and bold only")
    recipe = serializers.DictField()


class ScenarioRunIn(StrictSerializer):
    """Which version, or on which kernel; without either, the scenario's own recipe."""

    version = serializers.IntegerField(
        min_value=0, max_value=_MOST_VERSIONS, required=False
    )
    variant = serializers.ChoiceField(
        choices=[v.id for v in runner.variants()], required=False
    )
    paused = serializers.BooleanField(
        default=False, help_text="hold it before its first instruction, for a debugger"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A version says its kernel itself."""
        if "version" in attrs and "variant" in attrs:
            raise InvalidFields(
                [
                    FieldError(
                        "variant", attrs["variant"], "not beside version", "one of them"
                    )
                ]
            )
        return attrs


class ScenarioPairOut(serializers.Serializer[Any]):
    """Both sides of a story, queued in one session."""

    session = SessionOut()
    left = RunOut()
    right = RunOut()
    url = serializers.CharField(
        help_text="where both are compared once they have ended"
    )


def _scenario(slug: str) -> runner.Scenario:
    found = runner.scenario(slug)
    if found is None:
        raise Http404
    return found


def _chosen(
    scenario: runner.Scenario, asked: Mapping[str, Any]
) -> Sequence[runner.ScenarioVersion]:
    number = asked.get("version")
    if number is None:
        return ()
    if number < len(scenario.versions):
        return (scenario.versions[number],)
    last = len(scenario.versions) - 1
    allowed = f"0 to {last}" if scenario.versions else "nothing: it has no versions"
    raise InvalidFields([FieldError("version", number, "no such version", allowed)])


class ScenarioViewSet(Idempotent, viewsets.ViewSet):
    """The library; running one makes a session of the caller."""

    permission_classes = [IsAuthenticated]
    serializer_class = ScenarioOut
    lookup_field = "slug"

    @extend_schema(responses=ScenarioOut(many=True))
    def list(self, request: Request) -> Response:
        return Response(ScenarioOut(runner.scenarios(), many=True).data)

    @extend_schema(parameters=[_SLUG], responses=ScenarioTextOut)
    def retrieve(self, request: Request, slug: str) -> Response:
        return Response(ScenarioTextOut(_scenario(slug)).data)

    @extend_schema(
        parameters=[_SLUG], request=ScenarioRunIn, responses={201: SessionOut}
    )
    @action(detail=True, methods=["post"])
    def run(self, request: Request, slug: str) -> Response:
        """A session of this scenario, or of one version of it, with its run queued."""
        scenario = _scenario(slug)
        form = ScenarioRunIn(data=request.data)
        form.is_valid(raise_exception=True)
        session = launch_scenario(
            owner=person_of(request),
            scenario=scenario,
            versions=_chosen(scenario, form.validated_data),
            variant=form.validated_data.get("variant"),
            hold=form.validated_data["paused"],
        )
        return Response(SessionOut(session).data, status=201)

    @extend_schema(parameters=[_SLUG], request=None, responses={201: ScenarioPairOut})
    @action(detail=True, methods=["post"])
    def compare(self, request: Request, slug: str) -> Response:
        """A session with the first buggy and the first fixed version queued."""
        scenario = _scenario(slug)
        if scenario.pair is None:
            raise Http404
        session = launch_scenario(
            owner=person_of(request), scenario=scenario, versions=scenario.pair
        )
        left, right = session.runs.order_by("number")
        made = {
            "session": SessionOut(session).data,
            "left": RunOut(left).data,
            "right": RunOut(right).data,
            "url": reverse("compare", args=[left.pk, right.pk]),
        }
        return Response(made, status=201)
