"""Memory of the moment, for the page's script to swap in, or as part of the page."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions_app.earlier import Earlier, earlier_moments
from sessions_app.errors import BadFilter, JobFailed
from sessions_app.memory import MemoryPane, memory_pane
from sessions_app.models import Run
from sessions_app.notes import noted_parts, notes_between, session_notes
from sessions_app.permissions import numbered_run
from sessions_app.selectors import (
    event_record,
    hit_by_number,
    snapshot_at,
    snapshots_between,
)
from sessions_app.trace import Record, Snapshot
from sessions_app.views.pages import wants_fragment, whole_number


def _moment(request: HttpRequest, run: Run) -> Record:
    """The event that the address names. Raises Http404."""
    hit = whole_number(request.GET.get("hit"))
    seq = whole_number(request.GET.get("event"))
    record = hit_by_number(run, hit) if hit else event_record(run, seq) if seq else None
    if record is None:
        raise Http404("no such moment")
    return record


def _registers(run: Run, record: Record) -> Snapshot | None:
    """As the hit found them; of other events the latest before."""
    own = snapshots_between(run, record.seq, record.seq)
    return own[0] if own else snapshot_at(run, record)


@require_safe
def memory(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """256 bytes at a place, as of a hit or an event."""
    access, run = numbered_run(request, session_id, number)
    record = _moment(request, run)
    hit = whole_number(request.GET.get("hit"))
    choices = earlier_moments(run, record.seq, hit)
    wanted = request.GET.get("since", choices[0].key)
    since = next((c for c in choices if c.key == wanted), None)
    at = request.GET.get("at", "").strip() or f"{record.addr:#x}"
    pane, problem = _read(run, record, at, since)
    notes = notes_between(session_notes(access.session), run, record.seq, record.seq)
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "pane": pane,
        "problem": problem,
        "at": at,
        "hit": hit,
        "event": record.seq,
        "choices": choices,
        "since": since,
        "noted": noted_parts([note.part for note in notes]).bytes,
        "place_query": f"run={run.number}&"
        + (f"hit={hit}" if hit else f"event={record.seq}"),
    }
    name = "_memory" if wants_fragment(request) else "memory"
    return render(request, f"sessions/{name}.html", context)


def _read(
    run: Run, record: Record, at: str, since: Earlier | None
) -> tuple[MemoryPane | None, str]:
    try:
        pane = memory_pane(
            run,
            record.seq,
            _registers(run, record),
            task=record.task,
            at=at,
            since=None if since is None else since.seq,
        )
    except (BadFilter, JobFailed) as error:
        return None, str(error)
    return pane, ""
