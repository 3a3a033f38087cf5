"""Remarks from the session page."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sessions_app.forms import AnnotationForm
from sessions_app.models import Annotation, Run
from sessions_app.permissions import Access, owner_access, person_of
from sessions_app.selectors import hit_by_number
from sessions_app.services.annotations import (
    Anchor,
    annotation_create,
    annotation_set_resolved,
)
from sessions_app.trace import REGISTER_NAMES


def _anchor(access: Access, form: AnnotationForm) -> Anchor:
    given = form.cleaned_data
    register = given["register"] if given["register"] in REGISTER_NAMES else ""
    lines = len(access.session.patch_text.splitlines())
    line = given["patch_line"]
    line = line if line and line <= lines else None
    run = Run.objects.filter(session=access.session, number=given["run"]).first()
    if run is None or not given["hit"]:
        return Anchor(run, None, register, line)
    record = hit_by_number(run, given["hit"])
    if record is None:
        raise Http404("no such hit")
    return Anchor(run, record.seq, register, line)


def _back(session_id: UUID, form: AnnotationForm) -> HttpResponse:
    given = form.cleaned_data
    where = {k: given.get(k) for k in ("run", "hit") if given.get(k)}
    return redirect(f"{redirect('session', session_id).url}?{urlencode(where)}")


@require_POST
def annotate(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Pin a remark to the chosen hit, a register or a patch line."""
    access = owner_access(request, session_id)
    form = AnnotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A remark needs words, at most 10 000 characters.")
        return _back(session_id, form)
    annotation_create(
        session=access.session,
        author=person_of(request),
        body=form.cleaned_data["body"],
        anchor=_anchor(access, form),
    )
    return _back(session_id, form)


@require_POST
def resolve(request: HttpRequest, session_id: UUID, annotation_id: str) -> HttpResponse:
    """Open to resolved and back."""
    access = owner_access(request, session_id)
    found = Annotation.objects.filter(session=access.session, pk=annotation_id).first()
    if found is None:
        raise Http404
    annotation_set_resolved(annotation=found, resolved=found.resolved_at is None)
    return redirect(f"{redirect('session', session_id).url}?tab=notes")
