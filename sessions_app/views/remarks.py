"""Remarks from the session page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from sessions_app.anchors import anchor_of
from sessions_app.errors import DomainError
from sessions_app.forms.annotations import AnnotationChangeForm, AnnotationForm
from sessions_app.models import Annotation, Run
from sessions_app.notes import note_of
from sessions_app.parts import Part, parse_part
from sessions_app.permissions import (
    Access,
    annotation_access,
    own_annotation,
    speaking_access,
)
from sessions_app.selectors import hit_by_number
from sessions_app.services.annotations import (
    Anchor,
    annotation_create,
    annotation_edit,
    annotation_remove,
    annotation_set_resolved,
)

#: The tab with the notes; on a phone the pane that it is in.
_TALK = "tab=notes&pane=code"


def _anchor(access: Access, given: dict[str, Any]) -> Anchor:
    number = given["run"]
    part = parse_part(given["on"]) or Part(register=given["register"])
    seq = given["event"]
    if number and given["hit"]:
        run = Run.objects.filter(session=access.session, number=number).first()
        record = hit_by_number(run, given["hit"]) if run is not None else None
        if record is None:
            raise Http404("no such hit")
        seq = record.seq
    return anchor_of(
        access.session,
        run=number,
        seq=seq,
        part=part,
        patch_line=given["patch_line"],
        moment=given["moment"],
    )


def _back(session_id: UUID, given: dict[str, Any]) -> HttpResponse:
    where = {k: given.get(k) for k in ("run", "hit", "event", "moment") if given.get(k)}
    return redirect(f"{redirect('session', session_id).url}?{urlencode(where)}")


def _answered(access: Access, given: dict[str, Any]) -> Annotation | None:
    if not given["answers"]:
        return None
    own = Annotation.objects.filter(session=access.session)
    found = own.select_related("answers").filter(pk=given["answers"]).first()
    if found is None:
        raise Http404("no such remark")
    return found


@require_POST
def annotate(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Pin a remark to a hit or an event, a part of the machine or a patch line; or answer
    one. What is refused comes back with its words."""
    access = speaking_access(request, session_id)
    form = AnnotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A remark needs words, at most 10 000 characters.")
        return _back(session_id, form.cleaned_data)
    given = form.cleaned_data
    answers = _answered(access, given)
    try:
        annotation_create(
            session=access.session,
            author=access.person,
            name=access.name,
            body=given["body"],
            anchor=Anchor() if answers else _anchor(access, given),
            answers=answers,
        )
    except DomainError as error:
        context = {"session": access.session, "given": given, "error": error}
        return render(request, "sessions/annotate.html", context, status=422)
    return _notes(session_id, answers) if answers else _back(session_id, given)


@require_POST
def resolve(request: HttpRequest, session_id: UUID, annotation_id: str) -> HttpResponse:
    """Open to resolved and back."""
    _, found = annotation_access(request, session_id, annotation_id)
    annotation_set_resolved(annotation=found, resolved=found.resolved_at is None)
    return _notes(session_id, found)


@require_POST
def change(request: HttpRequest, session_id: UUID, annotation_id: str) -> HttpResponse:
    """Other words, resolved, reopened, or taken out."""
    form = AnnotationChangeForm(request.POST)
    what = form.data.get("do", "")
    if what == "edit":
        found = own_annotation(request, session_id, annotation_id)
    else:
        _, found = annotation_access(request, session_id, annotation_id)
    if not form.is_valid():
        messages.error(request, "A remark needs words, at most 10 000 characters.")
        return _notes(session_id, found)
    try:
        _carry_out(found, what, form.cleaned_data["body"])
    except DomainError as error:
        messages.error(request, f"Not changed: {error}.")
    return _notes(session_id, found)


def _carry_out(annotation: Annotation, what: str, body: str) -> None:
    if what == "remove":
        annotation_remove(annotation=annotation)
    elif what == "edit":
        annotation_edit(annotation=annotation, body=body)
    else:
        annotation_set_resolved(annotation=annotation, resolved=what == "resolve")


def _notes(session_id: UUID, annotation: Annotation) -> HttpResponse:
    """The talk, at the moment that it is about."""
    top = annotation.answers or annotation
    query = "&".join(part for part in (note_of(top).query, _TALK) if part)
    page = redirect("session", session_id).url
    return redirect(f"{page}?{query}#note-{annotation.pk}")
