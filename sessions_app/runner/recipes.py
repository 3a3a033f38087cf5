"""Recipes as the web takes them: parsed, resolved against their images, canonical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.errors import RecipeError
from emulator.recipe import (
    BreakpointType,
    ImageFormat,
    Owner,
    Recipe,
    bind_condition,
    derive,
    parse,
    resolve,
)
from emulator.recipe.symbols import check_alignment
from sessions_app.errors import InvalidRecipe, MissingImage
from sessions_app.models import Image, StoredRecipe
from sessions_app.runner.execute import Job


@dataclass(frozen=True, slots=True)
class CheckedRecipe:
    """A recipe that can be queued: its id and its canonical JSON."""

    id: str
    body: str


def check_recipe(source: Any) -> CheckedRecipe:
    """Everything that can be known without running.

    Raises InvalidRecipe or MissingImage, naming the field at fault.
    """
    try:
        recipe = parse(source)
        _check_places(recipe, _tables(recipe))
    except RecipeError as error:
        raise InvalidRecipe(error.detail, field=error.field) from error
    return CheckedRecipe(recipe.id, recipe.canonical.decode())


def recipe_on(body: str, base: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe on another kernel, with the processor that belongs to it.

    Raises InvalidRecipe, naming the field at fault.
    """
    try:
        return derive(parse(body), base, changes=changes or None).to_json()
    except RecipeError as error:
        raise InvalidRecipe(error.detail, field=error.field) from error


def recipe_job(stored: StoredRecipe) -> Job:
    """What the child needs to run a stored recipe. Raises MissingImage."""
    recipe = parse(stored.body)
    wanted = [ref.sha256 for ref in recipe.images]
    rows = Image.objects.filter(pk__in=wanted).values_list("pk", "data")
    images = {pk: bytes(data) for pk, data in rows}
    for index, sha256 in enumerate(wanted):
        if sha256 not in images:
            raise _missing(index, sha256)
    return Job(
        recipe=stored.body.encode(),
        images=images,
        memory=recipe.limits.memory,
        wall_ms=recipe.limits.wall_ms,
    )


def _missing(index: int, sha256: str) -> MissingImage:
    return MissingImage(
        "no image with this SHA-256 is stored",
        field=f"images[{index}].sha256",
        value=sha256,
        allowed="the sha256 of an image posted to /images/",
    )


def _tables(recipe: Recipe) -> dict[str, Mapping[str, int]]:
    """Symbols by image name."""
    stored = Image.objects.defer("data").in_bulk([i.sha256 for i in recipe.images])
    tables: dict[str, Mapping[str, int]] = {}
    for index, ref in enumerate(recipe.images):
        image = stored.get(ref.sha256)
        if image is None:
            raise _missing(index, ref.sha256)
        if ref.format is ImageFormat.flat:
            tables[ref.name] = ref.symbols
        else:
            tables[ref.name] = {n: int(a, 16) for n, a in image.symbols.items()}
    return tables


def _check_places(recipe: Recipe, tables: Mapping[str, Mapping[str, int]]) -> None:
    for index, task in enumerate(recipe.tasks):
        resolve(task.entry, tables[task.image], field=f"tasks[{index}].entry")
    every = {n: a for table in tables.values() for n, a in table.items()}
    for index, bp in enumerate(recipe.breakpoints):
        where = f"breakpoints[{index}].at"
        address = resolve(bp.at, every, field=where)
        # The debugger's own set knows no alignment.
        if bp.type is not BreakpointType.execute and bp.owner is not Owner.kgdb:
            check_alignment(address, bp.length, field=where)
        if bp.condition is not None:
            where = f"breakpoints[{index}].condition"
            bind_condition(bp.condition, every, field=where)
