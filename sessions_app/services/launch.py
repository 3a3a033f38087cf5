"""From a program or a scenario to a session with its first run queued; or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app import runner
from sessions_app.models import DebugSession, Image
from sessions_app.services.images import image_keep
from sessions_app.services.recipes import Builder, recipe_build, recipe_store
from sessions_app.services.runs import run_create
from sessions_app.services.sessions import session_create


@dataclass(frozen=True, slots=True)
class Launch:
    """Whose session, its title, what runs."""

    owner: User
    title: str
    recipe: Builder


@transaction.atomic
def launch_program(launch: Launch) -> DebugSession:
    """A session of an image that is kept with it; of a refused recipe nothing stays."""
    image = image_keep(launch.recipe.image)
    stored = recipe_store(recipe_build(replace(launch.recipe, image=image)))
    session = session_create(owner=launch.owner, title=launch.title)
    run_create(session=session, recipe=stored)
    return session


@transaction.atomic
def launch_scenario(*, owner: User, scenario: runner.Scenario) -> DebugSession:
    """A session of a shipped scenario; its images are bundled and need no assembler."""
    for image in scenario.images:
        Image.objects.get_or_create(
            pk=image.sha256,
            defaults={
                "data": image.data,
                "size": len(image.data),
                "kind": image.format,
                "name": scenario.slug,
                "source": image.source,
                "symbols": image.symbols,
            },
        )
    stored = recipe_store(scenario.recipe)
    session = session_create(
        owner=owner,
        title=scenario.title,
        description=scenario.summary,
        scenario=scenario.slug,
    )
    run_create(session=session, recipe=stored)
    return session
