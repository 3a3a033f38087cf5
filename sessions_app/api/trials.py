"""/reviews/<id>/trials/: one question put to all versions, and where the answers part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import runner
from sessions_app.api.errors import StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.sessions import reader_permissions
from sessions_app.errors import VersionRefused
from sessions_app.models import Review, Run, SeriesVersion, Trial
from sessions_app.permissions import own_review, review_access, run_access
from sessions_app.reviews.trials import asked, standing_of
from sessions_app.services.trials import (
    Question,
    recipe_question,
    scenario_question,
    trials_run,
)

_MOST_VERSION = 1_000_000


class TrialIn(StrictSerializer):
    """A scenario, or a run whose recipe is asked of all; and of which versions."""

    scenario = serializers.SlugField(max_length=60, required=False)
    run = serializers.UUIDField(required=False, help_text="its recipe is the question")
    versions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_MOST_VERSION),
        max_length=100,
        required=False,
        help_text="else all that a kernel stands for",
    )


class AnswerOut(serializers.Serializer[Any]):
    """The run of one version."""

    version = serializers.IntegerField(source="trial.version")
    run = serializers.UUIDField(source="trial.run_id")
    number = serializers.IntegerField(source="trial.run.number")
    variant = serializers.CharField(source="trial.variant")
    state = serializers.CharField(source="trial.run.state")
    outcome = serializers.CharField(source="trial.run.outcome")
    digest = serializers.CharField(source="trial.run.digest")
    stale = serializers.BooleanField(
        help_text="another kernel stands for the version by now"
    )


class PartingOut(serializers.Serializer[Any]):
    """Two versions' answers beside each other."""

    left = serializers.IntegerField(source="left.version")
    right = serializers.IntegerField(source="right.version")
    state = serializers.ChoiceField(
        choices=["waiting", "same", "parted", "long"],
        help_text="long: too long to be compared here; see /compare/",
    )
    sentence = serializers.CharField(help_text="what parts first")
    left_seq = serializers.IntegerField(allow_null=True)
    right_seq = serializers.IntegerField(allow_null=True)


class AskedOut(serializers.Serializer[Any]):
    """A question with its answers."""

    question = serializers.CharField(source="key")
    title = serializers.CharField()
    answers = AnswerOut(many=True)
    pairs = PartingOut(many=True)


class TrialViewSet(Idempotent, viewsets.GenericViewSet[Trial]):
    """Questions of one review. They are few: lists come whole."""

    serializer_class = AskedOut
    pagination_class = None
    queryset = Trial.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        return reader_permissions(self.request)

    @extend_schema(responses=AskedOut(many=True))
    def list(self, request: Request, review_pk: UUID) -> Response:
        """What was asked, the latest question first."""
        review = review_access(request, review_pk).review
        return Response(AskedOut(asked(review, _versions(review)), many=True).data)

    @extend_schema(request=TrialIn, responses={201: AskedOut(many=True)})
    def create(self, request: Request, review_pk: UUID) -> Response:
        """Queue the runs that are missing; all questions, as they stand then."""
        review = own_review(request, review_pk).review
        form = TrialIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        versions = _versions(review)
        trials_run(
            review=review,
            question=_question(request, given),
            standing=standing_of(request, _chosen(versions, given.get("versions"))),
        )
        told = AskedOut(asked(review, versions), many=True).data
        return Response(told, status=201)


def _versions(review: Review) -> list[SeriesVersion]:
    return list(review.versions.order_by("version", "pk"))


def _chosen(
    versions: list[SeriesVersion], numbers: list[int] | None
) -> list[SeriesVersion]:
    if numbers is None:
        return versions
    known = {version.version for version in versions if version.variant}
    for number in numbers:
        if number not in known:
            told = ", ".join(str(n) for n in sorted(known))
            raise VersionRefused(
                f"no kernel stands for v{number}",
                field="versions",
                value=number,
                allowed=told or "none: no kernel was said to stand for a version",
            )
    return [version for version in versions if version.version in numbers]


def _question(request: Request, given: dict[str, Any]) -> Question:
    if ("scenario" in given) == ("run" in given):
        raise VersionRefused(
            "ask one thing", field="scenario", value=None, allowed="scenario or run"
        )
    if "run" in given:
        return recipe_question(_run(request, given["run"]))
    scenario = runner.scenario(given["scenario"])
    if scenario is None:
        raise VersionRefused(
            "no such scenario",
            field="scenario",
            value=given["scenario"],
            allowed=", ".join(each.slug for each in runner.scenarios()),
        )
    return scenario_question(scenario)


def _run(request: Request, run_id: UUID) -> Run:
    return run_access(request, run_id)[1]
