"""A run once more with one thing changed: a breakpoint, seed and limits, or its recipe."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.errors import DomainError
from sessions_app.forms.runs import RecipeForm, SettingsForm, WatchForm
from sessions_app.models import Run
from sessions_app.permissions import Access, numbered_run, owner_access
from sessions_app.recipe_texts import (
    CheckedText,
    check_text,
    difference,
    excerpt,
    pretty,
)
from sessions_app.services.variations import (
    breakpoint_label,
    run_vary,
    settings_label,
    settings_of,
    with_breakpoint,
    with_settings,
)
from sessions_app.symbol_lists import SHOWN, matching, run_symbols
from sessions_app.views.pages import wait_url

_KINDS = ("data", "code")


def own_run(request: HttpRequest, session_id: UUID, number: int) -> tuple[Access, Run]:
    """A run of one's own session; a viewer is told so, others get 404."""
    access = owner_access(request, session_id)
    return access, numbered_run(request, session_id, number)[1]


@require_safe
def run_change(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The forms and the symbols to choose from; an address may fill in a breakpoint."""
    access, run = own_run(request, session_id, number)
    asked = {n: request.GET[n] for n in ("type", "length", "at") if n in request.GET}
    watch = WatchForm(prefix="bp0", initial={"type": "write", "length": "8"} | asked)
    return _page(request, access, run, watch=watch)


@require_POST
def run_breakpoint(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same and one more breakpoint."""
    access, run = own_run(request, session_id, number)
    form = WatchForm(request.POST, prefix="bp0")
    watch = form.watch() if form.is_valid() else None
    if watch is None:
        if form.is_valid():
            form.add_error("at", "Say where: a symbol, symbol+0x…, or 0x…")
        return _page(request, access, run, watch=form)
    try:
        recipe = with_breakpoint(run.recipe.body, watch)
        label = breakpoint_label(watch)
        made = run_vary(run=run, recipe=recipe, label=label, by=access.person)
    except DomainError as error:
        form.add_error(None, str(error))
        return _page(request, access, run, watch=form)
    return _on(request, run, made)


@require_POST
def run_settings(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same with another seed or other limits."""
    access, run = own_run(request, session_id, number)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, access, run, settings=form)
    before = settings_of(run.recipe.body)
    changes = {n: v for n, v in form.cleaned_data.items() if v != before[n]}
    if not changes:
        form.add_error(None, "Nothing is changed: change a number, or use Run again.")
        return _page(request, access, run, settings=form)
    try:
        recipe = with_settings(run.recipe.body, changes)
        label = settings_label(changes)
        made = run_vary(run=run, recipe=recipe, label=label, by=access.person)
    except DomainError as error:
        form.add_error(None, str(error))
        return _page(request, access, run, settings=form)
    return _on(request, run, made)


@require_http_methods(["GET", "HEAD", "POST"])
def run_recipe(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The editor: the recipe as text, what is wrong with it and where, the difference."""
    access, run = own_run(request, session_id, number)
    old = pretty(run.recipe.body)
    form = RecipeForm(request.POST or None, initial={"text": old})
    if not form.is_bound:
        return _editor(request, access, run, form, {})
    if not form.is_valid():
        return _editor(request, access, run, form, {}, status=422)
    text = form.cleaned_data["text"].replace("\r\n", "\n")
    checked = check_text(text)
    if checked.fault is None and request.POST.get("then") == "run":
        label = form.cleaned_data["label"] or "edited recipe"
        try:
            made = run_vary(run=run, recipe=text, label=label, by=access.person)
        except DomainError as error:
            form.add_error(None, f"Not started: {error}.")
            told = _told(run, old, text, checked)
            return _editor(request, access, run, form, told, status=422)
        return _on(request, run, made)
    status = 200 if checked.fault is None else 422
    told = _told(run, old, text, checked)
    return _editor(request, access, run, form, told, status=status)


def _told(run: Run, old: str, text: str, checked: CheckedText) -> dict[str, Any]:
    """What is said of a text. The difference is one of recipes where it is one."""
    fault = checked.fault
    new = pretty(checked.body) if fault is None else text
    return {
        "fault": fault,
        "excerpt": excerpt(text, fault.place) if fault else [],
        "difference": difference(old, new),
        "checked": checked.id,
        "same": checked.id == run.recipe_id,
    }


def _editor(
    request: HttpRequest,
    access: Access,
    run: Run,
    form: forms.Form,
    told: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = {"session": access.session, "run": run, "form": form, **told}
    return render(request, "sessions/recipe.html", context, status=status)


def _page(
    request: HttpRequest,
    access: Access,
    run: Run,
    watch: WatchForm | None = None,
    settings: SettingsForm | None = None,
) -> HttpResponse:
    text, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    kind = kind if kind in _KINDS else ""
    found = matching(run_symbols(run), text, kind)
    shown = settings or SettingsForm(initial=settings_of(run.recipe.body))
    context = {
        "session": access.session,
        "run": run,
        "watch": watch or WatchForm(prefix="bp0", initial={"length": "8"}),
        "settings": shown,
        "symbols": found[:SHOWN],
        "matching": len(found),
        "text": text,
        "kind": kind,
    }
    status = 422 if any(f and f.is_bound for f in (watch, settings)) else 200
    return render(request, "sessions/change.html", context, status=status)


def _on(request: HttpRequest, run: Run, made: Run) -> HttpResponse:
    """To the new run, or with ``then=compare`` to both."""
    if request.POST.get("then") == "compare":
        return redirect(wait_url(run, made))
    return redirect(f"{reverse('session', args=[run.session_id])}?run={made.number}")
