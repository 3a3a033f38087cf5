"""Two runs held side by side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from sessions_app import runner
from sessions_app.compared_pages import ComparedPage
from sessions_app.comparisons import compare_runs
from sessions_app.errors import NothingRecorded
from sessions_app.models import Run
from sessions_app.permissions import run_access
from sessions_app.run_facts import run_facts
from sessions_app.run_queue import queue_place
from sessions_app.views.pages import run_shape, run_words, whole_number


@require_safe
def compare(request: HttpRequest, left_id: UUID, right_id: UUID) -> HttpResponse:
    """The page; ?at= names the difference, ?open= the row where a fold is open."""
    left_access, left = run_access(request, left_id)
    right_access, right = run_access(request, right_id)
    if "wait" in request.GET and left.is_over and right.is_over:
        return redirect("compare", left_id, right_id)
    context: dict[str, Any] = {
        "accesses": (left_access, right_access),
        "session": left_access.session,
        "runs": (left, right),
        "swapped": reverse("compare", args=[right_id, left_id]),
    }
    if "wait" in request.GET:
        context["sides"] = [_waiting(left, "A"), _waiting(right, "B")]
        return _answer(request, context, template="sessions/compare_wait.html")
    try:
        comparison = compare_runs(left, right)
    except NothingRecorded as error:
        context["problem"] = str(error)
        return _answer(request, context, status=409)
    page = ComparedPage(
        comparison,
        whole_number(request.GET.get("at")) or 1,
        _row(request),
        request.GET.get("lines") == "all",
    )
    for side in page.sides:
        side.words, side.shape = run_words(side.run), run_shape(side.run)
    context |= {"page": page, "swapped": f"{context['swapped']}{_same_place(page)}"}
    return _answer(request, context)


def _waiting(run: Run, letter: str) -> dict[str, Any]:
    """A run that is waited for, and what its scenario says must come of it."""
    scenario = runner.scenario(run.session.scenario)
    versions = scenario.versions if scenario else ()
    return {
        "letter": letter,
        "run": run,
        "words": run_words(run, queue_place(run)),
        "shape": run_shape(run),
        "variant": run_facts(run).variant,
        "version": next((v for v in versions if v.recipe_id == run.recipe_id), None),
    }


def _answer(
    request: HttpRequest,
    context: dict[str, Any],
    status: int = 200,
    template: str = "sessions/compare.html",
) -> HttpResponse:
    response = render(request, template, context, status=status)
    sessions = [access.session for access in context["accesses"]]
    if any(s.visibility != s.Visibility.PUBLIC for s in sessions):
        response["X-Robots-Tag"] = "noindex"
    return response


def _row(request: HttpRequest) -> int | None:
    text = request.GET.get("open")
    return 0 if text == "0" else whole_number(text)


def _same_place(page: ComparedPage) -> str:
    return f"?{urlencode({'at': page.number})}" if page.number > 1 else ""
