"""/sessions/: debug sessions and their runs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import (
    SAFE_METHODS,
    AllowAny,
    BasePermission,
    IsAuthenticated,
)
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.runs import RunOut
from sessions_app.models import DebugSession, Run
from sessions_app.permissions import (
    owner_access,
    person_of,
    session_access,
    sessions_of,
)
from sessions_app.services.sessions import session_create, session_edit

MAX_PATCH = 1_000_000


class SessionIn(StrictSerializer):
    """What a client may say about a session."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(
        max_length=10_000, required=False, allow_blank=True
    )
    patch_text = serializers.CharField(
        max_length=MAX_PATCH, required=False, allow_blank=True, trim_whitespace=False
    )


class SessionOut(serializers.ModelSerializer[DebugSession]):
    """A session as every list and answer shows it."""

    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = DebugSession
        fields = [
            "id",
            "title",
            "description",
            "scenario",
            "patch_text",
            "owner",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


def reader_permissions(request: Request) -> list[BasePermission]:
    """Reading may come from a share cookie, so it is decided per object; writing needs a person."""
    return [AllowAny()] if request.method in SAFE_METHODS else [IsAuthenticated()]


class SessionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Sessions of the caller; one session also for the holder of its share link."""

    serializer_class = SessionOut
    pagination_class = NewestFirst
    queryset = DebugSession.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("list", "create"):
            return [IsAuthenticated()]
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[DebugSession]:
        return sessions_of(self.request.user).select_related("owner")

    @extend_schema(request=SessionIn, responses={201: SessionOut})
    def create(self, request: Request) -> Response:
        form = SessionIn(data=request.data)
        form.is_valid(raise_exception=True)
        session = session_create(owner=person_of(request), **form.validated_data)
        return Response(SessionOut(session).data, status=201)

    @extend_schema(responses=SessionOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(SessionOut(session_access(request, pk).session).data)

    @extend_schema(request=SessionIn(partial=True), responses=SessionOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        access = owner_access(request, pk)
        form = SessionIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        session = session_edit(session=access.session, **form.validated_data)
        return Response(SessionOut(session).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        owner_access(request, pk).session.delete()
        return Response(status=204)

    @extend_schema(responses=RunOut(many=True))
    @action(detail=True, pagination_class=NewestFirst)
    def runs(self, request: Request, pk: str) -> Response:
        """The runs of one session, newest first."""
        access = session_access(request, pk)
        runs = Run.objects.filter(session=access.session)
        page: Any = self.paginate_queryset(runs)
        return self.get_paginated_response(RunOut(page, many=True).data)
