"""/teams/: people who share sessions and reviews, each with a role."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.forms.teams import MAX_NAME, MAX_USERNAME
from sessions_app.models import Membership, Team
from sessions_app.permissions import managed_team, person_of, team_access, teams_of
from sessions_app.services.accounts import invitation_create
from sessions_app.services.teams import (
    member_add,
    member_change,
    member_remove,
    team_create,
    team_delete,
    team_rename,
)


class TeamIn(StrictSerializer):
    """What a client says about a team."""

    name = serializers.CharField(max_length=MAX_NAME)


class RoleIn(StrictSerializer):
    """What somebody is in a team."""

    role = serializers.ChoiceField(choices=Membership.Role.choices)


class MemberIn(RoleIn):
    """Somebody who has an account."""

    user = serializers.CharField(max_length=MAX_USERNAME)


class TeamOut(serializers.ModelSerializer[Membership]):
    """A team, and what the caller is in it."""

    id = serializers.UUIDField(source="team_id", read_only=True)
    name = serializers.CharField(source="team.name", read_only=True)
    created_at = serializers.DateTimeField(source="team.created_at", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "name", "role", "created_at"]
        read_only_fields = fields


class MemberOut(serializers.ModelSerializer[Membership]):
    """Somebody in a team, since when."""

    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "user", "role", "created_at"]
        read_only_fields = fields


class TeamInvitationOut(serializers.Serializer[Any]):
    """The only time that its address is shown."""

    url = serializers.CharField()
    role = serializers.CharField()


class TeamViewSet(viewsets.GenericViewSet[Membership]):
    """Teams of the caller. They are few: lists come whole."""

    serializer_class = TeamOut
    pagination_class = None
    permission_classes = [IsAuthenticated]
    queryset = Membership.objects.none()
    lookup_value_regex = "[0-9a-f-]{36}"

    @extend_schema(responses=TeamOut(many=True))
    def list(self, request: Request) -> Response:
        """By name."""
        return Response(TeamOut(teams_of(request.user), many=True).data)

    @extend_schema(request=TeamIn, responses={201: TeamOut})
    def create(self, request: Request) -> Response:
        """A team of one, its owner."""
        form = TeamIn(data=request.data)
        form.is_valid(raise_exception=True)
        made = team_create(owner=person_of(request), **form.validated_data)
        return Response(TeamOut(made.members.get()).data, status=201)

    @extend_schema(responses=TeamOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(TeamOut(team_access(request, pk).member).data)

    @extend_schema(request=TeamIn, responses=TeamOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name."""
        access = managed_team(request, pk)
        form = TeamIn(data=request.data)
        form.is_valid(raise_exception=True)
        team_rename(team=access.team, **form.validated_data)
        return Response(TeamOut(access.member).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Its end; what was given to it stays with its owners."""
        team_delete(team=managed_team(request, pk).team)
        return Response(status=204)

    @extend_schema(request=RoleIn, responses={201: TeamInvitationOut})
    @action(detail=True, methods=["post"])
    def invitations(self, request: Request, pk: str) -> Response:
        """A link by which somebody joins once, within a week, with an account or a new one."""
        access = managed_team(request, pk)
        form = RoleIn(data=request.data)
        form.is_valid(raise_exception=True)
        role = form.validated_data["role"]
        secret = invitation_create(by=person_of(request), team=access.team, role=role)
        url = request.build_absolute_uri(reverse("invited", args=[secret]))
        told = {"url": url, "role": role}
        return Response(TeamInvitationOut(told).data, status=201)


class MemberViewSet(viewsets.GenericViewSet[Membership]):
    """Members of one team, for those who are in it."""

    serializer_class = MemberOut
    pagination_class = None
    permission_classes = [IsAuthenticated]
    queryset = Membership.objects.none()
    lookup_value_regex = "[0-9]{1,15}"

    def get_queryset(self) -> QuerySet[Membership]:
        return self._of(team_access(self.request, self.kwargs["team_pk"]).team)

    def _of(self, team: Team) -> QuerySet[Membership]:
        return team.members.select_related("user")

    def _member(self, team: Team, pk: str) -> Membership:
        found = self._of(team).filter(pk=pk).first()
        if found is None:
            raise Http404("no such member")
        return found

    @extend_schema(responses=MemberOut(many=True))
    def list(self, request: Request, team_pk: UUID) -> Response:
        """In the order in which they came."""
        return Response(MemberOut(self.get_queryset(), many=True).data)

    @extend_schema(request=MemberIn, responses={201: MemberOut})
    def create(self, request: Request, team_pk: UUID) -> Response:
        """Add somebody by their user name."""
        access = managed_team(request, team_pk)
        form = MemberIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        made = member_add(team=access.team, username=given["user"], role=given["role"])
        return Response(MemberOut(made).data, status=201)

    @extend_schema(request=RoleIn, responses=MemberOut)
    def partial_update(self, request: Request, team_pk: UUID, pk: str) -> Response:
        """Another role."""
        access = managed_team(request, team_pk)
        form = RoleIn(data=request.data)
        form.is_valid(raise_exception=True)
        member = self._member(access.team, pk)
        changed = member_change(member=member, role=form.validated_data["role"])
        return Response(MemberOut(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, team_pk: UUID, pk: str) -> Response:
        """Out of the team: an owner puts anybody out, everybody may leave."""
        access = team_access(request, team_pk)
        if str(access.member.pk) != pk:
            managed_team(request, team_pk)
        member_remove(member=self._member(access.team, pk))
        return Response(status=204)
