"""What several pages share: a fragment or a page, and states in words."""

from __future__ import annotations

from django.http import HttpRequest

from sessions_app.models import Run


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asked for a box of the page only."""
    return request.headers.get("X-Fragment") == "1"


def whole_number(text: str | None) -> int | None:
    """A positive number from a query string; anything else is no number."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text) or None


def run_words(run: Run) -> str:
    """The state beside its shape: a named outcome says more than ``finished``."""
    outcome = run.outcome or ""
    if outcome and outcome not in ("completed", run.state):
        return outcome.replace("_", " ")
    return str(run.state)


def run_shape(run: Run) -> str:
    """Which shape the state is drawn with."""
    if run.outcome == "livelock":
        return "livelock"
    return "finished" if run.state == "cancelled" else str(run.state)
