"""/reviews/<id>/joins/ and …/versions/<v>/<w>/pairs/: what the owner joins by hand."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.reviews import ReviewOut, version_in
from sessions_app.errors import VersionRefused
from sessions_app.models import Review, SeriesPatch, SeriesVersion, VersionJoin
from sessions_app.permissions import own_review, person_of, postings_of
from sessions_app.services.versions import (
    MAX_VERSION,
    patches_pair,
    patches_unpair,
    version_join,
    version_unjoin,
)


class JoinIn(StrictSerializer):
    """Which version of which other review becomes which version of this one."""

    review = serializers.UUIDField(help_text="another review of yours")
    version = serializers.IntegerField(
        min_value=1, max_value=MAX_VERSION, help_text="its number there"
    )
    number = serializers.IntegerField(
        min_value=1, max_value=MAX_VERSION, help_text="its number here"
    )


class JoinOut(serializers.ModelSerializer[VersionJoin]):
    """A version that was moved here; first is the Message-ID that it is known by."""

    class Meta:
        model = VersionJoin
        fields = ["id", "came_from", "first", "version", "was", "by_name", "created_at"]
        read_only_fields = fields


class PairByHandIn(StrictSerializer):
    """Numbers of two patches, one of each version."""

    left = serializers.IntegerField(min_value=1, max_value=MAX_VERSION)
    right = serializers.IntegerField(min_value=1, max_value=MAX_VERSION)
    same = serializers.BooleanField(
        default=True, help_text="false forgets what was said of either"
    )


class JoinViewSet(viewsets.GenericViewSet[VersionJoin]):
    """Versions that the owner of a review moved here."""

    serializer_class = JoinOut
    permission_classes = [IsAuthenticated]
    pagination_class = None
    queryset = VersionJoin.objects.none()
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(responses=JoinOut(many=True))
    def list(self, request: Request, review_pk: UUID) -> Response:
        """The owner's."""
        review = own_review(request, review_pk).review
        return Response(JoinOut(review.joins.all(), many=True).data)

    @extend_schema(request=JoinIn, responses={201: JoinOut})
    def create(self, request: Request, review_pk: UUID) -> Response:
        """Move a version with its mail, remarks, kernel and runs here."""
        into = own_review(request, review_pk).review
        form = JoinIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        made = version_join(
            version=_version(request, given["review"], given["version"]),
            into=into,
            number=given["number"],
            by=person_of(request),
        )
        return Response(JoinOut(made).data, status=201)

    @extend_schema(responses={200: ReviewOut})
    def destroy(self, request: Request, review_pk: UUID, pk: str) -> Response:
        """Move it back; the review where it is now."""
        review = own_review(request, review_pk).review
        found = review.joins.select_related("came_from").filter(pk=int(pk)).first()
        if found is None:
            raise Http404("not joined by hand")
        return Response(ReviewOut(version_unjoin(join=found)).data)


def _version(request: Request, review: UUID, number: int) -> SeriesVersion:
    own = postings_of(request.user)
    found = own.filter(review=review, version=number).last()
    if found is None:
        raise VersionRefused(
            "no such version of a review of yours",
            field="version",
            value=number,
            allowed="a version of the review that is named",
        )
    return found


class PairByHandView(APIView):
    """Patches of two versions that somebody says are the same."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=PairByHandIn, responses={204: None})
    def post(
        self, request: Request, review_pk: UUID, left: int, right: int
    ) -> Response:
        """Pair two patches, or forget that they were."""
        review = own_review(request, review_pk).review
        form = PairByHandIn(data=request.data)
        form.is_valid(raise_exception=True)
        one = _patch(review, left, "left", form.validated_data["left"])
        other = _patch(review, right, "right", form.validated_data["right"])
        if form.validated_data["same"]:
            patches_pair(left=one, right=other, by=person_of(request))
        else:
            patches_unpair(left=one, right=other)
        return Response(status=204)


def _patch(review: Review, version: int, field: str, number: int) -> SeriesPatch:
    rows = version_in(review, str(version)).patches.select_related("version__review")
    found = rows.filter(number=number).first()
    if found is None:
        known = ", ".join(str(row.number) for row in rows)
        raise VersionRefused(
            f"v{version} has no such patch", field=field, value=number, allowed=known
        )
    return found
