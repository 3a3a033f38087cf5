"""/reviews/<id>/remarks/: words on lines of mail, with the moment that proves them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.guests import PersonOrGuest
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.parts import (
    PART_FIELDS,
    AddressOut,
    EarlierTextOut,
    PartIn,
    part_in,
)
from sessions_app.api.reviews import uuid_in
from sessions_app.api.sessions import reader_permissions
from sessions_app.errors import RemarkRefused
from sessions_app.models import (
    ReviewRemark,
)
from sessions_app.permissions import (
    ReviewAccess,
    own_words,
    remarking,
    review_access,
)
from sessions_app.reviews.proof import proof_of
from sessions_app.services.reviews import (
    MAX_BODY,
    Place,
    remark_claim,
    remark_create,
    remark_edit,
    remark_remove,
    remark_resolve,
)

_MAX_LINE = 1_000_000


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
        found = own.filter(pk=uuid_in(pk)).first()
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
