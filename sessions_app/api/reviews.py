"""/reviews/: series of patches with their mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.parsers import JSONParser
from sessions_app.api.sessions import reader_permissions, shown_to
from sessions_app.models import (
    MailMessage,
    Review,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.permissions import (
    ReviewAccess,
    own_review,
    own_words,
    person_of,
    review_access,
    reviews_of,
    sole_review,
)
from sessions_app.reviews.versions import compare_versions
from sessions_app.services.reviews import (
    remarks_publish,
    review_import,
    review_set,
)

_MAX_TEXT = 8 << 20


class MailIn(StrictSerializer):
    """Mail pasted; a file goes as multipart form data."""

    text = serializers.CharField(max_length=_MAX_TEXT, trim_whitespace=False)


class MailFileIn(StrictSerializer):
    """An mbox, perhaps gzipped; a message; output of git format-patch."""

    file = serializers.FileField()


class PatchOut(serializers.ModelSerializer[SeriesPatch]):
    """A patch at its place."""

    message_id = serializers.CharField(source="message.message_id", read_only=True)

    class Meta:
        model = SeriesPatch
        fields = ["number", "title", "message_id"]
        read_only_fields = fields


class PostingOut(serializers.ModelSerializer[SeriesVersion]):
    """A posting of the series."""

    patches = PatchOut(many=True, read_only=True)

    class Meta:
        model = SeriesVersion
        fields = [
            "version",
            "total",
            "rfc",
            "resend",
            "missing",
            "variant",
            "bound_by",
            "patches",
        ]
        read_only_fields = fields


class ReviewOut(serializers.ModelSerializer[Review]):
    """A review with its versions."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    versions = PostingOut(many=True, read_only=True)

    class Meta:
        model = Review
        fields = [
            "id",
            "title",
            "author_name",
            "owner",
            "state",
            "visibility",
            "team",
            "versions",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class ImportedOut(serializers.Serializer[Any]):
    """What a file brought to one review."""

    review = ReviewOut()
    new = serializers.IntegerField(help_text="messages that were not here before")


class ReviewChange(StrictSerializer):
    """What may change."""

    state = serializers.ChoiceField(choices=Review.State.choices, required=False)
    visibility = serializers.ChoiceField(
        choices=Review.Visibility.choices, required=False
    )
    team = serializers.UUIDField(required=False, allow_null=True)


class MessageOut(serializers.ModelSerializer[MailMessage]):
    """A message as it was read."""

    class Meta:
        model = MailMessage
        fields = [
            "message_id",
            "subject",
            "author_name",
            "author_address",
            "date",
            "parent_id",
            "depth",
            "body",
            "problems",
        ]
        read_only_fields = fields


class PairOut(serializers.Serializer[Any]):
    """A patch in two versions; numbers are null where it is in one only."""

    left = serializers.IntegerField(source="pair.left", allow_null=True)
    right = serializers.IntegerField(source="pair.right", allow_null=True)
    mark = serializers.ChoiceField(choices=["=", "!", "<", ">"])
    difference = serializers.ListField(
        source="pair.difference", child=serializers.CharField()
    )


class ReviewViewSet(Idempotent, mixins.ListModelMixin, viewsets.GenericViewSet[Review]):
    """Reviews of the caller; one also for whoever has its address, as it is seen by."""

    serializer_class = ReviewOut
    pagination_class = NewestFirst
    parser_classes = [JSONParser, MultiPartParser]
    queryset = Review.objects.none()
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("list", "create"):
            return [IsAuthenticated()]
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[Review]:
        own = reviews_of(self.request.user)
        return own.prefetch_related("versions__patches__message")

    def _access(self, pk: str) -> ReviewAccess:
        return review_access(self.request, uuid_in(pk))

    @extend_schema(
        request={"multipart/form-data": MailFileIn, "application/json": MailIn},
        responses={201: ImportedOut(many=True)},
    )
    def create(self, request: Request) -> Response:
        """Bring mail: each topic in it is a review; what is here already joins."""
        form: StrictSerializer
        if request.content_type.startswith("multipart/"):
            form = MailFileIn(data=request.data)
            form.is_valid(raise_exception=True)
            data = form.validated_data["file"].read()
        else:
            form = MailIn(data=request.data)
            form.is_valid(raise_exception=True)
            data = form.validated_data["text"].encode()
        found = review_import(owner=person_of(request), data=data)
        told = [{"review": each.review, "new": each.new} for each in found]
        return Response(ImportedOut(told, many=True).data, status=201)

    @extend_schema(responses=ReviewOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(ReviewOut(self._access(pk).review).data)

    @extend_schema(request=ReviewChange, responses=ReviewOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        access = own_review(request, uuid_in(pk))
        form = ReviewChange(data=request.data)
        form.is_valid(raise_exception=True)
        given = shown_to(request, form.validated_data)
        if "team" in given:
            sole_review(request, uuid_in(pk))
        return Response(ReviewOut(review_set(review=access.review, **given)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        sole_review(request, uuid_in(pk)).review.delete()
        return Response(status=204)

    @extend_schema(responses=MessageOut(many=True))
    @action(detail=True, pagination_class=None)
    def messages(self, request: Request, pk: str) -> Response:
        """All messages in reading order."""
        own = self._access(pk).review.messages.defer("raw").order_by("position")
        return Response(MessageOut(own, many=True).data)

    @extend_schema(responses=PairOut(many=True))
    @action(
        detail=True,
        pagination_class=None,
        url_path=r"versions/(?P<left>[0-9]{1,4})/(?P<right>[0-9]{1,4})",
    )
    def versions(self, request: Request, pk: str, left: str, right: str) -> Response:
        """Two versions, paired as git range-diff pairs them."""
        review = self._access(pk).review
        pairs = compare_versions(version_in(review, left), version_in(review, right))
        return Response(PairOut(pairs, many=True).data)

    @extend_schema(request=None, responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Show one's drafts to everybody who reads; how many there were."""
        access = own_words(request, uuid_in(pk))
        count = remarks_publish(review=access.review, author=person_of(request))
        return Response({"published": count})


def uuid_in(text: str) -> UUID:
    """Raises Http404."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404("no such review") from error


def version_in(review: Review, number: str) -> SeriesVersion:
    """The last posting of this number. Raises Http404."""
    own = review.versions.prefetch_related("patches__message")
    found = own.filter(version=int(number)).last()
    if found is None:
        raise Http404("no such version")
    return found
