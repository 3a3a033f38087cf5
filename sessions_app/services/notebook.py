"""The notebook of a session: moments kept in an order, each with its text."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max

from sessions_app.errors import NotebookFull
from sessions_app.models import DebugSession, NotebookEntry, Run
from sessions_app.services.annotations import session_touch

MAX_ENTRIES = 500
MAX_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What the machine said at a moment, in words."""

    seq: int
    hit_no: int | None
    moment: str
    title: str
    sentence: str
    place: str


def _locked(session: DebugSession) -> DebugSession:
    """Positions of one notebook are changed by one request at a time."""
    return DebugSession.objects.select_for_update().get(pk=session.pk)


@transaction.atomic
def entry_keep(
    *, session: DebugSession, run: Run, by: User, kept: Kept, text: str = ""
) -> NotebookEntry:
    """Keep a moment at the end; one that is kept already stays where it is, and new text
    replaces the old. Raises NotebookFull."""
    _locked(session)
    own = NotebookEntry.objects.filter(session=session)
    again = own.filter(run=run, seq=kept.seq, moment=kept.moment).first()
    if again is not None:
        return entry_edit(entry=again, text=text) if text else again
    last = own.aggregate(last=Max("position"))["last"] or 0
    if last >= MAX_ENTRIES:
        raise NotebookFull(
            f"this notebook has {last} moments",
            allowed=f"at most {MAX_ENTRIES}; remove one first",
        )
    made = NotebookEntry.objects.create(
        session=session,
        run=run,
        author=by,
        author_name=by.get_username(),
        text=text,
        position=last + 1,
        **asdict(kept),
    )
    session_touch(session)
    return made


def entry_edit(*, entry: NotebookEntry, text: str) -> NotebookEntry:
    """Change the text; the moment stays."""
    entry.text = text
    entry.save(update_fields=["text", "updated_at"])
    session_touch(entry.session)
    return entry


@transaction.atomic
def entry_move(*, entry: NotebookEntry, position: int) -> NotebookEntry:
    """Put an entry at a place, 1 the first; the others close up. A place beyond the end
    is the end."""
    _locked(entry.session)
    own = NotebookEntry.objects.filter(session_id=entry.session_id)
    entry.refresh_from_db(fields=["position"])
    wanted = max(1, min(position, own.count()))
    if wanted > entry.position:
        between = own.filter(position__gt=entry.position, position__lte=wanted)
        between.update(position=F("position") - 1)
    else:
        between = own.filter(position__lt=entry.position, position__gte=wanted)
        between.update(position=F("position") + 1)
    own.filter(pk=entry.pk).update(position=wanted)
    entry.position = wanted
    session_touch(entry.session)
    return entry


@transaction.atomic
def entry_remove(*, entry: NotebookEntry) -> None:
    """Take an entry out; the others close up."""
    _locked(entry.session)
    entry.refresh_from_db(fields=["position"])
    later = NotebookEntry.objects.filter(
        session_id=entry.session_id, position__gt=entry.position
    )
    entry.delete()
    later.update(position=F("position") - 1)
    session_touch(entry.session)
