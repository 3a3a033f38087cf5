"""A new session: from a scenario, from assembly, from an ELF file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app import runner
from sessions_app.errors import DomainError
from sessions_app.forms import NewSessionForm
from sessions_app.models import DebugSession
from sessions_app.permissions import numbered_run, owner_access, person_of
from sessions_app.services.images import image_assemble, image_read_elf
from sessions_app.services.launch import Launch, launch_program, launch_scenario
from sessions_app.services.recipes import Builder
from sessions_app.services.runs import run_create


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: image, recipe, session, run; or nothing at all."""
    choices = [(v.id, f"{v.id} · {v.title}") for v in runner.variants()]
    form = NewSessionForm(request.POST or None, request.FILES or None, variants=choices)
    if request.method == "POST" and form.is_valid():
        try:
            session = _start(request, form)
        except DomainError as error:
            form.blame(getattr(error, "field", None), str(error))
        else:
            return redirect("session", session.pk)
    status = 422 if form.is_bound else 200
    return render(request, "sessions/new.html", {"form": form}, status=status)


def _start(request: HttpRequest, form: NewSessionForm) -> DebugSession:
    given = form.cleaned_data
    upload = given.get("elf")
    if upload:
        image = image_read_elf(data=upload.read(), name=upload.name)
    else:
        image = image_assemble(source=given["assembly"], mode=given["mode"])
    wish = Builder(
        image=image,
        watches=form.wanted(),
        variant=given["variant"],
        mode=given["mode"],
        cpus=given["cpus"],
        entry=image.entry,
        seed=given["seed"],
        instructions=given["instructions"],
        events=given["events"],
        wall_ms=given["wall_ms"],
    )
    title = given["title"].strip() or f"{image.name or 'program'}, watched"
    return launch_program(Launch(owner=person_of(request), title=title, recipe=wish))


@login_required
@require_POST
def scenario_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Run a scenario of the library in a session of its own."""
    scenario = runner.scenario(slug)
    if scenario is None:
        raise Http404
    try:
        session = launch_scenario(owner=person_of(request), scenario=scenario)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("home")
    return redirect("session", session.pk)


@require_POST
def run_again(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same recipe once more: the digests will tell that it is the same trace."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    again = run_create(session=access.session, recipe=run.recipe)
    return redirect(f"{_session_url(session_id)}?run={again.number}")


def _session_url(session_id: UUID) -> str:
    return redirect("session", session_id).url
