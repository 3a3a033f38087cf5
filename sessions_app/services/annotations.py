"""Remarks of people, pinned to a moment, a part of the machine or a line of the patch."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sessions_app.errors import InvalidAnchor, RemarkRefused
from sessions_app.models import Annotation, DebugSession, Run
from sessions_app.parts import Part
from sessions_app.services.earlier_texts import words_remove, words_replace
from sessions_app.services.notices.tell import annotation_changed, annotation_said

#: Characters of a remark.
MAX_BODY = 10_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a remark is pinned; any part may be absent."""

    run: Run | None = None
    seq: int | None = None
    part: Part = Part()
    patch_line: int | None = None
    moment: str = ""
    """A snapshot of the hit, one of models.anchor.MOMENTS; empty: the last."""


@transaction.atomic
def annotation_create(
    *,
    session: DebugSession,
    author: User | None,
    name: str,
    body: str,
    anchor: Anchor = Anchor(),
    answers: Annotation | None = None,
) -> Annotation:
    """Keep a remark with the session, under the name that is shown; a guest has no
    account. An answer stands where its talk stands, below the remark at the top."""
    answered = None if answers is None else answers.author
    if answers is not None:
        answers = answers.answers or answers
        _check_answered(session, answers)
        anchor = Anchor()
    made = Annotation.objects.create(
        session=session,
        author=author,
        author_name=name,
        body=body,
        run=anchor.run,
        seq=anchor.seq,
        patch_line=anchor.patch_line,
        answers=answers,
        moment=anchor.moment,
        **anchor.part.columns,
    )
    session_touch(session)
    annotation_said(made, answered=answered)
    return made


def _check_answered(session: DebugSession, answers: Annotation) -> None:
    if answers.session_id != session.pk:
        raise InvalidAnchor(
            "no such remark to answer",
            field="answers",
            value=str(answers.pk),
            allowed="a remark of the same session",
        )


@transaction.atomic
def annotation_edit(*, annotation: Annotation, body: str) -> Annotation:
    """Change the words; the anchor stays, and so do the words of before. Raises
    RemarkRefused."""
    if not 0 < len(body) <= MAX_BODY:
        raise RemarkRefused(
            "a remark needs words",
            field="body",
            value=len(body),
            allowed=f"1 to {MAX_BODY} characters",
        )
    changed = words_replace(of=annotation, body=body)
    annotation_changed(changed)
    return changed


def annotation_remove(*, annotation: Annotation) -> bool:
    """Take it out; with answers it stays without words. Whether it stays."""
    return words_remove(of=annotation)


def annotation_set_resolved(*, annotation: Annotation, resolved: bool) -> Annotation:
    """Open or resolved; the first resolution keeps its time."""
    if resolved and annotation.resolved_at is None:
        annotation.resolved_at = timezone.now()
    elif not resolved:
        annotation.resolved_at = None
    annotation.save(update_fields=["resolved_at", "updated_at"])
    return annotation


def session_touch(session: DebugSession) -> None:
    """The session changed: lists show it on top."""
    DebugSession.objects.filter(pk=session.pk).update(updated_at=timezone.now())
