"""A session's words: rename in place, edit, duplicate."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.errors import DomainError
from sessions_app.forms.sessions import SessionForm, TitleForm
from sessions_app.permissions import owner_access, person_of
from sessions_app.services.sessions import session_duplicate, session_edit


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Title and description."""
    access = owner_access(request, session_id)
    session = access.session
    before = {"title": session.title, "description": session.description}
    form = SessionForm(request.POST or None, initial=before)
    if form.is_bound and form.is_valid():
        session_edit(session=session, **form.cleaned_data)
        return redirect("session", session_id)
    status = 422 if form.is_bound else 200
    context = {"session": session, "form": form}
    return render(request, "sessions/edit.html", context, status=status)


@require_POST
def rename(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The title alone, from the session's page."""
    access = owner_access(request, session_id)
    form = TitleForm(request.POST)
    if form.is_valid():
        session_edit(session=access.session, title=form.cleaned_data["title"])
    else:
        messages.error(request, "A title has 1 to 200 characters. Nothing was changed.")
    run = request.POST.get("run", "")
    place = redirect("session", session_id).url
    return redirect(f"{place}?run={run}" if run.isdigit() else place)


@require_POST
def duplicate(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """A session of one's own with the same recipes, which run again."""
    access = owner_access(request, session_id)
    try:
        copy = session_duplicate(session=access.session, owner=person_of(request))
    except DomainError as error:
        messages.error(request, f"Not duplicated: {error}.")
        return redirect("session", session_id)
    return redirect("session", copy.pk)
