"""Remarks of people, pinned to a moment, a register or a line of the patch."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app.models import Annotation, DebugSession, Run


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a remark is pinned; any part may be absent."""

    run: Run | None = None
    seq: int | None = None
    register: str = ""
    patch_line: int | None = None


def annotation_create(
    *, session: DebugSession, author: User, body: str, anchor: Anchor
) -> Annotation:
    """Keep a remark with the session."""
    made = Annotation.objects.create(
        session=session,
        author=author,
        author_name=author.get_username(),
        body=body,
        run=anchor.run,
        seq=anchor.seq,
        register=anchor.register,
        patch_line=anchor.patch_line,
    )
    session_touch(session)
    return made


def annotation_edit(*, annotation: Annotation, body: str) -> Annotation:
    """Change the words; the anchor stays."""
    annotation.body = body
    annotation.save(update_fields=["body", "updated_at"])
    return annotation


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
