"""Teams and who is in them. A team has an owner at any time."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app.errors import TeamRefused, UnknownPerson
from sessions_app.models import Membership, Team
from sessions_app.roles import OWNER, rank

#: So many people are in a team at most, and so many teams has one person.
MAX_MEMBERS = 200
MAX_TEAMS = 50


@transaction.atomic
def team_create(*, owner: User, name: str) -> Team:
    """A team of one. Raises TeamRefused for somebody who is in MAX_TEAMS already."""
    _check_teams(owner)
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=owner, role=OWNER)
    return team


def team_rename(*, team: Team, name: str) -> Team:
    """Another name."""
    team.name = name
    team.save(update_fields=["name"])
    return team


def team_delete(*, team: Team) -> None:
    """The end of a team. What was given to it stays with whoever made it."""
    team.delete()


@transaction.atomic
def member_add(*, team: Team, username: str, role: str) -> Membership:
    """Somebody who has an account becomes a member. Raises UnknownPerson, and
    TeamRefused: they are in it already, or it is full."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UnknownPerson(
            f"nobody here is called {username[:40]!r}",
            field="user",
            value=username[:150],
            allowed="the user name of somebody with an account",
        )
    if Membership.objects.filter(team=team, user=user).exists():
        raise TeamRefused(
            f"{username} is in the team already",
            field="user",
            value=username,
            allowed="somebody who is not in it yet",
        )
    return member_join(team=team, user=user, role=role)


@transaction.atomic
def member_join(*, team: Team, user: User, role: str) -> Membership:
    """A member, now or already; nobody loses a role by that. Raises TeamRefused."""
    locked = Team.objects.select_for_update().get(pk=team.pk)
    found = Membership.objects.filter(team=locked, user=user).first()
    if found is not None:
        if rank(found.role) < rank(role):
            found.role = role
            found.save(update_fields=["role"])
        return found
    if locked.members.count() >= MAX_MEMBERS:
        raise TeamRefused(
            "the team is full", field="team", allowed=f"at most {MAX_MEMBERS} members"
        )
    _check_teams(user)
    return Membership.objects.create(team=locked, user=user, role=role)


@transaction.atomic
def member_change(*, member: Membership, role: str) -> Membership:
    """Another role. Raises TeamRefused where no owner would be left."""
    if role != OWNER:
        _check_last(member)
    member.role = role
    member.save(update_fields=["role"])
    return member


@transaction.atomic
def member_remove(*, member: Membership) -> None:
    """Out of the team, by an owner or by themselves. What they gave to it stays given
    until they take it back. Raises TeamRefused for the last owner."""
    _check_last(member)
    member.delete()


def _check_last(member: Membership) -> None:
    """Of two owners who leave at the same moment one stays: both wait for the team."""
    Team.objects.select_for_update().get(pk=member.team_id)
    owners = Membership.objects.filter(team=member.team_id, role=OWNER)
    # As it is now, not as it was when the member was looked up.
    if [owner.pk for owner in owners] == [member.pk]:
        raise TeamRefused(
            "the last owner of a team cannot leave it or become something else",
            field="role",
            value=member.role,
            allowed="make somebody else an owner first, or delete the team",
        )


def _check_teams(user: User) -> None:
    if Membership.objects.filter(user=user).count() >= MAX_TEAMS:
        raise TeamRefused(
            f"{user.get_username()} is in {MAX_TEAMS} teams",
            field="user",
            value=user.get_username(),
            allowed=f"somebody who is in fewer than {MAX_TEAMS}",
        )
