"""Teams and who is in them."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from sessions_app.errors import UnknownTeam
from sessions_app.models import Membership, Team
from sessions_app.roles import Person, TeamAccess


def teams_of(person: Person) -> QuerySet[Membership]:
    """Somebody's places in teams, by the teams' names."""
    if not isinstance(person, User):
        return Membership.objects.none()
    found = Membership.objects.filter(user=person).select_related("team")
    return found.order_by("team__name", "pk")


def joined_team(person: Person, team_id: UUID | str) -> Team:
    """A team that somebody is in, to give a thing to. Raises UnknownTeam."""
    found = teams_of(person).filter(team_id=team_id).first()
    if found is None:
        raise UnknownTeam(
            "you are in no such team",
            field="team",
            value=str(team_id),
            allowed="the id of a team that you are in, or null",
        )
    return found.team


def team_access(request: HttpRequest, team_id: UUID | str) -> TeamAccess:
    """A team that the caller is in. Raises Http404."""
    found = teams_of(request.user).filter(team_id=team_id).first()
    if found is None:
        raise Http404("no such team")
    return TeamAccess(found.team, found)


def managed_team(request: HttpRequest, team_id: UUID | str) -> TeamAccess:
    """A team to manage: its other members are told so, others get 404."""
    access = team_access(request, team_id)
    if not access.can_manage:
        raise PermissionDenied("only owners of the team do this")
    return access
