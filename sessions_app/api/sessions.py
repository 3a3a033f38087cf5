"""/sessions/: debug sessions and their runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
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
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.pagination import NewestFirst
from sessions_app.api.runs import RunOut
from sessions_app.models import DebugSession, Run
from sessions_app.permissions import (
    joined_team,
    owner_access,
    person_of,
    public_sessions,
    session_access,
    sessions_of,
    sole_access,
)
from sessions_app.services.deletion import (
    deleted_sessions,
    session_delete,
    session_restore,
)
from sessions_app.services.sessions import (
    session_create,
    session_duplicate,
    session_edit,
    session_show,
)
from sessions_app.token_scopes import check_hands_out

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
    visibility = serializers.ChoiceField(
        choices=DebugSession.Visibility.choices, required=False
    )
    team = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="id of a team that you are in, whose members have their role here too",
    )


class SessionOut(serializers.ModelSerializer[DebugSession]):
    """A session as every list and answer shows it."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    scenario = serializers.CharField(
        read_only=True, help_text="slug of the scenario that it was made of, or empty"
    )

    class Meta:
        model = DebugSession
        fields = [
            "id",
            "title",
            "description",
            "scenario",
            "patch_text",
            "visibility",
            "team",
            "owner",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


#: What of a session or a review says who sees it.
SEEN = frozenset({"visibility", "team"})


def shown_to(request: Request, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, the team by itself instead of its id. Raises UnknownTeam, and
    PermissionDenied for a token that may not hand out access."""
    check_hands_out(request, given)
    found = dict(given)
    if found.get("team"):
        found["team"] = joined_team(request.user, found["team"])
    return found


def reader_permissions(request: Request) -> list[BasePermission]:
    """Reading may come from a share cookie, so it is decided per object; writing needs a person."""
    return [AllowAny()] if request.method in SAFE_METHODS else [IsAuthenticated()]


class SessionViewSet(Idempotent, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Sessions of the caller and their teams; one also for whoever else may read it."""

    serializer_class = SessionOut
    pagination_class = NewestFirst
    queryset = DebugSession.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in ("list", "create", "public"):
            return [IsAuthenticated()]
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[DebugSession]:
        return sessions_of(self.request.user)

    @extend_schema(request=SessionIn, responses={201: SessionOut})
    def create(self, request: Request) -> Response:
        form = SessionIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = shown_to(request, form.validated_data)
        session = session_create(owner=person_of(request), **given)
        return Response(SessionOut(session).data, status=201)

    @extend_schema(responses=SessionOut(many=True))
    @action(detail=False)
    def public(self, request: Request) -> Response:
        """Sessions that others have made public, newest first."""
        page: Any = self.paginate_queryset(public_sessions(request.user))
        return self.get_paginated_response(SessionOut(page, many=True).data)

    @extend_schema(responses=SessionOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(SessionOut(session_access(request, pk).session).data)

    @extend_schema(request=SessionIn(partial=True), responses=SessionOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        access = owner_access(request, pk)
        form = SessionIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        given = shown_to(request, form.validated_data)
        if "team" in given:
            sole_access(request, pk)
        seen = {name: given.pop(name) for name in SEEN & set(given)}
        with transaction.atomic():
            session_edit(session=access.session, **given)
            session = session_show(session=access.session, **seen)
        return Response(SessionOut(session).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Hide it at once; it can be restored for some days."""
        session_delete(session=sole_access(request, pk).session)
        return Response(status=204)

    @extend_schema(request=None, responses=SessionOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring a deleted session back."""
        session = deleted_sessions(person_of(request)).filter(pk=pk).first()
        if session is None:
            raise Http404
        session_restore(session=session)
        session.refresh_from_db()
        return Response(SessionOut(session).data)

    @extend_schema(request=None, responses={201: SessionOut})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """A session of its own with the same recipes, which run again."""
        session = owner_access(request, pk).session
        copy = session_duplicate(session=session, owner=person_of(request))
        return Response(SessionOut(copy).data, status=201)

    @extend_schema(responses=RunOut(many=True))
    @action(detail=True, pagination_class=NewestFirst)
    def runs(self, request: Request, pk: str) -> Response:
        """The runs of one session, newest first."""
        access = session_access(request, pk)
        runs = Run.objects.filter(session=access.session)
        page: Any = self.paginate_queryset(runs)
        return self.get_paginated_response(RunOut(page, many=True).data)
