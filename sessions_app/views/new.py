"""A new session: from assembly or from an ELF file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app import runner
from sessions_app.errors import DomainError, UnknownKernel
from sessions_app.forms.runs import ROWS, NewSessionForm
from sessions_app.kernels import Choices, kernel_choices, kernel_for
from sessions_app.models import DebugSession, Image
from sessions_app.permissions import numbered_run, owner_access, person_of
from sessions_app.services.images import image_assemble, image_keep, image_read_elf
from sessions_app.services.launch import Launch, launch_program, run_fork
from sessions_app.services.recipes import Builder
from sessions_app.services.runs import run_create
from sessions_app.symbol_lists import SHOWN, Symbol, image_table, matching
from sessions_app.views.pages import wait_url


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: image, recipe, session, run; or nothing at all."""
    if request.method == "POST" and {"read", "choose"} & set(request.POST):
        return _read_symbols(request)
    wanted, choices = _kernels(request)
    form = NewSessionForm(
        request.POST or None,
        request.FILES or None,
        variants=choices,
        initial={"variant": wanted},
    )
    if request.method == "POST" and form.is_valid():
        try:
            session = _start(request, form)
        except DomainError as error:
            form.blame(getattr(error, "field", None), str(error))
        else:
            return redirect("session", session.pk)
    status = 422 if form.is_bound else 200
    context = {"form": form, "program": _program(form)}
    return render(request, "sessions/new.html", context, status=status)


def _read_symbols(request: HttpRequest) -> HttpResponse:
    """The same form with the symbols of its program, and with the one that was chosen in
    the first empty breakpoint line. The program is kept: a page cannot send it again."""
    data = request.POST.copy()
    _, choices = _kernels(request)
    program, wrong = _given(request), ""
    if program is None and "elf" in request.FILES:
        upload: Any = request.FILES["elf"]
        try:
            name = upload.name or "program"
            read = image_read_elf(data=upload.read(), name=name)
            program = image_keep(read, by=person_of(request))
        except DomainError as error:
            wrong = str(error)
    data["image"] = program.sha256 if program else ""
    table = image_table(program) if program else ()
    _choose(data, [s for s in table if s.name == data.get("choose")])
    form = NewSessionForm(data, variants=choices)
    if program is None:
        form.add_error("elf", wrong or "Choose an ELF file to read its symbols.")
    found = matching(table, data.get("find", ""))
    context = {
        "form": form,
        "program": program,
        "symbols": found[:SHOWN],
        "matching": len(found),
        "find": data.get("find", ""),
    }
    return render(request, "sessions/new.html", context, status=200 if program else 422)


def _given(request: HttpRequest) -> Image | None:
    """A program that was read before, unless there is a new file."""
    if "elf" in request.FILES:
        return None
    return Image.objects.filter(pk=request.POST.get("image", "")).first()


def _program(form: NewSessionForm) -> Image | None:
    wanted = form.data.get("image") if form.is_bound else None
    return Image.objects.filter(pk=wanted).first() if wanted else None


def _choose(data: QueryDict, chosen: Sequence[Symbol]) -> None:
    empty = [n for n in range(ROWS) if not data.get(f"bp{n}-at", "").strip()]
    for symbol in chosen[:1] if empty else ():
        line = f"bp{empty[0]}"
        data[f"{line}-type"] = symbol.type
        data[f"{line}-length"] = str(symbol.length)
        data[f"{line}-at"] = symbol.name


def _kernels(request: HttpRequest) -> tuple[str, Choices]:
    """The kernel that the person came with, and what there is to choose from."""
    wanted = (
        request.POST.get("variant")
        or request.GET.get("variant")
        or runner.DEFAULT_VARIANT
    )
    try:
        kernel = kernel_for(request, wanted)
    except UnknownKernel:
        return runner.DEFAULT_VARIANT, kernel_choices(person_of(request))
    return kernel.name, kernel_choices(person_of(request), kernel)


def _start(request: HttpRequest, form: NewSessionForm) -> DebugSession:
    given = form.cleaned_data
    upload = given.get("elf")
    kept = Image.objects.filter(pk=given["image"]).first() if given["image"] else None
    if upload:
        image = image_read_elf(data=upload.read(), name=upload.name)
    elif kept is not None:
        image = kept
    else:
        image = image_assemble(source=given["assembly"], mode=given["mode"])
    kernel = kernel_for(request, given["variant"])
    wish = Builder(
        image=image,
        watches=form.wanted(),
        variant=kernel.base,
        switches=dict(kernel.changes),
        mode=given["mode"],
        cpus=given["cpus"],
        entry=image.entry,
        seed=given["seed"],
        instructions=given["instructions"],
        events=given["events"],
        wall_ms=given["wall_ms"],
        kgdb=given["kgdb"],
    )
    title = given["title"].strip() or f"{image.name or 'program'}, watched"
    label = kernel.label if kernel.set_id else ""
    launch = Launch(person_of(request), title, wish, label, given["hold"])
    return launch_program(launch)


@require_POST
def run_again(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same recipe once more: the digests will tell that it is the same trace."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    try:
        again = run_create(
            session=access.session, recipe=run.recipe, by=access.person, label=run.label
        )
    except DomainError as error:
        messages.error(request, f"Not started: {error}.")
        return redirect(f"{_session_url(session_id)}?run={number}")
    return redirect(f"{_session_url(session_id)}?run={again.number}")


@require_POST
def run_on(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same recipe on another kernel; with ``then=compare`` on to the comparison."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    try:
        kernel = kernel_for(request, request.POST.get("variant", ""))
        other = run_fork(
            run=run,
            base=kernel.base,
            changes=kernel.changes,
            label=kernel.label,
            by=access.person,
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_session_url(session_id)}?run={number}")
    if request.POST.get("then") == "compare":
        return redirect(wait_url(run, other))
    return redirect(f"{_session_url(session_id)}?run={other.number}")


def _session_url(session_id: UUID) -> str:
    return redirect("session", session_id).url
