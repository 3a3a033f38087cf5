"""Deleting from the pages, one click back, and whether a run comes out the same."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sessions_app.errors import DomainError
from sessions_app.permissions import (
    numbered_run,
    owner_access,
    person_of,
    sole_access,
)
from sessions_app.services.deletion import (
    deleted_runs,
    deleted_sessions,
    run_delete,
    run_restore,
    session_delete,
    session_restore,
)
from sessions_app.services.verification import run_verify


@require_POST
def session_remove(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Hide a session; the home page says how to get it back."""
    session_delete(session=sole_access(request, session_id).session)
    return redirect("home")


@login_required
@require_POST
def session_bring_back(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Undo."""
    session = deleted_sessions(person_of(request)).filter(pk=session_id).first()
    if session is None:
        raise Http404("no such session")
    session_restore(session=session)
    return redirect("session", session_id)


@require_POST
def run_remove(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """Hide a run; the session's page says how to get it back."""
    owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    run_delete(run=run)
    return redirect("session", session_id)


@require_POST
def run_bring_back(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """Undo."""
    access = owner_access(request, session_id)
    run = deleted_runs(access.session).filter(number=number).first()
    if run is None:
        raise Http404("no such run")
    run_restore(run=run)
    return redirect(f"{redirect('session', session_id).url}?run={number}")


@require_POST
def verify(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """Run it again and compare; the run's page says what came of it."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    try:
        run_verify(run=run, by=access.person)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{redirect('session', session_id).url}?run={number}")
