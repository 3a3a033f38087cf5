"""/reviews/: series of patches with their mail, and remarks with the moment that proves them."""

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
from sessions_app.api.guests import PersonOrGuest
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.parsers import JSONParser
from sessions_app.api.parts import (
    PART_FIELDS,
    AddressOut,
    EarlierTextOut,
    PartIn,
    part_in,
)
from sessions_app.api.sessions import reader_permissions, shown_to
from sessions_app.errors import RemarkRefused
from sessions_app.models import (
    MailMessage,
    Review,
    ReviewRemark,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.permissions import (
    ReviewAccess,
    own_review,
    own_words,
    person_of,
    remarking,
    review_access,
    reviews_of,
    sole_review,
)
from sessions_app.reviews.proof import proof_of
from sessions_app.reviews.versions import compare_versions
from sessions_app.services.reviews import (
    MAX_BODY,
    Place,
    remark_claim,
    remark_create,
    remark_edit,
    remark_remove,
    remark_resolve,
    remarks_publish,
    review_import,
    review_set,
)

_MAX_TEXT = 8 << 20
_MAX_LINE = 1_000_000


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


class RemarkIn(PartIn):
    """Words on lines of a message; proof is the address of a moment, perhaps with a part
    of the machine (``on=dr7.1``); register, bit … name the part otherwise."""

    message_id = serializers.CharField(max_length=260)
    first = serializers.IntegerField(min_value=0, max_value=_MAX_LINE, required=False)
    at = serializers.IntegerField(
        min_value=0, max_value=_MAX_LINE, default=0, help_text="line of the body from 1"
    )
    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)
    proof = serializers.CharField(max_length=500, required=False)
    claim = serializers.ChoiceField(choices=ReviewRemark.Claim.choices, required=False)
    answers = serializers.UUIDField(
        required=False,
        help_text="a remark on the same message; the answer stands there",
    )


class RemarkChange(StrictSerializer):
    """What may change."""

    body = serializers.CharField(
        max_length=MAX_BODY, required=False, trim_whitespace=False
    )
    resolved = serializers.BooleanField(required=False)
    claim = serializers.ChoiceField(choices=ReviewRemark.Claim.choices, required=False)


class RemarkOut(serializers.ModelSerializer[ReviewRemark]):
    """A remark; run and seq name the moment that proves it."""

    claim = serializers.ChoiceField(
        choices=ReviewRemark.Claim.choices, allow_blank=True, read_only=True
    )
    message_id = serializers.CharField(source="message.message_id", read_only=True)
    address = AddressOut()
    earlier = EarlierTextOut(many=True, read_only=True)

    class Meta:
        model = ReviewRemark
        fields = [
            "id",
            "message_id",
            "first",
            "at",
            "answers",
            "author_name",
            "body",
            "draft",
            "run",
            "seq",
            "hit_no",
            *PART_FIELDS,
            "evidence",
            "claim",
            "created_at",
            "updated_at",
            "resolved_at",
            "removed_at",
            "earlier",
        ]
        read_only_fields = fields


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
        return review_access(self.request, _uuid(pk))

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
        access = own_review(request, _uuid(pk))
        form = ReviewChange(data=request.data)
        form.is_valid(raise_exception=True)
        given = shown_to(request, form.validated_data)
        if "team" in given:
            sole_review(request, _uuid(pk))
        return Response(ReviewOut(review_set(review=access.review, **given)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        sole_review(request, _uuid(pk)).review.delete()
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
        access = own_words(request, _uuid(pk))
        count = remarks_publish(review=access.review, author=person_of(request))
        return Response({"published": count})


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404("no such review") from error


def version_in(review: Review, number: str) -> SeriesVersion:
    own = review.versions.prefetch_related("patches__message")
    found = own.filter(version=int(number)).last()
    if found is None:
        raise Http404("no such version")
    return found


def remarks_seen(access: ReviewAccess) -> QuerySet[ReviewRemark]:
    """Drafts are their author's."""
    own = access.review.remarks.select_related("message").order_by("created_at")
    own = own.prefetch_related("earlier")
    shown = own.filter(draft=False)
    if access.person.is_authenticated:
        shown = shown | own.filter(author_id=access.person.pk)
    return shown


class RemarkViewSet(Idempotent, viewsets.GenericViewSet[ReviewRemark]):
    """Remarks of one review. They are few: lists come whole."""

    serializer_class = RemarkOut
    pagination_class = None
    queryset = ReviewRemark.objects.none()
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_permissions(self) -> list[BasePermission]:
        if self.action == "create":
            return [PersonOrGuest()]
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[ReviewRemark]:
        return remarks_seen(review_access(self.request, self.kwargs["review_pk"]))

    @extend_schema(responses=RemarkOut(many=True))
    def list(self, request: Request, review_pk: UUID) -> Response:
        """All that the caller sees."""
        return Response(RemarkOut(self.get_queryset(), many=True).data)

    @extend_schema(request=RemarkIn, responses={201: RemarkOut})
    def create(self, request: Request, review_pk: UUID) -> Response:
        """A draft; a guest's is seen by everybody at once."""
        access = remarking(request, review_pk)
        form = RemarkIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        message = access.review.messages.filter(message_id=given["message_id"]).first()
        if message is None:
            raise Http404("no such message")
        proof = None
        if given.get("proof"):
            proof = proof_of(
                request,
                given["proof"],
                part=part_in(given),
                claim=given.get("claim", ""),
            )
        made = remark_create(
            author=access.account,
            name=access.name,
            place=Place(message, given.get("first", 0), given["at"]),
            body=given["body"],
            proof=proof,
            answers=self._answered(given.get("answers")),
        )
        return Response(RemarkOut(made).data, status=201)

    def _answered(self, key: UUID | None) -> ReviewRemark | None:
        found = None if key is None else self.get_queryset().filter(pk=key).first()
        if key is not None and found is None:
            raise RemarkRefused(
                "no such remark to answer",
                field="answers",
                value=str(key),
                allowed="the id of a remark of this review",
            )
        return found

    def _own(self, request: Request, review_pk: UUID, pk: str) -> ReviewRemark:
        access = own_words(request, review_pk)
        own = access.review.remarks.filter(author_id=access.person.pk)
        found = own.filter(pk=_uuid(pk)).first()
        if found is None:
            raise Http404("no such remark")
        return found

    @extend_schema(request=RemarkChange, responses=RemarkOut)
    def partial_update(self, request: Request, review_pk: UUID, pk: str) -> Response:
        """One's own."""
        found = self._own(request, review_pk, pk)
        form = RemarkChange(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        if "body" in given:
            remark_edit(remark=found, body=given["body"])
        if "claim" in given:
            remark_claim(remark=found, claim=given["claim"])
        if "resolved" in given:
            remark_resolve(remark=found, resolved=given["resolved"])
        return Response(RemarkOut(found).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, review_pk: UUID, pk: str) -> Response:
        """One's own; one with answers stays without its words."""
        remark_remove(remark=self._own(request, review_pk, pk))
        return Response(status=204)
