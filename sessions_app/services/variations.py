"""A run's recipe with one thing changed, as the next run of its session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app.models import Run
from sessions_app.services.recipes import Watch, breakpoint_json, recipe_store
from sessions_app.services.runs import run_create

#: What of limits may be changed by itself; the seed stands in the schedule.
LIMITS = ("instructions", "events", "wall_ms")
_LONGEST_LABEL = 200


def with_breakpoint(body: str, watch: Watch) -> dict[str, Any]:
    """The recipe with one more breakpoint at the end.

    It is a task's where perf asks for one or a tracer sets it: of the task on the CPU that
    the watch names, else of the first; a tracer's task becomes traced.
    """
    recipe: dict[str, Any] = json.loads(body)
    tasks = recipe.get("tasks") or []
    task = _task_on(tasks, watch.cpu)
    if watch.owner == "ptrace" and task:
        task["traced"] = True
    wide = recipe["machine"]["cpus"] > 1 or task.get("mode") != "user"
    made = breakpoint_json(watch, wide, task.get("name", ""))
    recipe["breakpoints"] = [*recipe.get("breakpoints", []), made]
    return recipe


def _task_on(tasks: list[dict[str, Any]], cpu: int | None) -> dict[str, Any]:
    there = [task for task in tasks if task.get("cpu") == cpu]
    return next(iter(there or tasks), {})


def with_settings(body: str, changes: Mapping[str, int]) -> dict[str, Any]:
    """The recipe with another seed and other limits: ``seed`` and names of LIMITS."""
    recipe: dict[str, Any] = json.loads(body)
    for name, value in changes.items():
        part = "schedule" if name == "seed" else "limits"
        recipe[part] = {**recipe.get(part, {}), name: value}
    return recipe


def settings_of(body: str) -> dict[str, int]:
    """What of a recipe with_settings changes."""
    recipe = json.loads(body)
    limits = {name: int(recipe["limits"][name]) for name in LIMITS}
    return {"seed": int(recipe["schedule"]["seed"]), **limits}


def breakpoint_label(watch: Watch) -> str:
    """Why there is this run, in its list."""
    return f"one more breakpoint: {watch.type} at {watch.at}"


def settings_label(changes: Mapping[str, int]) -> str:
    """The same for with_settings."""
    said = [f"{name.replace('_', ' ')} {value}" for name, value in changes.items()]
    return ", ".join(said)


@transaction.atomic
def run_vary(*, run: Run, recipe: object, label: str, by: User | None = None) -> Run:
    """Another recipe (JSON text or value) as the next run of the run's session.

    Raises InvalidRecipe or MissingImage naming the field at fault; then nothing is kept.
    """
    stored = recipe_store(recipe)
    label = label[:_LONGEST_LABEL]
    return run_create(session=run.session, recipe=stored, by=by, label=label)
