"""The scenario library: what each teaches, its versions, and the clicks that run them."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sessions_app import runner
from sessions_app.errors import DomainError
from sessions_app.models import DebugSession
from sessions_app.permissions import person_of
from sessions_app.services.launch import launch_scenario
from sessions_app.views.pages import wait_url


def _scenario(slug: str) -> runner.Scenario:
    found = runner.scenario(slug)
    if found is None:
        raise Http404("no such scenario")
    return found


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """The list stands on the home page."""
    return redirect(f"{reverse('home')}#library")


@login_required
@require_safe
def scenario_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """What it teaches and what can be run."""
    context = {"page": "scenarios", "scenario": _scenario(slug)}
    return render(request, "scenarios/detail.html", context)


@login_required
@require_POST
def scenario_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Run the scenario, or the version that was asked for, in a session of its own."""
    scenario = _scenario(slug)
    number = request.POST.get("version")
    chosen = [v for v in scenario.versions if str(v.index) == number]
    if number is not None and not chosen:
        raise Http404("no such version")
    session = _launched(request, scenario, chosen)
    return redirect("session", session.pk) if session else _back(scenario)


@login_required
@require_POST
def scenario_compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Run both sides of the story in one session and go to where they are compared."""
    scenario = _scenario(slug)
    if scenario.pair is None:
        raise Http404("no such story")
    session = _launched(request, scenario, scenario.pair)
    if session is None:
        return _back(scenario)
    left, right = session.runs.order_by("number")
    return redirect(wait_url(left, right))


def _launched(
    request: HttpRequest,
    scenario: runner.Scenario,
    versions: Sequence[runner.ScenarioVersion],
) -> DebugSession | None:
    try:
        return launch_scenario(
            owner=person_of(request), scenario=scenario, versions=versions
        )
    except DomainError as error:
        messages.error(request, str(error))
        return None


def _back(scenario: runner.Scenario) -> HttpResponse:
    return redirect("scenario", scenario.slug)
