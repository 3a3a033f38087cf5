"""/sessions/<id>/annotations/: remarks pinned to a moment, a part of it or a patch line."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.anchors import anchor_of
from sessions_app.api.errors import StrictSerializer
from sessions_app.api.guests import PersonOrGuest
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.parts import (
    PART_FIELDS,
    AddressOut,
    EarlierTextOut,
    PartIn,
    part_in,
)
from sessions_app.api.sessions import reader_permissions
from sessions_app.errors import InvalidAnchor
from sessions_app.models import Annotation
from sessions_app.permissions import (
    Access,
    annotation_access,
    own_annotation,
    session_access,
    speaking_access,
)
from sessions_app.services.annotations import (
    MAX_BODY,
    Anchor,
    annotation_create,
    annotation_edit,
    annotation_remove,
    annotation_set_resolved,
)

MAX_SEQ = 2**53 - 1


class AnnotationIn(PartIn):
    """A remark and where it is pinned, or which remark it answers."""

    body = serializers.CharField(max_length=MAX_BODY)
    run = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, help_text="number of the run"
    )
    seq = serializers.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    patch_line = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False
    )
    answers = serializers.UUIDField(
        required=False,
        help_text="a remark of the session; the answer stands where it does",
    )


class AnnotationChange(StrictSerializer):
    """What may change: the words, and whether it is resolved."""

    body = serializers.CharField(max_length=MAX_BODY, required=False)
    resolved = serializers.BooleanField(required=False)


class AnnotationOut(serializers.ModelSerializer[Annotation]):
    """A remark. earlier is what it said before; removed_at is set where its words are
    gone and its answers stay."""

    run = serializers.IntegerField(
        source="run.number", default=None, read_only=True, allow_null=True
    )
    address = AddressOut()
    earlier = EarlierTextOut(many=True, read_only=True)

    class Meta:
        model = Annotation
        fields = [
            "id",
            "body",
            "author_name",
            "run",
            "seq",
            *PART_FIELDS,
            "patch_line",
            "answers",
            "created_at",
            "updated_at",
            "resolved_at",
            "removed_at",
            "earlier",
        ]
        read_only_fields = fields


def _anchor(access: Access, given: dict[str, Any]) -> Anchor:
    return anchor_of(
        access.session,
        run=given.get("run"),
        seq=given.get("seq"),
        part=part_in(given),
        patch_line=given.get("patch_line"),
        moment=given.get("moment", ""),
    )


class AnnotationViewSet(
    Idempotent, mixins.ListModelMixin, viewsets.GenericViewSet[Annotation]
):
    """Remarks of one session."""

    serializer_class = AnnotationOut
    pagination_class = NewestFirst
    queryset = Annotation.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action == "create":
            return [PersonOrGuest()]
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[Annotation]:
        access = session_access(self.request, self.kwargs["session_pk"])
        own = Annotation.objects.filter(session=access.session)
        return own.select_related("run").prefetch_related("earlier")

    @extend_schema(request=AnnotationIn, responses={201: AnnotationOut})
    def create(self, request: Request, session_pk: str) -> Response:
        """Pin a remark to a moment, a part of the machine, a patch line; or answer one."""
        access = speaking_access(request, session_pk)
        form = AnnotationIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        annotation = annotation_create(
            session=access.session,
            author=access.person,
            name=access.name,
            body=given["body"],
            anchor=_anchor(access, given),
            answers=self._answered(given.get("answers")),
        )
        return Response(AnnotationOut(annotation).data, status=201)

    def _answered(self, key: UUID | None) -> Annotation | None:
        if key is None:
            return None
        found = self.get_queryset().select_related("answers").filter(pk=key).first()
        if found is None:
            raise InvalidAnchor(
                "no such remark to answer",
                field="answers",
                value=str(key),
                allowed="the id of a remark of this session",
            )
        return found

    @extend_schema(request=AnnotationChange, responses=AnnotationOut)
    def partial_update(self, request: Request, session_pk: str, pk: str) -> Response:
        """Its author's words; who may, resolves it: its author and the owner."""
        _, annotation = annotation_access(request, session_pk, pk)
        form = AnnotationChange(data=request.data)
        form.is_valid(raise_exception=True)
        change = form.validated_data
        if "body" in change:
            annotation = own_annotation(request, session_pk, pk)
            annotation_edit(annotation=annotation, body=change["body"])
        if "resolved" in change:
            annotation_set_resolved(annotation=annotation, resolved=change["resolved"])
        return Response(AnnotationOut(annotation).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, session_pk: str, pk: str) -> Response:
        """One with answers stays without its words."""
        _, annotation = annotation_access(request, session_pk, pk)
        annotation_remove(annotation=annotation)
        return Response(status=204)
