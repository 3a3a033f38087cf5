"""/sessions/<id>/annotations/: remarks pinned to a moment, a register or a patch line."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.sessions import reader_permissions
from sessions_app.models import Annotation, Run
from sessions_app.permissions import Access, owner_access, person_of, session_access
from sessions_app.services.annotations import (
    Anchor,
    annotation_create,
    annotation_edit,
    annotation_set_resolved,
)
from sessions_app.trace import REGISTER_NAMES

MAX_SEQ = 2**53 - 1


class AnnotationIn(StrictSerializer):
    """A remark and where it is pinned."""

    body = serializers.CharField(max_length=10_000)
    run = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, help_text="number of the run"
    )
    seq = serializers.IntegerField(min_value=1, max_value=MAX_SEQ, required=False)
    register = serializers.ChoiceField(
        choices=REGISTER_NAMES, required=False, allow_blank=True
    )
    patch_line = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False
    )


class AnnotationChange(StrictSerializer):
    """What may change: the words, and whether it is resolved."""

    body = serializers.CharField(max_length=10_000, required=False)
    resolved = serializers.BooleanField(required=False)


class AnnotationOut(serializers.ModelSerializer[Annotation]):
    """A remark."""

    run = serializers.IntegerField(source="run.number", default=None, read_only=True)

    class Meta:
        model = Annotation
        fields = [
            "id",
            "body",
            "author_name",
            "run",
            "seq",
            "register",
            "patch_line",
            "created_at",
            "updated_at",
            "resolved_at",
        ]
        read_only_fields = fields


def _anchor(access: Access, fields: dict[str, Any]) -> Anchor:
    number, seq = fields.get("run"), fields.get("seq")
    if seq is not None and number is None:
        raise InvalidFields([FieldError("run", None, "seq needs a run", "its number")])
    run = None
    if number is not None:
        run = Run.objects.filter(session=access.session, number=number).first()
        if run is None:
            last = Run.objects.filter(session=access.session).count()
            raise InvalidFields(
                [FieldError("run", number, "no such run", f"1 to {last}")]
            )
    _check_line(access, fields.get("patch_line"))
    return Anchor(run, seq, fields.get("register", ""), fields.get("patch_line"))


def _check_line(access: Access, line: int | None) -> None:
    lines = len(access.session.patch_text.splitlines())
    if line is not None and line > lines:
        allowed = f"1 to {lines}" if lines else "none: the session has no patch"
        raise InvalidFields([FieldError("patch_line", line, "no such line", allowed)])


class AnnotationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Annotation]):
    """Remarks of one session."""

    serializer_class = AnnotationOut
    pagination_class = NewestFirst
    queryset = Annotation.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[Annotation]:
        access = session_access(self.request, self.kwargs["session_pk"])
        return Annotation.objects.filter(session=access.session).select_related("run")

    def _own(self, request: Request, session_pk: str, pk: str) -> Annotation:
        access = owner_access(request, session_pk)
        found = Annotation.objects.select_related("run").filter(
            session=access.session, pk=pk
        )
        annotation = found.first()
        if annotation is None:
            raise Http404
        return annotation

    @extend_schema(request=AnnotationIn, responses={201: AnnotationOut})
    def create(self, request: Request, session_pk: str) -> Response:
        access = owner_access(request, session_pk)
        form = AnnotationIn(data=request.data)
        form.is_valid(raise_exception=True)
        annotation = annotation_create(
            session=access.session,
            author=person_of(request),
            body=form.validated_data["body"],
            anchor=_anchor(access, form.validated_data),
        )
        return Response(AnnotationOut(annotation).data, status=201)

    @extend_schema(request=AnnotationChange, responses=AnnotationOut)
    def partial_update(self, request: Request, session_pk: str, pk: str) -> Response:
        annotation = self._own(request, session_pk, pk)
        form = AnnotationChange(data=request.data)
        form.is_valid(raise_exception=True)
        change = form.validated_data
        if "body" in change:
            annotation_edit(annotation=annotation, body=change["body"])
        if "resolved" in change:
            annotation_set_resolved(annotation=annotation, resolved=change["resolved"])
        return Response(AnnotationOut(annotation).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, session_pk: str, pk: str) -> Response:
        self._own(request, session_pk, pk).delete()
        return Response(status=204)
