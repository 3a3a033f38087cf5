"""Put one question to all versions of a series."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sessions_app import runner
from sessions_app.errors import DomainError, VersionRefused
from sessions_app.forms.annotations import TrialForm
from sessions_app.permissions import own_review
from sessions_app.reviews.proof import run_at
from sessions_app.reviews.trials import standing_of
from sessions_app.services.trials import (
    Question,
    question_forget,
    recipe_question,
    scenario_question,
    trials_run,
)
from sessions_app.views.reviews import versions_of


@require_POST
def trial(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Run a scenario, or the recipe of a run, on the kernel of each version."""
    access = own_review(request, review_id)
    form = TrialForm(request.POST)
    back = redirect(f"{redirect('review', review_id).url}#trials")
    if not form.is_valid():
        messages.error(request, "Not run: choose a scenario or give a run's address.")
        return back
    given = form.cleaned_data
    if given["do"] == "forget":
        question_forget(review=access.review, key=given["question"])
        return back
    try:
        made = trials_run(
            review=access.review,
            question=_question(request, given["scenario"], given["address"]),
            standing=standing_of(request, versions_of(access.review)),
        )
    except DomainError as error:
        allowed = f"; allowed: {error.allowed}" if error.allowed else ""
        messages.error(request, f"Not run: {error}{allowed}.")
    else:
        words = f"{len(made)} runs are queued; reload for what comes of them."
        messages.success(request, words if made else "All of them have run already.")
    return back


def _question(request: HttpRequest, slug: str, address: str) -> Question:
    if address:
        return recipe_question(run_at(request, address))
    scenario = runner.scenario(slug)
    if scenario is None:
        raise VersionRefused(
            "no such scenario",
            field="scenario",
            value=slug,
            allowed="one of the library",
        )
    return scenario_question(scenario)
