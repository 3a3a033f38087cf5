"""The notebook on the session page: keep, write, order, take out, download."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from sessions_app.errors import DomainError
from sessions_app.forms.sessions import EntryForm, KeepForm
from sessions_app.models import NotebookEntry, Run
from sessions_app.notebook import kept_moment, notebook_markdown
from sessions_app.permissions import Access, owner_access, person_of, session_access
from sessions_app.selectors import notebook_entries
from sessions_app.services.notebook import (
    entry_edit,
    entry_keep,
    entry_move,
    entry_remove,
)
from sessions_app.views.pages import wants_fragment

_STEPS = {"up": -1, "down": 1}


def _answer(request: HttpRequest, access: Access, problem: str = "") -> HttpResponse:
    if not wants_fragment(request):
        if problem:
            messages.error(request, problem)
        return redirect(f"{redirect('session', access.session.pk).url}?tab=notebook")
    context = {
        "access": access,
        "session": access.session,
        "notebook": notebook_entries(access.session),
        "notebook_problem": problem,
    }
    return render(request, "sessions/_notebook.html", context)


@require_POST
def keep(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Keep the chosen moment."""
    access = owner_access(request, session_id)
    form = KeepForm(request.POST)
    if not form.is_valid():
        return _answer(request, access, "A kept moment needs a run and an event.")
    given = form.cleaned_data
    runs = Run.objects.filter(session=access.session).select_related("recipe")
    run = runs.filter(number=given["run"]).first()
    if run is None:
        raise Http404("no such run")
    try:
        kept = kept_moment(run, given["seq"], given["moment"])
        entry_keep(session=access.session, run=run, by=person_of(request), kept=kept)
    except DomainError as error:
        return _answer(request, access, f"Not kept: {error}.")
    return _answer(request, access)


@require_POST
def change(request: HttpRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """Write the text of an entry, move it by one place, or take it out."""
    access = owner_access(request, session_id)
    entry = notebook_entries(access.session).filter(pk=entry_id).first()
    if entry is None:
        raise Http404("no such entry")
    form = EntryForm(request.POST)
    if not form.is_valid():
        return _answer(request, access, "A text has at most 10 000 characters.")
    _carry_out(entry, form.cleaned_data["do"], form.cleaned_data["text"])
    return _answer(request, access)


def _carry_out(entry: NotebookEntry, what: str, text: str) -> None:
    if what == "remove":
        entry_remove(entry=entry)
    elif what in _STEPS:
        # What was written and not yet saved is not lost by moving.
        entry_edit(entry=entry, text=text)
        entry_move(entry=entry, position=entry.position + _STEPS[what])
    else:
        entry_edit(entry=entry, text=text)


@require_safe
def markdown(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The notebook as a file."""
    access = session_access(request, session_id)
    url = request.build_absolute_uri(reverse("session", args=[session_id]))
    text = notebook_markdown(
        access.session, list(notebook_entries(access.session)), url
    )
    answer = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    name = slugify(access.session.title)[:60] or "notebook"
    answer["Content-Disposition"] = f'attachment; filename="{name}.md"'
    return answer
