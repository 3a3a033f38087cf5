"""From JSON to a valid Recipe: syntax, types, bounds, then the rules between fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emulator.errors import RecipeError
from emulator.recipe import bounds
from emulator.recipe.canonical import canonical_bytes, recipe_id
from emulator.recipe.fields import Fields, choice, integer
from emulator.recipe.model import Checks, Recipe
from emulator.recipe.rules import check_rules
from emulator.recipe.script import script
from emulator.recipe.sections import (
    breakpoints,
    checks,
    document_of,
    images,
    kgdb,
    limits,
    machine,
    notifiers,
    schedule,
    tasks,
    variant,
)

SCHEMA_PATH = Path(__file__).parent.parent / "recipe.schema.json"
"""The JSON Schema (2020-12) of what parse accepts, as far as a schema can say it."""


def parse(source: bytes | str | dict[str, Any]) -> Recipe:
    """A Recipe from JSON text or from a JSON value.

    Fills in all defaults before the id is made. Raises RecipeError, with the path of
    the field at fault.
    """
    value = _loads(source) if isinstance(source, (bytes, str)) else source
    root = Fields(value, "")
    root.take("format", _format)
    chosen = root.take("variant", variant, {})
    parts: dict[str, Any] = {
        "machine": root.take("machine", lambda v, p: machine(v, p, chosen)),
        "images": root.take("images", images),
        "tasks": root.take("tasks", tasks),
        "variant": chosen,
        "breakpoints": root.take("breakpoints", breakpoints, []),
        "notifiers": root.take("notifiers", notifiers, []),
        "kgdb": root.take("kgdb", kgdb, None),
        "script": root.take("script", script, []),
        "checks": root.take("checks", checks, {}),
        "schedule": root.take("schedule", schedule, {}),
        "limits": root.take("limits", limits),
    }
    root.close()
    document = {"format": bounds.FORMAT, **document_of(_stated(parts))}
    canonical = canonical_bytes(document)
    if len(canonical) > bounds.MAX_RECIPE_BYTES:
        raise _too_long(len(canonical))
    recipe = Recipe(
        **parts, canonical=canonical, id=recipe_id(canonical), document=document
    )
    check_rules(recipe)
    return recipe


def _stated(parts: dict[str, Any]) -> dict[str, Any]:
    """Without the sections that came later and are as they were before they came."""
    plain = {"notifiers": (), "kgdb": None, "script": (), "checks": Checks()}
    return {k: v for k, v in parts.items() if k not in plain or v != plain[k]}


def _format(value: object, path: str) -> int:
    number = integer(0, bounds.MAX_SEED)(value, path)
    checked: int = choice(bounds.FORMAT)(number, path)
    return checked


def _loads(source: bytes | str) -> object:
    if len(source) > bounds.MAX_RECIPE_BYTES:
        raise _too_long(len(source))
    try:
        text = source.decode("utf-8") if isinstance(source, bytes) else source
        return json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise RecipeError(f"the recipe is no UTF-8: {error.reason}") from error
    except json.JSONDecodeError as error:
        raise RecipeError(
            f"the recipe is no JSON: {error.msg} at line {error.lineno} "
            f"column {error.colno}"
        ) from error
    except (RecursionError, ValueError) as error:
        # ValueError: a number of thousands of digits; RecursionError: nested lists.
        raise RecipeError("the recipe is no JSON that can be read") from error


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RecipeError("stands twice in one object", field=twice[:80])
    return value


def _no_constant(name: str) -> object:
    raise RecipeError(f"{name} is no JSON number")


def _too_long(size: int) -> RecipeError:
    return RecipeError(
        f"the recipe has {size} bytes; allowed: at most {bounds.MAX_RECIPE_BYTES}"
    )
