"""Runs, and the recipes that they execute."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from sessions_app.models import DebugSession, Run, StoredRecipe
from sessions_app.permissions.grants import link_ids, live_links, own
from sessions_app.permissions.sessions import owner_access, session_access
from sessions_app.roles import Access, Person


def runs_of(person: Person) -> QuerySet[Run]:
    """The runs of the sessions of a person and of their teams."""
    if not isinstance(person, User):
        return Run.objects.none()
    return Run.objects.filter(
        own(person, "session__"), session__deleted_at=None
    ).select_related("session", "recipe")


def run_access(request: HttpRequest, run_id: UUID | str) -> tuple[Access, Run]:
    """A run and the access to its session. Raises Http404."""
    run = Run.objects.select_related("session", "recipe").filter(pk=run_id).first()
    if run is None:
        raise Http404("no such run")
    return session_access(request, run.session_id), run


def restorable_run(request: HttpRequest, run_id: UUID | str) -> Run:
    """A deleted run of a session that the caller may change: a viewer is told so, for
    others there is none."""
    run = Run.everything.filter(pk=run_id, deleted_at__isnull=False).first()
    if run is None:
        raise Http404("no such run")
    owner_access(request, run.session_id)
    return run


def controlled_run(request: HttpRequest, run_id: UUID | str) -> tuple[Access, Run]:
    """A run that the caller may debug: a viewer is told so, others get 404."""
    access, run = run_access(request, run_id)
    if not access.can_control:
        raise PermissionDenied("you may not control the runs of this session")
    return access, run


def numbered_run(
    request: HttpRequest, session_id: UUID, number: int
) -> tuple[Access, Run]:
    """Run n of a session. Raises Http404."""
    access = session_access(request, session_id)
    run = (
        Run.objects.select_related("recipe")
        .filter(session=access.session, number=number)
        .first()
    )
    if run is None:
        raise Http404("no such run")
    return access, run


def recipe_is_readable(request: HttpRequest, recipe: StoredRecipe) -> bool:
    """Whether a run in a session that the caller may read used it."""
    seen = ~Q(visibility=DebugSession.Visibility.PRIVATE)
    if isinstance(request.user, User):
        seen |= own(request.user)
    if ids := link_ids(request.COOKIES):
        seen |= Q(pk__in=live_links().filter(pk__in=ids).values("session"))
    readable = DebugSession.objects.filter(seen).values("pk")
    return Run.objects.filter(recipe=recipe, session__in=readable).exists()
