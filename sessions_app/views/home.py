"""The home page: sessions with their live state, and the scenario library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from sessions_app import runner, trace
from sessions_app.models import DebugSession, Run
from sessions_app.permissions import person_of, public_sessions, sessions_of
from sessions_app.run_facts import run_facts
from sessions_app.run_queue import queue_places
from sessions_app.services.deletion import deleted_sessions
from sessions_app.views.pages import run_shape, run_words

_SHOWN = 100
_DELETED = 20
_FAULTS = ("livelock", "restops", "guest_fault", "crashed")
_FOUND = {
    "completed": "ran to its end",
    "livelock": "no progress: the same #DB again and again, nothing retired",
    "restops": "no progress: the debugger stops in one place again and again",
    "guest_fault": "the program faulted",
    "limit_reached": "a limit of the recipe ended it",
    "wall_limit": "the wall-clock limit ended it",
    "deadlock": "every CPU waits for ever",
}


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its latest run, in words."""

    session: DebugSession
    run: Run | None
    variant: str
    limit: int
    mine: bool = True
    """Whether the person who looks owns it."""
    place: int | None = None
    """Of its run in the queue."""

    @property
    def shape(self) -> str:
        """The shape of the run's state."""
        return run_shape(self.run) if self.run else ""

    @property
    def words(self) -> str:
        """The run's state."""
        return run_words(self.run, self.place) if self.run else ""

    @property
    def fault(self) -> bool:
        """Whether the outcome deviates."""
        run = self.run
        return run is not None and bool(run.outcome in _FAULTS or run.violations)

    @property
    def found(self) -> str:
        """What the run came to."""
        if self.run is None or not self.run.is_over:
            return ""
        said = self.run.detail or _FOUND.get(
            self.run.outcome, str(self.run.outcome).replace("_", " ")
        )
        broken = [trace.broken_in_words(v["name"]) for v in self.run.violations or ()]
        return "; ".join([said, *broken])

    @property
    def changed(self) -> str:
        """How long ago, in one unit."""
        age = timesince(self.session.updated_at, timezone.now(), depth=1)
        return "now" if age.startswith("0") else age


def session_rows(user: User, found: QuerySet[DebugSession]) -> list[SessionRow]:
    """Sessions that a person may read, the one that changed last on top."""
    latest = Run.objects.filter(session=OuterRef("pk")).order_by("-number")
    # QuerySet[Any]: an annotation is no field of the model.
    annotated: QuerySet[Any] = found.annotate(latest=Subquery(latest.values("pk")[:1]))
    sessions = list(annotated.order_by("-updated_at")[:_SHOWN])
    runs = Run.objects.in_bulk([s.latest for s in sessions if s.latest])
    wait = any(run.state == Run.State.QUEUED for run in runs.values())
    places = queue_places() if wait else {}
    rows = [_row(session, runs.get(session.latest)) for session in sessions]
    return [
        replace(
            row,
            mine=row.session.owner_id == user.pk,
            place=places.get(row.run.pk) if row.run else None,
        )
        for row in rows
    ]


def _row(session: DebugSession, run: Run | None) -> SessionRow:
    if run is None:
        return SessionRow(session, None, "", 0)
    facts = run_facts(run)
    return SessionRow(session, run, facts.variant, int(facts.limits["events"]))


def _summary(rows: list[SessionRow]) -> str:
    states = [row.run.state for row in rows if row.run]
    parts = [
        f"{states.count(state)} {state}"
        for state in ("running", "queued", "paused")
        if state in states
    ]
    return ", ".join(parts) or "nothing runs"


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sessions and library; with ?rows=1 only the table, for the page's own refresh."""
    person = person_of(request)
    rows = session_rows(person, sessions_of(person))
    context = {
        "page": "home",
        "rows": rows,
        "summary": _summary(rows),
        "live": sum(1 for row in rows if row.run and not row.run.is_over),
    }
    if request.GET.get("rows"):
        return render(request, "sessions/_table.html", context)
    context["public"] = session_rows(person, public_sessions(person))
    context["deleted"] = deleted_sessions(person)[:_DELETED]
    context["undo_days"] = settings.UNDO_DAYS
    context["leading"] = [s for s in runner.scenarios() if s.lead]
    context["scenarios"] = [s for s in runner.scenarios() if not s.lead]
    return render(request, "sessions/home.html", context)
