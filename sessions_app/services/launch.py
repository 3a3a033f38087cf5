"""From a program or a scenario to a session with its runs queued; or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app import runner
from sessions_app.models import DebugSession, Image, Run
from sessions_app.services.images import image_keep
from sessions_app.services.recipes import Builder, recipe_build, recipe_store
from sessions_app.services.runs import run_create
from sessions_app.services.sessions import session_create


@dataclass(frozen=True, slots=True)
class Launch:
    """Whose session, its title, what runs, what the run is called, and whether it waits
    for a debugger."""

    owner: User
    title: str
    recipe: Builder
    label: str = ""
    hold: bool = False


@transaction.atomic
def launch_program(launch: Launch) -> DebugSession:
    """A session of an image that is kept with it; of a refused recipe nothing stays."""
    image = image_keep(launch.recipe.image, by=launch.owner)
    stored = recipe_store(recipe_build(replace(launch.recipe, image=image)))
    session = session_create(owner=launch.owner, title=launch.title)
    run_create(session=session, recipe=stored, label=launch.label, hold=launch.hold)
    return session


@transaction.atomic
def launch_scenario(
    *,
    owner: User,
    scenario: runner.Scenario,
    versions: Sequence[runner.ScenarioVersion] = (),
    variant: str | None = None,
    hold: bool = False,
) -> DebugSession:
    """A session of a shipped scenario with one run for each version, or with one of the
    scenario's own recipe, on another kernel if it is wished. Its images are bundled and
    need no assembler. hold: wait for a debugger before the first instruction."""
    images_keep(scenario.images, name=scenario.slug)
    session = session_create(
        owner=owner,
        title=scenario.title,
        description=scenario.summary,
        scenario=scenario.slug,
    )
    if not versions:
        stored = recipe_store(scenario.recipe)
        if variant is not None:
            stored = recipe_store(runner.recipe_on(stored.body, variant, {}))
        run_create(session=session, recipe=stored, hold=hold)
    for version in versions:
        stored = recipe_store(version.recipe)
        run_create(session=session, recipe=stored, label=version.label, hold=hold)
    return session


@transaction.atomic
def run_fork(
    *,
    run: Run,
    base: str,
    changes: Mapping[str, Any],
    label: str,
    by: User | None = None,
) -> Run:
    """The same recipe on another kernel, as the next run of the session.

    Raises InvalidRecipe where that kernel cannot do what the recipe asks.
    """
    stored = recipe_store(runner.recipe_on(run.recipe.body, base, changes))
    return run_create(session=run.session, recipe=stored, by=by, label=label)


def images_keep(images: Iterable[runner.ScenarioImage], *, name: str) -> None:
    """Keep bundled images; what is kept already stays as it is."""
    for image in images:
        Image.objects.get_or_create(
            pk=image.sha256,
            defaults={
                "data": image.data,
                "size": len(image.data),
                "kind": image.format,
                "name": name,
                "source": image.source,
                "symbols": image.symbols,
            },
        )
