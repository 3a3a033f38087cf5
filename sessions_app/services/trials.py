"""The same question put to the kernels that stand for the versions of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from sessions_app import runner
from sessions_app.errors import DomainError, VersionRefused
from sessions_app.models import DebugSession, Review, Run, StoredRecipe, Trial
from sessions_app.services.launch import images_keep
from sessions_app.services.recipes import recipe_store
from sessions_app.services.runs import run_create
from sessions_app.services.sessions import session_create

#: Runs that one review may ask for.
MAX_TRIALS = 400
_TITLE = 200
_LABEL = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each version: a recipe, whose kernel is replaced."""

    key: str
    """``scenario:slug`` or ``recipe:`` and its hash."""
    title: str
    recipe: StoredRecipe


@dataclass(frozen=True, slots=True)
class Standing:
    """A version and the kernel that stands for it."""

    version: int
    variant: str
    """As SeriesVersion.variant has it."""
    title: str
    base: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def scenario_question(scenario: runner.Scenario) -> Question:
    """A shipped scenario, its own recipe."""
    images_keep(scenario.images, name=scenario.slug)
    stored = recipe_store(scenario.recipe)
    return Question(f"scenario:{scenario.slug}", scenario.title, stored)


def recipe_question(run: Run) -> Question:
    """The recipe of a run, whatever kernel it ran on."""
    title = run.label or f"{run.session.title}, run {run.number}"
    return Question(f"recipe:{run.recipe_id}", title, run.recipe)


@transaction.atomic
def trials_run(
    *, review: Review, question: Question, standing: Sequence[Standing]
) -> list[Trial]:
    """Queue a run for each version that has none of that recipe on that kernel yet, in the
    session where the review's evidence is recorded; those that are new. Raises
    VersionRefused or InvalidRecipe: a kernel that cannot do what is asked, by its version;
    then nothing is queued."""
    if not standing:
        raise VersionRefused(
            "no kernel stands for a version",
            field="versions",
            value=None,
            allowed="versions that a kernel was said to stand for",
        )
    held = Review.objects.select_for_update().get(pk=review.pk)
    wanted = [(each, _recipe(question, each)) for each in standing]
    missing = [(s, recipe) for s, recipe in wanted if not _has_run(held, s, recipe)]
    if held.trials.count() + len(missing) > MAX_TRIALS:
        raise VersionRefused(
            "this review has asked for many runs already",
            field="versions",
            value=len(missing),
            allowed=f"at most {MAX_TRIALS} runs of a review",
        )
    session = _session(held) if missing else None
    return [
        _trial(held, session, question, each, recipe)
        for each, recipe in missing
        if session is not None
    ]


def _recipe(question: Question, standing: Standing) -> StoredRecipe:
    try:
        body = runner.recipe_on(
            question.recipe.body, standing.base, dict(standing.changes)
        )
        return recipe_store(body)
    except DomainError as error:
        raise VersionRefused(
            f"v{standing.version}, {standing.title}: {error.detail}",
            field=error.field or "versions",
            value=standing.version,
            allowed=error.allowed,
        ) from error


def _has_run(review: Review, standing: Standing, recipe: StoredRecipe) -> bool:
    own = review.trials.filter(version=standing.version, run__recipe=recipe)
    return own.filter(run__deleted_at=None).exists()


def _session(review: Review) -> DebugSession:
    """Where the review's evidence is recorded; a new one where that was deleted."""
    found = DebugSession.objects.filter(reviews=review).first()
    if found is not None and found.owner_id == review.owner_id:
        return found
    made = session_create(
        owner=review.owner,
        title=f"Evidence: {review.title}"[:_TITLE],
        description="Runs that a review asked for, one for each version of the series.",
    )
    Review.objects.filter(pk=review.pk).update(session=made)
    return made


def _trial(
    review: Review,
    session: DebugSession,
    question: Question,
    standing: Standing,
    recipe: StoredRecipe,
) -> Trial:
    label = f"v{standing.version}: {question.title}, on {standing.title}"
    run = run_create(session=session, recipe=recipe, label=label[:_LABEL])
    return Trial.objects.create(
        review=review,
        version=standing.version,
        question=question.key,
        title=question.title[:300],
        variant=standing.variant,
        recipe=question.recipe,
        run=run,
    )


@transaction.atomic
def question_forget(*, review: Review, key: str) -> int:
    """Show a question no more; its runs stay in their session. How many there were."""
    return review.trials.filter(question=key).delete()[0]
