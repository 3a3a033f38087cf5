"""What several pages share: a fragment or a page, and states in words."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from sessions_app.models import Run

#: Outcomes whose name is no word for people; static/js/run_state.js says the same.
_OUTCOMES = {"restops": "stops for ever"}
#: Outcomes of a run that went nowhere.
_STUCK = ("livelock", "restops")


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asked for a box of the page only."""
    return request.headers.get("X-Fragment") == "1"


def whole_number(text: str | None) -> int | None:
    """A positive number from a query string; anything else is no number."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text) or None


def wait_url(left: Run, right: Run) -> str:
    """The comparison of two runs, as soon as both have ended."""
    return f"{reverse('compare', args=[left.pk, right.pk])}?wait=1"


def run_words(run: Run, place: int | None = None) -> str:
    """The state beside its shape: a named outcome says more than ``finished``, and a
    place in the queue more than ``queued``."""
    if place is not None:
        return f"queued, place {place}"
    if run.parked_at is not None:
        return "parked"
    outcome = run.outcome or ""
    if outcome and outcome not in ("completed", run.state):
        return _OUTCOMES.get(outcome, outcome.replace("_", " "))
    return str(run.state)


def run_shape(run: Run) -> str:
    """Which shape the state is drawn with."""
    if run.outcome in _STUCK:
        return "livelock"
    return "finished" if run.state == "cancelled" else str(run.state)
