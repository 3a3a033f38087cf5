"""The session page: one run, its hits, one chosen moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sessions_app.errors import DomainError
from sessions_app.forms import PatchForm
from sessions_app.hit_lists import HitPage, hit_page
from sessions_app.models import Run
from sessions_app.moments import MomentView, moment_view
from sessions_app.notes import Note, patch_view, session_notes
from sessions_app.permissions import (
    Access,
    numbered_run,
    owner_access,
    session_access,
)
from sessions_app.run_facts import run_facts
from sessions_app.selectors import refused_breakpoints, run_output
from sessions_app.services.runs import run_command
from sessions_app.services.sessions import session_edit
from sessions_app.views.pages import run_shape, run_words, wants_fragment, whole_number

_MOMENTS = ("entry", "stub", "leave", "iret", "end")


def chosen_run(request: HttpRequest, access: Access) -> Run | None:
    """The run that the address names, else the latest."""
    runs = Run.objects.filter(session=access.session).select_related("recipe")
    number = whole_number(request.GET.get("run"))
    if "run" in request.GET:
        run = runs.filter(number=number).first() if number else None
        if run is None:
            raise Http404("no such run")
        return run
    return runs.order_by("-number").first()


def chosen_moment(
    request: HttpRequest, run: Run, notes: list[Note], default: int | None
) -> MomentView | None:
    """The hit that the address names, else the first one."""
    number = whole_number(request.GET.get("hit")) or default
    if number is None:
        return None
    wanted = request.GET.get("moment", "")
    view = moment_view(run, number, wanted if wanted in _MOMENTS else "")
    if view is not None:
        view.remarks = [
            n for n in notes if n.run_number == run.number and n.hit_number == number
        ]
    return view


def _context(request: HttpRequest, access: Access, run: Run) -> dict[str, Any]:
    facts = run_facts(run)
    notes = session_notes(access.session)
    moment = chosen_moment(request, run, notes, 1 if run.hits else None)
    page = hit_page(run, request.GET.get("q", ""), moment.number if moment else 0)
    noted = sorted(
        {n.hit_number for n in notes if n.hit_number and n.run_number == run.number}
    )
    return {
        "run": run,
        "recipe": facts,
        "limits": facts.limits,
        "run_words": run_words(run),
        "run_shape": run_shape(run),
        "moment": moment,
        "refused": refused_breakpoints(run),
        "notes": notes,
        "noted": noted,
        "watches": [
            {
                "address": f"{w.address:#x}" if w.address is not None else "",
                "letters": w.letters,
                "place": w.place,
            }
            for w in facts.breakpoints
        ],
        "patch_lines": patch_view(access.session, notes),
        "source": facts.source,
        "output": run_output(run),
        **_hits(page),
    }


def _hits(page: HitPage) -> dict[str, Any]:
    return {
        "hits": page.rows,
        "filter_text": page.text,
        "filter_error": page.error,
        "matching": len(page.rows),
        "more": page.more,
        "last_shown": page.rows[-1].number if page.rows else 0,
    }


@require_safe
def session_detail(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The workspace; everything readable is in the HTML."""
    access = session_access(request, session_id)
    run = chosen_run(request, access)
    context: dict[str, Any] = {
        "access": access,
        "session": access.session,
        "runs": Run.objects.filter(session=access.session).order_by("-number"),
        "run": run,
    }
    if run is not None:
        context |= _context(request, access, run)
    response = render(request, "sessions/detail.html", context)
    if access.link is not None:
        response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def moment(
    request: HttpRequest, session_id: UUID, number: int, hit: int
) -> HttpResponse:
    """Why, state and code of one hit, for the page's script to swap in."""
    access, run = numbered_run(request, session_id, number)
    notes = session_notes(access.session)
    view = moment_view(run, hit, request.GET.get("moment", ""))
    if view is None and not run.is_over:
        return HttpResponse(status=202)  # seen live, not stored yet: ask again
    if view is None:
        raise Http404("no such hit")
    view.remarks = [
        n for n in notes if n.run_number == run.number and n.hit_number == hit
    ]
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "recipe": view.facts,
        "moment": view,
    }
    return render(request, "sessions/_moment.html", context)


@require_safe
def output(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """What the program wrote so far."""
    _, run = numbered_run(request, session_id, number)
    context = {"run": run, "output": run_output(run)}
    return render(request, "sessions/_output.html", context)


@require_POST
def command(
    request: HttpRequest, session_id: UUID, number: int, what: str
) -> HttpResponse:
    """Pause, resume or cancel."""
    owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    try:
        run_command(run=run, command=what)
    except DomainError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    if wants_fragment(request):
        return HttpResponse(status=204)
    return redirect(f"{redirect('session', session_id).url}?run={number}")


@require_POST
def session_patch(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Keep the patch under discussion with the session."""
    access = owner_access(request, session_id)
    form = PatchForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["patch_text"].replace("\r\n", "\n")
        session_edit(session=access.session, patch_text=text)
    return redirect(f"{redirect('session', session_id).url}?tab=patch")
