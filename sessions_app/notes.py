"""Remarks of a session with the names that pages show: hit numbers, patch lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sessions_app.models import Annotation, DebugSession
from sessions_app.selectors import hit_number

_SHOWN = 500
_SIGNS = {"+": "add", "-": "del", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class Note:
    """A remark and where it is pinned, in the reader's numbers."""

    annotation: Annotation
    run_number: int | None
    hit_number: int | None

    id = property(lambda self: self.annotation.pk)
    body = property(lambda self: self.annotation.body)
    author_name = property(lambda self: self.annotation.author_name)
    register = property(lambda self: self.annotation.register)
    patch_line = property(lambda self: self.annotation.patch_line)
    resolved_at = property(lambda self: self.annotation.resolved_at)


@dataclass(slots=True)
class PatchLine:
    """One line of the kept patch."""

    number: int
    sign: str
    text: str
    css: str
    notes: list[Note] = field(default_factory=list)

    @property
    def noted(self) -> bool:
        """Whether a remark is pinned here."""
        return bool(self.notes)


def session_notes(session: DebugSession) -> list[Note]:
    """The remarks of a session, oldest first."""
    found = (
        Annotation.objects.filter(session=session)
        .select_related("run")
        .order_by("created_at")[:_SHOWN]
    )
    return [_note(annotation) for annotation in found]


def _note(annotation: Annotation) -> Note:
    run = annotation.run
    if run is None:
        return Note(annotation, None, None)
    number = None if annotation.seq is None else hit_number(run, annotation.seq)
    return Note(annotation, run.number, number)


def patch_view(session: DebugSession, notes: Sequence[Note]) -> list[PatchLine]:
    """The patch line by line with its remarks."""
    out = []
    for number, text in enumerate(session.patch_text.splitlines(), start=1):
        css = _SIGNS.get(text[:1], "")
        if text.startswith(("+++", "---")):
            css = "hunk"
        sign = text[:1] if css in ("add", "del") else ""
        out.append(PatchLine(number, sign, text[1:] if sign else text, css))
    for note in notes:
        if note.patch_line and note.patch_line <= len(out):
            out[note.patch_line - 1].notes.append(note)
    return out
