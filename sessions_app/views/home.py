"""The home page: sessions with their live state, and the scenario library."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from sessions_app import runner
from sessions_app.models import DebugSession, Run
from sessions_app.permissions import person_of, sessions_of
from sessions_app.run_facts import run_facts
from sessions_app.views.pages import run_shape, run_words

_SHOWN = 100
_FAULTS = ("livelock", "guest_fault", "crashed")
_FOUND = {
    "completed": "ran to its end",
    "livelock": "no progress: the same #DB again and again, nothing retired",
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

    @property
    def shape(self) -> str:
        """The shape of the run's state."""
        return run_shape(self.run) if self.run else ""

    @property
    def words(self) -> str:
        """The run's state."""
        return run_words(self.run) if self.run else ""

    @property
    def fault(self) -> bool:
        """Whether the outcome deviates."""
        return self.run is not None and self.run.outcome in _FAULTS

    @property
    def found(self) -> str:
        """What the run came to."""
        if self.run is None or not self.run.is_over:
            return ""
        if self.run.detail:
            return str(self.run.detail)
        return _FOUND.get(self.run.outcome, str(self.run.outcome).replace("_", " "))

    @property
    def changed(self) -> str:
        """How long ago, in one unit."""
        age = timesince(self.session.updated_at, timezone.now(), depth=1)
        return "now" if age.startswith("0") else age


def session_rows(user: User) -> list[SessionRow]:
    """The sessions of a person, the one that changed last on top."""
    latest = Run.objects.filter(session=OuterRef("pk")).order_by("-number")
    sessions = list(
        sessions_of(user)
        .annotate(latest=Subquery(latest.values("pk")[:1]))
        .order_by("-updated_at")[:_SHOWN]
    )
    runs = Run.objects.in_bulk([s.latest for s in sessions if s.latest])
    return [_row(session, runs.get(session.latest)) for session in sessions]


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
    rows = session_rows(person_of(request))
    context = {
        "page": "home",
        "rows": rows,
        "summary": _summary(rows),
        "live": sum(1 for row in rows if row.run and not row.run.is_over),
    }
    if request.GET.get("rows"):
        return render(request, "sessions/_table.html", context)
    context["scenarios"] = runner.scenarios()
    return render(request, "sessions/home.html", context)
