"""/reviews/<id>/checks/: what test systems say of a series, in the words of Patchwork."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.remarks import remarks_seen
from sessions_app.api.sessions import reader_permissions
from sessions_app.models import ReviewRemark, SeriesCheck
from sessions_app.permissions import (
    ReviewAccess,
    own_review,
    person_of,
    review_access,
)
from sessions_app.services.checks import (
    CONTEXT,
    MAX_DESCRIPTION,
    MAX_URL,
    Finding,
    check_add,
    last_checks,
)

_STATES = ["pending", "success", "warning", "fail"]
_MAX_NUMBER = 100_000
#: What a claim means for a series.
_OF_CLAIM = {"supported": "warning", "refuted": "success", "open": "pending"}


class CheckIn(StrictSerializer):
    """What is said of a version, or of one patch of it."""

    version = serializers.IntegerField(min_value=1, max_value=_MAX_NUMBER)
    patch = serializers.IntegerField(
        min_value=1, max_value=_MAX_NUMBER, required=False, allow_null=True
    )
    state = serializers.ChoiceField(choices=_STATES)
    context = serializers.RegexField(  # type: ignore[assignment]  # a field, not DRF's
        f"^{CONTEXT}$", default="default", help_text="which test: a slug"
    )
    target_url = serializers.CharField(
        max_length=MAX_URL, required=False, allow_blank=True, help_text="its page"
    )
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION, required=False, allow_blank=True
    )


class CheckOut(serializers.Serializer[Any]):
    """One check. Those of claims have no id, and no user."""

    id = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    patch = serializers.IntegerField(allow_null=True)
    context = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's
    state = serializers.ChoiceField(choices=_STATES)
    description = serializers.CharField(allow_blank=True)
    target_url = serializers.CharField(allow_blank=True)
    user = serializers.CharField(allow_null=True)
    date = serializers.DateTimeField()


def _said(check: SeriesCheck) -> dict[str, Any]:
    return {
        "id": check.pk,
        "version": check.version,
        "patch": check.patch,
        "context": check.context,
        "state": check.state,
        "description": check.description,
        "target_url": check.target_url,
        "user": check.user_name,
        "date": check.date,
    }


def _claimed(claim: ReviewRemark, url: str) -> dict[str, Any]:
    patches = list(claim.message.patches.all())
    return {
        "id": None,
        "version": patches[-1].version.version if patches else None,
        "patch": patches[-1].number if patches else None,
        "context": f"hwbpweb/{claim.pk}",
        "state": _OF_CLAIM[claim.claim],
        "description": f"{claim.claim}: {claim.body[:200]}",
        "target_url": url,
        "user": None,
        "date": claim.updated_at,
    }


class CheckViewSet(Idempotent, viewsets.GenericViewSet[SeriesCheck]):
    """Checks of one review; only its owner adds some."""

    serializer_class = CheckOut
    pagination_class = None
    queryset = SeriesCheck.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        return reader_permissions(self.request)

    @extend_schema(responses=CheckOut(many=True))
    def list(self, request: Request, review_pk: UUID) -> Response:
        """The last of each context of each patch and version, and the claims."""
        access = review_access(request, review_pk)
        told = [_said(each) for each in last_checks(access.review)]
        told += self._claims(access)
        return Response(CheckOut(told, many=True).data)

    def _claims(self, access: ReviewAccess) -> Iterator[dict[str, Any]]:
        path = reverse("review", args=[access.review.pk])
        url = self.request.build_absolute_uri(path)
        claims = remarks_seen(access).exclude(claim="")
        found = claims.prefetch_related("message__patches__version")
        return (_claimed(each, url) for each in found)

    @extend_schema(request=CheckIn, responses={201: CheckOut})
    def create(self, request: Request, review_pk: UUID) -> Response:
        """Say how a test stands: again under the same context when that changes."""
        access = own_review(request, review_pk)
        form = CheckIn(data=request.data)
        form.is_valid(raise_exception=True)
        made = check_add(
            review=access.review,
            by=person_of(request),
            finding=Finding(**form.validated_data),
        )
        return Response(CheckOut(_said(made)).data, status=201)
