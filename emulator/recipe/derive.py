"""Recipes made from recipes: the same on another kernel, or with fewer events."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.recipe.model import Recipe
from emulator.recipe.parse import parse
from emulator.variants import SwitchValue, variant_named

#: Profiles of the processor that belong to a variant (table.toml, `machine`).
_OF_VARIANTS = ("dr6_fixed_bits", "hypervisor")


def derive(
    recipe: Recipe,
    variant: str | None = None,
    events: int | None = None,
    *,
    changes: Mapping[str, SwitchValue] | None = None,
) -> Recipe:
    """The recipe on another variant, with all of its switches and its processor, or with
    other switches (changes), or with fewer events. Raises RecipeError.
    """
    value = recipe.to_json()
    if variant is not None:
        named = variant_named(variant, "variant.base")
        value["variant"] = {"base": named.id}
        profiles = value["machine"]["profiles"]
        for name in _OF_VARIANTS:
            profiles.pop(name, None)
        profiles.update(named.machine)
    if changes is not None:
        value["variant"]["set"] = dict(changes)
    if events is not None:
        value["limits"]["events"] = events
    return parse(value)
