"""Switch sets: kernels of one's own, made from a shipped one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app import runner
from sessions_app.errors import DomainError
from sessions_app.kernels import set_name
from sessions_app.models import SwitchSet
from sessions_app.permissions import (
    own_switch_set,
    person_of,
    public_switch_sets,
    switch_set_for,
    switch_sets_of,
)
from sessions_app.services.switch_sets import (
    switch_set_create,
    switch_set_delete,
    switch_set_edit,
)
from sessions_app.switch_form import SwitchSetForm, initial_values
from sessions_app.views.variants import by_section


@login_required
@require_safe
def switch_sets(request: HttpRequest) -> HttpResponse:
    """One's own, and what others have made public."""
    person = person_of(request)
    context = {
        "page": "variants",
        "mine": switch_sets_of(person),
        "others": public_switch_sets(person),
    }
    return render(request, "variants/sets.html", context)


@login_required
@require_safe
def switch_set(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """What it changes of its base, and where it can be used."""
    found = switch_set_for(request, set_id)
    rows = runner.switch_rows(found.base, found.changes)
    context = {
        "page": "variants",
        "set": found,
        "set_name": set_name(found),
        "base": runner.variant(found.base),
        "changed": [row for row in rows if row.changed],
        "sections": by_section(rows),
        "mine": found.owner_id == person_of(request).pk,
        "address": request.build_absolute_uri(reverse("switch-set", args=[found.pk])),
    }
    return render(request, "variants/set.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch_set_new(request: HttpRequest) -> HttpResponse:
    """Make a set; ?base= is the kernel to start from."""
    return _edited(request, None, {"base": _base(request)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch_set_change(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Change a set of one's own."""
    found = own_switch_set(request, set_id)
    return _edited(request, found, initial_values(found))


@login_required
@require_POST
def switch_set_remove(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Delete a set of one's own."""
    switch_set_delete(switch_set=own_switch_set(request, set_id))
    return redirect("switch-sets")


def _base(request: HttpRequest) -> str:
    """The variant that a form begins with."""
    found = runner.variant(request.GET.get("base", ""))
    return found.id if found else runner.DEFAULT_VARIANT


def _edited(
    request: HttpRequest, switch_set: SwitchSet | None, initial: dict[str, Any]
) -> HttpResponse:
    if request.method != "POST":
        form = SwitchSetForm(initial=initial, base=initial["base"])
        return _form(request, form, switch_set)
    chosen = runner.variant(request.POST.get("base", ""))
    base = chosen.id if chosen else initial["base"]
    if "show" in request.POST:
        # The values of another base; nothing is kept yet.
        form = SwitchSetForm(initial=request.POST.dict(), base=base)
        return _form(request, form, switch_set)
    form = SwitchSetForm(request.POST, base=base)
    if form.is_valid():
        try:
            kept = _kept(request, form, switch_set)
        except DomainError as error:
            form.blame(error.field, error.detail)
        else:
            return redirect("switch-set", kept.pk)
    return _form(request, form, switch_set, status=422)


def _kept(
    request: HttpRequest, form: SwitchSetForm, switch_set: SwitchSet | None
) -> SwitchSet:
    names = ("name", "base", "note", "visibility")
    given = {name: form.cleaned_data[name] for name in names}
    given["changes"] = form.changes
    if switch_set is None:
        return switch_set_create(owner=person_of(request), **given)
    return switch_set_edit(switch_set=switch_set, **given)


def _form(
    request: HttpRequest,
    form: SwitchSetForm,
    switch_set: SwitchSet | None,
    status: int = 200,
) -> HttpResponse:
    context = {"page": "variants", "form": form, "set": switch_set}
    return render(request, "variants/set_form.html", context, status=status)
