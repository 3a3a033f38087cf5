"""Teams: their members, and what was given to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.errors import DomainError
from sessions_app.forms.teams import MemberForm, RoleForm, TeamForm
from sessions_app.models import DebugSession, Membership
from sessions_app.permissions import (
    managed_team,
    person_of,
    team_access,
    teams_of,
)
from sessions_app.roles import TeamAccess
from sessions_app.services.accounts import invitation_create
from sessions_app.services.teams import (
    member_add,
    member_change,
    member_remove,
    team_create,
    team_delete,
    team_rename,
)
from sessions_app.views.home import session_rows

_LISTED = 100
_NO_CHANGE = "Not changed: choose one of what is offered."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def teams(request: HttpRequest) -> HttpResponse:
    """One's teams; a POST makes one."""
    person = person_of(request)
    form = TeamForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = team_create(owner=person, name=form.cleaned_data["name"])
            return redirect("team", made.pk)
        except DomainError as error:
            problem = f"No team was made: {error}."
    elif request.method == "POST":
        problem = "No team was made: a name of 1 to 80 characters."
    context = {"page": "teams", "places": teams_of(person), "problem": problem}
    return render(request, "teams/list.html", context, status=422 if problem else 200)


@login_required
@never_cache
@require_safe
def team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Who is in it, with which role, and what it has."""
    return _page(request, team_access(request, team_id))


def _page(request: HttpRequest, access: TeamAccess, **extra: Any) -> HttpResponse:
    given = DebugSession.objects.filter(team=access.team)
    reviews = access.team.reviews.select_related("owner", "team")
    context = {
        "page": "teams",
        "access": access,
        "team": access.team,
        "members": access.team.members.select_related("user"),
        "roles": Membership.Role.values,
        "rows": session_rows(person_of(request), given.select_related("owner", "team")),
        "reviews": reviews.prefetch_related("versions")[:_LISTED],
        **extra,
    }
    status = 422 if extra.get("problem") else 200
    return render(request, "teams/team.html", context, status=status)


@login_required
@require_POST
def rename(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Another name."""
    access = managed_team(request, team_id)
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _page(
            request, access, problem="Not renamed: a name of 1 to 80 characters."
        )
    team_rename(team=access.team, name=form.cleaned_data["name"])
    return redirect("team", team_id)


@login_required
@require_POST
def remove(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Its end; what was given to it stays with its owners."""
    access = managed_team(request, team_id)
    name = access.team.name
    team_delete(team=access.team)
    messages.success(request, f"The team {name} is gone.")
    return redirect("teams")


@login_required
@require_POST
def add(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """A member by their user name."""
    access = managed_team(request, team_id)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(
            request, access, problem="Nobody was added: a user name and a role."
        )
    try:
        member_add(
            team=access.team,
            username=form.cleaned_data["user"],
            role=form.cleaned_data["role"],
        )
    except DomainError as error:
        return _page(request, access, problem=f"Nobody was added: {error}.")
    return redirect("team", team_id)


@login_required
@never_cache
@require_POST
def invite(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """A link by which somebody joins, shown once."""
    access = managed_team(request, team_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, access, problem=_NO_CHANGE)
    secret = invitation_create(
        by=person_of(request), team=access.team, role=form.cleaned_data["role"]
    )
    path = reverse("invited", args=[secret])
    return _page(request, access, url=request.build_absolute_uri(path))


def _member(access: TeamAccess, member_id: int) -> Membership:
    found = access.team.members.filter(pk=member_id).first()
    if found is None:
        raise Http404("no such member")
    return found


@login_required
@require_POST
def change(request: HttpRequest, team_id: UUID, member_id: int) -> HttpResponse:
    """Another role, or out with ``do=remove``."""
    access = managed_team(request, team_id)
    member = _member(access, member_id)
    form = RoleForm(request.POST)
    try:
        if request.POST.get("do") == "remove":
            member_remove(member=member)
        elif form.is_valid():
            member_change(member=member, role=form.cleaned_data["role"])
        else:
            return _page(request, access, problem=_NO_CHANGE)
    except DomainError as error:
        return _page(request, access, problem=f"Not changed: {error}.")
    # Whoever put themselves out sees their other teams.
    still = teams_of(request.user).filter(team_id=team_id).exists()
    return redirect("team", team_id) if still else redirect("teams")


@login_required
@require_POST
def leave(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Out, by oneself."""
    access = team_access(request, team_id)
    try:
        member_remove(member=access.member)
    except DomainError as error:
        return _page(request, access, problem=f"You are still in it: {error}.")
    messages.success(request, f"You have left {access.team.name}.")
    return redirect("teams")
